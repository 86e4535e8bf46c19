package notification_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit/notification"
	"github.com/carerecord/carerecord/shared/object"
)

// body gives the body of the only message of a sample.
func body(t testing.TB, name string) string {
	t.Helper()
	raw, err := samples.FS.ReadFile("triggers/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var batch events.SQSEvent
	if err := json.Unmarshal(raw, &batch); err != nil || len(batch.Records) != 1 {
		t.Fatalf("%s: %v", name, err)
	}
	return batch.Records[0].Body
}

// A key with blanks, a plus sign and a letter beyond ASCII comes out the same
// from both forms: S3 encodes it, EventBridge does not.
func TestSamples(t *testing.T) {
	t.Parallel()
	ref := object.Ref{Bucket: "carerecord-dev-drop", Key: "Z99901/patients/practice list + café.csv", Version: "096fKKXTRTtl3on89fVO.nfljtsv6qko"}
	for name, want := range map[string]notification.Notice{
		"receive-delivery.s3.json":          {Objects: []object.Ref{ref}},
		"receive-delivery.eventbridge.json": {Objects: []object.Ref{ref}},
		"receive-delivery.test-event.json":  {Test: true},
	} {
		got, err := notification.Parse(body(t, name))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func s3(event, bucket, key, version string) string {
	return `{"eventSource":"aws:s3","eventName":"` + event + `","s3":{"bucket":{"name":"` + bucket + `"},"object":{"key":"` + key + `","versionId":"` + version + `"}}}`
}

func records(list ...string) string { return `{"Records":[` + strings.Join(list, ",") + `]}` }

func bridge(kind, key string) string {
	return `{"source":"aws.s3","detail-type":"` + kind + `","detail":{"bucket":{"name":"drop"},"object":{"key":"` + key + `","version-id":"1"}}}`
}

func TestParse(t *testing.T) {
	t.Parallel()
	ref := func(key, version string) object.Ref { return object.Ref{Bucket: "drop", Key: key, Version: version} }
	for _, c := range []struct {
		name, body string
		want       notification.Notice
	}{
		{"plus sign for a blank", records(s3("ObjectCreated:Put", "drop", "RZZ/adt/a+b.hl7", "1")), notification.Notice{Objects: []object.Ref{ref("RZZ/adt/a b.hl7", "1")}}},
		{"an encoded plus sign", records(s3("ObjectCreated:Put", "drop", "RZZ/adt/a%2Bb.hl7", "1")), notification.Notice{Objects: []object.Ref{ref("RZZ/adt/a+b.hl7", "1")}}},
		{"Unicode and an encoded percent sign", records(s3("ObjectCreated:Put", "drop", "RZZ/adt/%E6%97%A5%25.hl7", "1")), notification.Notice{Objects: []object.Ref{ref("RZZ/adt/日%.hl7", "1")}}},
		{"EventBridge leaves plus and percent signs", bridge("Object Created", "RZZ/adt/a+b%20c.hl7"), notification.Notice{Objects: []object.Ref{ref("RZZ/adt/a+b%20c.hl7", "1")}}},
		{"two records", records(s3("ObjectCreated:Copy", "drop", "a", "1"), s3("s3:ObjectCreated:Post", "drop", "b", "2")), notification.Notice{Objects: []object.Ref{ref("a", "1"), ref("b", "2")}}},
		{"from before versioning", records(s3("ObjectCreated:Put", "drop", "a", "null")), notification.Notice{Objects: []object.Ref{ref("a", "")}}},
		{"a deletion", records(s3("ObjectRemoved:DeleteMarkerCreated", "drop", "a", "1")), notification.Notice{Skipped: []string{"ObjectRemoved"}}},
		{"a deletion by EventBridge", bridge("Object Deleted", "a"), notification.Notice{Skipped: []string{"Object Deleted"}}},
		{"an event of another kind", records(s3("Zoe", "drop", "a", "1")), notification.Notice{Skipped: []string{"unknown"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := notification.Parse(c.body)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// What is not understood is an error and not nothing to do, and its error does
// not quote it.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":                  "",
		"no JSON":                  "CANARY",
		"an empty object":          `{}`,
		"null":                     `null`,
		"no records":               records(),
		"another service":          `{"Records":[{"eventSource":"aws:sns","eventName":"ObjectCreated:Put"}]}`,
		"another source":           `{"source":"CANARY","detail-type":"Object Created","detail":{}}`,
		"no key":                   records(s3("ObjectCreated:Put", "drop", "", "1")),
		"no bucket":                records(s3("ObjectCreated:Put", "", "a", "1")),
		"a broken escape":          records(s3("ObjectCreated:Put", "drop", "CANARY%zz", "1")),
		"bytes that are no text":   records(s3("ObjectCreated:Put", "drop", "CANARY%ff", "1")),
		"EventBridge without key":  bridge("Object Created", ""),
		"records of another shape": `{"Records":"CANARY"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := notification.Parse(body)
			if !failure.Is(err, failure.Invalid) {
				t.Fatalf("%v, want invalid", err)
			}
			if strings.Contains(err.Error(), "CANARY") {
				t.Errorf("the error quotes the message: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(body(f, "receive-delivery.s3.json"))
	f.Add(body(f, "receive-delivery.eventbridge.json"))
	f.Add(body(f, "receive-delivery.test-event.json"))
	f.Add(records(s3("ObjectCreated:Put", "drop", "a%2", "1")))
	f.Fuzz(func(t *testing.T, message string) {
		n, err := notification.Parse(message)
		if err != nil {
			return
		}
		if !n.Test && len(n.Objects)+len(n.Skipped) == 0 {
			t.Error("a message was taken for nothing")
		}
		for _, ref := range n.Objects {
			if ref.Bucket == "" || ref.Key == "" {
				t.Errorf("an object without a name")
			}
		}
	})
}
