package restapi_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/version"
)

// TestTheVerifiedNHSNumberLeads: the newest source is not always the best
// witness of the number, and another number stays visible.
func TestTheVerifiedNHSNumberLeads(t *testing.T) {
	t.Parallel()
	source := func(key, number, status string, age time.Duration) index.SourcePatient {
		return index.SourcePatient{
			Key: key, Organisation: "RXX", System: "a|b:c", Value: key, At: version.Instant{Time: now.Add(-age)},
			Details: demographics.Details{NHSNumber: number, NHSStatus: status},
		}
	}
	r := newRegion(t)
	r.persons[person] = index.Person{ID: person, Sources: []index.SourcePatient{
		source("k1", "9000000009", "", 1*time.Hour),
		source("k2", "9000000025", "02", 2*time.Hour),
		source("k3", number, "01", 3*time.Hour),
		source("k4", "9000000025", "02", 4*time.Hour),
	}}
	var got struct {
		Identifier []struct{ System, Value string }
		Gender     string
	}
	check(t, json.Unmarshal(r.do(t, "GET", "/fhir/R4/Patient/"+person).Body.Bytes(), &got))
	var values []string
	for _, i := range got.Identifier {
		values = append(values, i.Value)
	}
	if diff := cmp.Diff([]string{number, "9000000025", "9000000009", "k1", "k2", "k3", "k4"}, values); diff != "" {
		t.Errorf("identifiers (-want +got):\n%s", diff)
	}
	if want := "urn:carerecord:patient:RXX:a%7Cb:c"; got.Identifier[3].System != want || got.Gender != "unknown" {
		t.Errorf("system %q, gender %q; want %q, unknown", got.Identifier[3].System, got.Gender, want)
	}
}

// TestOnlyOurCursors: a cursor has one spelling, so that a link can be compared.
func TestOnlyOurCursors(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for text, status := range map[string]int{
		`{"p":"` + person + `","s":"-","t":"Patient","i":"-"}`:              200,
		`{"p":"` + person + `","s":"-", "t":"Patient","i":"-"}`:             400,
		`{"p":"` + person + `","s":"-","t":"Patient","i":"-","x":1}`:        400,
		`{"p":"` + person + `","s":"-","t":"Nonsense","i":"-"}`:             400,
		`{"p":"` + person + `","s":"","t":"Patient","i":"-"}`:               400,
		`{"p":"` + person + `","s":"-","t":"Patient","i":"../x"}`:           400,
		`{"p":"` + person + `","s":"-","t":"Patient","i":"-"}{"s":"second"`: 400,
	} {
		w := r.do(t, "GET", everything+"?_page="+base64.RawURLEncoding.EncodeToString([]byte(text)))
		if w.Code != status {
			t.Errorf("%s: status %d, want %d", text, w.Code, status)
		}
	}
}
