package event_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/shared/event"
)

// contracts gives the compiled schemas by event type.
var contracts = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	names, err := fs.Glob(samples.FS, "contracts/*.schema.json")
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schemas := map[string]*jsonschema.Schema{}
	for _, name := range names {
		text, err := samples.FS.ReadFile(name)
		if err != nil {
			return nil, err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if err := compiler.AddResource(name, document); err != nil {
			return nil, err
		}
		if schemas[strings.TrimSuffix(path.Base(name), ".v1.schema.json")], err = compiler.Compile(name); err != nil {
			return nil, err
		}
	}
	return schemas, nil
})

func validate(t *testing.T, kind string, text []byte) error {
	t.Helper()
	schemas, err := contracts()
	if err != nil {
		t.Fatal(err)
	}
	if schemas[kind] == nil {
		t.Fatalf("no contract of %s", kind)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schemas[kind].Validate(document)
}

// conform holds events to their contracts, in EventBridge's envelope, and looks
// for what must not be in them.
func conform(t *testing.T, lists ...[]event.Event) {
	t.Helper()
	for _, events := range lists {
		for _, e := range events {
			detail, err := e.Detail()
			if err != nil {
				t.Fatal(err)
			}
			envelope, err := json.Marshal(map[string]any{
				"version": "0", "id": "1", "detail-type": e.Type, "source": event.Source, "time": e.Time,
				"detail": json.RawMessage(detail),
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, e.Type, envelope); err != nil {
				t.Errorf("%v\n%s", err, detail)
			}
			for _, personal := range []string{"CANARY", "Canary", "Zoe", numberA, "1980", "1931"} {
				if bytes.Contains(detail, []byte(personal)) {
					t.Errorf("something personal is told: %s", detail)
				}
			}
		}
	}
}

func TestContractsAndSamples(t *testing.T) {
	t.Parallel()
	kinds := []string{
		event.DeliveryCompleted, event.PersonLinked, event.PersonUnlinked, event.PersonMerged, event.PersonUnmerged,
		event.RecordChanged, event.ReviewOpened, event.ReviewDecided,
	}
	for _, kind := range kinds {
		text, err := samples.FS.ReadFile("contracts/" + kind + ".v1.json")
		if err != nil {
			t.Error(err)
			continue
		}
		if err := validate(t, kind, text); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	schemas, err := contracts()
	if err != nil || len(schemas) != len(kinds) {
		t.Errorf("%d contracts, %v", len(schemas), err)
	}
}

// Contracts that let everything through would hold for ever.
func TestContractsRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, kind, old, new string }{
		{"a personal member", event.PersonLinked, `"number": 1`, `"number": 1, "nhsNumber": "9434765919"`},
		{"an NHS number for an id", event.PersonLinked, "4q2v7x9c1b5n3z6m8d0f2g4h6j", numberA},
		{"another version", event.RecordChanged, `"version": 1`, `"version": 2`},
		{"another type", event.PersonUnlinked, `"detail-type": "person.unlinked"`, `"detail-type": "person.linked"`},
		{"an unknown status", event.DeliveryCompleted, `"status": "completed"`, `"status": "lost"`},
		{"a negative count", event.DeliveryCompleted, `"held": 1`, `"held": -1`},
		{"no time", event.DeliveryCompleted, `"received": "2026-11-23T15:00:00Z"`, `"received": "today"`},
		{"a file's name", event.DeliveryCompleted, `"feed": "patients"`, `"feed": "patients", "file": "x"`},
		{"a link by the rules without its delivery", event.PersonLinked, ",\n      \"delivery\": \"01KAS3R8F0Z6M4Q2V7X9C1B5N3\"", ""},
		{"a merge into nobody", event.PersonMerged, `"survivor"`, `"into"`},
		{"why a human decided", event.ReviewDecided, `"answer": "same"`, `"answer": "same", "reason": "Canary"`},
		{"who decided", event.ReviewDecided, `"answer": "same"`, `"answer": "same", "by": "555021935107"`},
		{"a decision without its answer", event.ReviewDecided, `"answer": "same",`, ``},
		{"an answer of nobody", event.ReviewDecided, `"state": "decided"`, `"state": "closed"`},
		{"an answer that settles nothing", event.ReviewDecided, `"answer": "same"`, `"answer": "wait"`},
		{"a review of an unknown kind", event.ReviewOpened, `"kind": "possible"`, `"kind": "other"`},
		{"a review that is decided already", event.ReviewOpened, `"state": "open"`, `"state": "decided"`},
		{"another source", event.RecordChanged, `"source": "carerecord"`, `"source": "other"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text, err := samples.FS.ReadFile("contracts/" + c.kind + ".v1.json")
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(text), c.old, c.new, 1)
			if changed == string(text) {
				t.Fatal("the sample has changed")
			}
			if validate(t, c.kind, []byte(changed)) == nil {
				t.Error("taken")
			}
		})
	}
}
