package linkage

import (
	"context"
	"io"
	"slices"

	"github.com/carerecord/carerecord/shared/failure"
)

// unique makes sure that what is written about a record can be told from what
// is written about any other. It says whether an id alone does not suffice, as
// several sources use it.
func unique(ctx context.Context, in *intake, bySource bool) (repeats bool, err error) {
	for i := range in.ids.list {
		list, err := in.ids.load(i)
		if err != nil {
			return false, err
		}
		in.ids.free(i)
		slices.SortFunc(list, posting.compare)
		for j := 1; j < len(list); j++ {
			for k := j - 1; k >= 0 && list[k].hash == list[j].hash; k-- {
				again, err := same(in.store, list[k].record, list[j].record, bySource)
				if err != nil {
					return false, err
				}
				if again == sameAll {
					return false, in.twice(list[k].record, list[j].record)
				}
				repeats = repeats || again == sameID
			}
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
	}
	return repeats, nil
}

// What two records with one hash have in common.
const (
	sameNothing = iota
	sameID
	sameAll
)

func same(s *store, a, b uint32, bySource bool) (int, error) {
	id, source, err := s.name(a)
	if err != nil {
		return 0, err
	}
	id2, source2, err := s.name(b)
	switch {
	case err != nil:
		return 0, err
	case id != id2:
		return sameNothing, nil
	case source == source2 || !bySource:
		return sameAll, nil
	}
	return sameID, nil
}

// twice tells where one id stands twice.
func (in *intake) twice(a, b uint32) error {
	first, err := in.whereabouts(a)
	if err != nil {
		return err
	}
	second, err := in.whereabouts(b)
	if err != nil {
		return err
	}
	return failure.New(failure.Invalid, "linkage.Link", "%s:%d: the id stands at %s:%d already; ids must be unique, within each source (--source) or file (--between) at least", second.File, second.Line, first.File, first.Line)
}

// whereabouts finds the line of a record by reading its file again.
func (in *intake) whereabouts(record uint32) (Problem, error) {
	left := int(record)
	for _, s := range in.surveys {
		if left >= s.records {
			left -= s.records
			continue
		}
		r, err := openRegister(s.name, in.layout)
		if err != nil {
			return Problem{}, err
		}
		defer r.close()
		for {
			row, problem, err := r.next()
			switch {
			case err == io.EOF:
				return Problem{}, failure.New(failure.Conflict, "linkage.Link", "%s has changed while it was read", s.name)
			case err != nil:
				return Problem{}, err
			case problem != nil:
			case left == 0:
				return Problem{File: s.name, Line: row.line}, nil
			default:
				left--
			}
		}
	}
	return Problem{}, failure.New(failure.Internal, "linkage.Link", "record %d is in no file", record)
}
