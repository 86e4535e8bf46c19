package linkage_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/linkage"
	"github.com/carerecord/carerecord/shared/matching"
)

const febrlAddress = ",address=street_number,address=address_1,address=address_2,address=suburb,address=state"

// What Train learns is what Link learns when it is given no model: the same
// people come of both, and of the model's file read again.
func TestTrainIsWhatLinkLearns(t *testing.T) {
	t.Parallel()
	l := layout(t, febrl+febrlAddress)
	l.ID = "rec_id"
	o := linkage.Options{Layout: l, Files: []string{"testdata/dataset1.csv"}}
	model, summary, err := linkage.Train(t.Context(), o)
	if err != nil || summary.Records != 1000 || model.Policy != matching.Balanced {
		t.Fatalf("%d records, %v", summary.Records, err)
	}
	var alone bytes.Buffer
	trained, err := linkage.Link(t.Context(), o, linkage.Outputs{People: &alone})
	if err != nil || trained.Model != model.Version {
		t.Fatalf("link learnt %s, train %s: %v", trained.Model, model.Version, err)
	}
	if o.Model, err = matching.ReadModel(model.Write()); err != nil {
		t.Fatal(err)
	}
	var given bytes.Buffer
	if _, err := linkage.Link(t.Context(), o, linkage.Outputs{People: &given}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(alone.String(), given.String()); diff != "" {
		t.Errorf("other people with the model that was written (-alone +given):\n%s", diff)
	}
}

func TestTrainNeedsPairs(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"no record": "id,given,family,dob,postcode\n", "one record": "id,given,family,dob,postcode\n1,Rosalind,Ardenwood,1950-05-21,LS1 4AP\n"} {
		files := save(t, content)
		if _, _, err := linkage.Train(t.Context(), linkage.Options{Layout: layout(t, plain), Files: files}); !failure.Is(err, failure.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		var people bytes.Buffer
		if s, err := linkage.Link(t.Context(), linkage.Options{Layout: layout(t, plain), Files: files}, linkage.Outputs{People: &people}); err != nil || s.Linked != 0 {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// Records that say nothing, and a register in which all say the same, give a
// model, and no links.
func TestTrainOnNothing(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]string{"nothing": ",,,", "a name": "Rosalind,,,", "placeholders": "unknown,unknown,1900-01-01,ZZ99 3VZ"} {
		content := "id,given,family,dob,postcode\n"
		for _, id := range []string{"1", "2", "3", "4", "5"} {
			content += id + "," + row + "\n"
		}
		var people bytes.Buffer
		s, err := linkage.Link(t.Context(), linkage.Options{Layout: layout(t, plain), Files: save(t, content)}, linkage.Outputs{People: &people})
		if err != nil || s.People != 5 || s.New != 5 {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func TestLinkStopsWhenTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	l := layout(t, febrl)
	l.ID = "rec_id"
	stages := map[string]bool{}
	o := linkage.Options{Layout: l, Files: []string{"testdata/dataset3.csv"}, Folder: t.TempDir(), Told: func(p linkage.Progress) {
		stages[p.Stage] = true
		if p.Stage == "blocking" {
			cancel()
		}
	}}
	var people bytes.Buffer
	if _, err := linkage.Link(ctx, o, linkage.Outputs{People: &people}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if people.Len() > 0 || !stages["reading"] || !stages["training"] || stages["resolving"] {
		t.Errorf("%d bytes written after %v", people.Len(), stages)
	}
}
