package runtimetest_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/resolution"
)

// outcome is what a sample event must come to in the shared region.
type outcome struct {
	answer string   // as JSON; "" where check says it
	failed string   // errorType
	codes  []string // logged
	check  func(t *testing.T, p *runtimetest.Process, payload []byte)
}

// outcomes by the name of the sample. The deliveries of the region have ended,
// so that every task finds its work done and changes nothing.
func outcomes() map[string]outcome {
	answers := world.delivered[0].answers
	quiet := []string{}
	known := outcome{answer: `{"batchItemFailures":[]}`, codes: []string{lambdakit.DeliveryKnown}}
	return map[string]outcome{
		"receive-delivery.s3":          known,
		"receive-delivery.eventbridge": known,
		"receive-delivery.test-event":  {answer: known.answer, codes: []string{lambdakit.NotificationTest}},
		"split-delivery":               {answer: answers["split-delivery"], codes: quiet},
		"match-patients":               {answer: `{"chunks":1}`, codes: quiet},
		"load-entries":                 {answer: `{"chunks":1}`, codes: quiet},
		"report-delivery":              {answer: answers["report-delivery"], codes: []string{lambdakit.DeliveryEnded}},
		"quarantine-delivery":          {answer: answers["report-delivery"], codes: []string{lambdakit.DeliveryEnded}},
		"resolve-patients":             {check: swept, codes: []string{lambdakit.PartResolved}},
		"resolve-patients.sum":         {check: summed, codes: []string{lambdakit.ResolutionEnded}},
		"serve-fhir.metadata":          {check: served("CapabilityStatement"), codes: []string{"FHIR_ANSWERED"}},
		"serve-fhir.everything":        {check: served("Bundle"), codes: []string{"FHIR_ANSWERED"}},
		"serve-fhir.search":            {check: served("Bundle"), codes: []string{"FHIR_ANSWERED"}},
		"serve-fhir.match":             {check: served("Bundle"), codes: []string{"FHIR_ANSWERED"}},
		"authorize-request.request":    {failed: "Unauthorized", codes: []string{lambdakit.CallerRefused}},
		"authorize-request.token":      {failed: "Unauthorized", codes: []string{lambdakit.CallerRefused}},
		"publish-events.delivery":      {answer: `{"batchItemFailures":[]}`, codes: []string{lambdakit.EventsPublished}, check: published("delivery.completed")},
		"publish-events.index":         {answer: `{"batchItemFailures":[]}`, codes: []string{lambdakit.EventsPublished}, check: published("person.linked", "person.unlinked")},
		"publish-events.people":        {answer: `{"batchItemFailures":[]}`, codes: []string{lambdakit.EventsPublished}, check: published("review.opened", "review.decided", "person.merged", "person.unmerged")},
		"publish-events.record":        {answer: `{"batchItemFailures":[]}`, codes: []string{lambdakit.EventsPublished}, check: published("record.changed")},
	}
}

func served(resourceType string) func(*testing.T, *runtimetest.Process, []byte) {
	return func(t *testing.T, _ *runtimetest.Process, payload []byte) {
		a := proxied(t, payload)
		if a.status != 200 || a.resource["resourceType"] != resourceType || a.header.Get("Content-Encoding") != "gzip" {
			t.Errorf("status %d, a %v, %q; want 200, a %s, gzip", a.status, a.resource["resourceType"], a.header.Get("Content-Encoding"), resourceType)
		}
	}
}

// swept: the part is done at once, and nothing of it changes.
func swept(t *testing.T, _ *runtimetest.Process, payload []byte) {
	var part resolution.Part
	if err := json.Unmarshal(payload, &part); err != nil || part.Part != "k" || !part.Done || part.Changed != 0 {
		t.Errorf("%s: %v", payload, err)
	}
}

// summed: of the sample's two parts one is done, and the others are missing.
func summed(t *testing.T, _ *runtimetest.Process, payload []byte) {
	var total resolution.Total
	if err := json.Unmarshal(payload, &total); err != nil || total.Parts != 1 || total.Failed != 31 || total.Looked != 512 {
		t.Errorf("%s: %v", payload, err)
	}
}

// published says that events of these types, and no others, reached the bus.
func published(types ...string) func(*testing.T, *runtimetest.Process, []byte) {
	return func(t *testing.T, p *runtimetest.Process, _ []byte) {
		got := map[string]bool{}
		for _, e := range p.Bus.Taken() {
			got[e.DetailType] = true
			world.region.CheckPrivate(t, e.DetailType, []byte(e.Detail))
		}
		want := map[string]bool{}
		for _, name := range types {
			want[name] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	}
}

// Every sample event drives its function's real binary.
func TestSamples(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	issuer := newIssuer(t, r)
	names, err := fs.Glob(events.FS, "triggers/*.json")
	if err != nil {
		t.Fatal(err)
	}
	before := dumps(t, r)
	have := strings.NewReplacer(
		events.Delivery, world.reference.service.ID(world.delivered[0].info),
		events.Person, sharedPerson(t), sampleVersion, world.delivered[0].info.Version)
	for _, path := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "triggers/"), ".json")
		function, _, _ := strings.Cut(name, ".")
		t.Run(name, func(t *testing.T) {
			want, ok := outcomes()[name]
			if !ok {
				t.Fatal("nothing is said of what this sample must come to")
			}
			p := r.Start(t, function, devTables(function), keysAt(function, issuer.address()))
			answer := p.Invoke(t, []byte(have.Replace(string(trigger(t, name)))))
			if answer.Type != want.failed || want.answer != "" && string(answer.Payload) != want.answer {
				t.Errorf("answer %s %.500s, want %s %s", answer.Type, answer.Payload, want.failed, want.answer)
			}
			if got := p.Codes(t, answer.Request, len(want.codes)); !slices.Equal(got, want.codes) {
				t.Errorf("logged %v, want %v", got, want.codes)
			}
			if want.check != nil {
				want.check(t, p, answer.Payload)
			}
		})
	}
	if !bytes.Equal(before, dumps(t, r)) {
		t.Error("an event that came again has changed a table")
	}
}

func keysAt(function, url string) runtimetest.Change {
	return func(env map[string]string) {
		if function == "authorize-request" {
			env[catalogue.TokenKeys] = url
		}
	}
}

// devTables gives publish-events the tables that its samples are of.
func devTables(function string) runtimetest.Change {
	return func(env map[string]string) {
		if function != "publish-events" {
			return
		}
		for _, setting := range catalogue.Streams() {
			env[setting] = "carerecord-dev-" + strings.ToLower(strings.TrimPrefix(setting, "TABLE_"))
		}
	}
}

// dumps gives the tables of the domain; that of audit events grows with looks.
func dumps(t *testing.T, r *runtimetest.Region) []byte {
	t.Helper()
	var all []byte
	for _, setting := range catalogue.Streams() {
		text, err := json.Marshal(dump(t, r.Table(setting)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

// sharedPerson is a person whom the hospital and the practice both know.
func sharedPerson(t testing.TB) string {
	t.Helper()
	s := world.reference.service
	for id, err := range index.People(t.Context(), world.reference.tables.Table("index")) {
		if err != nil {
			t.Fatal(err)
		}
		person, err := s.Index.Person(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if len(person.Sources) > 1 && person.Sources[0].Organisation != person.Sources[1].Organisation {
			return id
		}
	}
	t.Fatal("nobody is known to two organisations")
	return ""
}
