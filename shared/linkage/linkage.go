// Package linkage links and de-duplicates registers: it finds the records of
// one person in CSV files of any number of rows, with the matcher of package
// matching, and without a service or a database.
//
// The files are read twice: to see how they are written, and to take their
// records in, cleaned (package demographics). Records that share a blocking key
// are compared; those that resemble each other are resolved into people, each
// group of records by itself. What does not fit into the memory that was
// granted lies in temporary files.
//
// The result is a function of the files and the model: it depends neither on
// the number of cores nor on the memory granted. Nothing personal is told in
// errors or progress; a place in a file is.
package linkage

import (
	"context"
	"fmt"
	"runtime"

	"github.com/carerecord/carerecord/shared/matching"
)

// DefaultMemory is the memory granted where none is said: enough for two
// million records without temporary files.
const DefaultMemory = 2 << 30

// Options say what is to be linked, and how.
type Options struct {
	Layout
	Files   []string
	Between bool            // compare records of different files only
	Model   *matching.Model // nil: trained on the files
	Policy  matching.Policy // of a model that is trained; Balanced when empty
	Memory  int64           // bytes for records, keys and pairs, about; DefaultMemory when 0
	Folder  string          // of temporary files; that of the system when empty
	Workers int             // as many as cores when 0
	Told    func(Progress)  // called from one goroutine at a time; may be nil
}

// Progress is how far the work has come.
type Progress struct {
	Stage string // "looking", "reading", "training", "blocking", "comparing", "resolving"
	Done  int64
	Total int64 // 0: not known
}

func (o *Options) complete() {
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Told == nil {
		o.Told = func(Progress) {}
	}
}

// String words the progress.
func (p Progress) String() string {
	switch {
	case p.Total > 0:
		return fmt.Sprintf("%s %d of %d", p.Stage, p.Done, p.Total)
	case p.Done > 0:
		return fmt.Sprintf("%s %d", p.Stage, p.Done)
	}
	return p.Stage
}

// Link links the records of registers and writes what came of it.
func Link(ctx context.Context, o Options, out Outputs) (Summary, error) {
	j, err := newJob(ctx, o)
	if err != nil {
		return Summary{}, err
	}
	defer j.close()
	model, err := j.chooseModel(ctx)
	if err != nil {
		return j.summary, err
	}
	j.summary.Model = model.Version
	found, err := j.people(ctx, matching.NewMatcher(model), out.Pairs != nil)
	if err != nil {
		return j.summary, err
	}
	err = j.write(ctx, out, found)
	return j.summary, err
}
