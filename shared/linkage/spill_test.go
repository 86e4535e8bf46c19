package linkage_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/carerecord/carerecord/shared/linkage"
	"github.com/carerecord/carerecord/shared/matching"
)

const febrl = "given=given_name,family=surname,dob=date_of_birth,postcode=postcode"

// written gives what Link writes, byte for byte.
func written(t *testing.T, o linkage.Options) string {
	t.Helper()
	o.Folder = t.TempDir()
	var people, pairs, reviews bytes.Buffer
	summary, err := linkage.Link(t.Context(), o, linkage.Outputs{People: &people, Pairs: &pairs, Reviews: &reviews})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v\n%s\n%s\n%s", summary, &people, &pairs, &reviews)
}

// Neither the memory granted nor the number of cores changes a byte of what is
// written.
func TestLinkIsTheSameWhateverTheMachine(t *testing.T) {
	t.Parallel()
	l := layout(t, febrl)
	l.ID = "rec_id"
	for name, o := range map[string]linkage.Options{
		"one register": {Layout: l, Files: []string{"testdata/dataset2.csv"}, Model: matching.Default()},
		"between two":  {Layout: l, Files: []string{"testdata/dataset2.csv", "testdata/dataset3.csv"}, Model: matching.Default(), Between: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := written(t, o)
			for _, machine := range []struct {
				memory  int64
				workers int
			}{{0, 1}, {0, 7}, {1, 1}, {1, 3}, {1 << 20, 2}, {8 << 20, 2}} {
				o.Memory, o.Workers = machine.memory, machine.workers
				if got := written(t, o); got != want {
					t.Errorf("with %d bytes and %d workers something else is written", machine.memory, machine.workers)
				}
			}
		})
	}
}
