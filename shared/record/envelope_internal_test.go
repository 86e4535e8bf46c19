package record

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/version"
)

func sample() *content {
	return &content{
		At: version.Instant{Time: time.Unix(1588341961, 0).UTC(), Row: 3}, Hash: "h1", Date: "2020-05-01",
		Refs: []string{"Practitioner/p1"}, Origin: Origin{Organisation: "RX1", Feed: "lab", Delivery: "d1", Row: 3, Line: 9},
		resource: []byte("{\"resourceType\":\"Observation\"}\x00\xff"),
	}
}

func TestEnvelopeReturns(t *testing.T) {
	t.Parallel()
	later := version.Statement{At: version.Instant{Time: time.Unix(1600000000, 0).UTC()}, Hash: "h1", Delivery: "d2"}
	for name, history := range map[string]version.History{
		"its own statement": version.Of(sample().statement()),
		"a longer history":  version.Of(sample().statement(), later),
	} {
		body, err := sample().encodeCurrent(history)
		if err != nil {
			t.Fatal(err)
		}
		got, h, err := decode(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sample(), got, cmp.AllowUnexported(content{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !h.Equal(history) {
			t.Errorf("%s: history %v, want %v", name, h.Runs(), history.Runs())
		}
	}
}

func FuzzDecode(f *testing.F) {
	body, err := sample().encodeCurrent(version.Of(sample().statement()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte{envelopeVersion, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, body []byte) {
		c, _, err := decode(body)
		if err == nil && c.Parts == 0 && !bytes.HasSuffix(body, c.resource) {
			t.Fatal("the resource is not the end of the body")
		}
	})
}
