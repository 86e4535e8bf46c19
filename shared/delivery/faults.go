package delivery

import (
	"context"
	"encoding/csv"
	"io"
	"iter"
	"strconv"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/table"
)

type faultStream = iter.Seq2[extract.Fault, error]

// tallies gives what became of each chunk, by its number and in order.
func (s *Service) tallies(ctx context.Context, d Delivery) iter.Seq2[numbered, error] {
	return func(yield func(numbered, error) bool) {
		for item, err := range s.Table.Query(ctx, table.Range{Partition: deliveryKey(d.ID).Partition, Prefix: chunkPrefix}) {
			var t numbered
			if err == nil {
				err = decode(item.Body, &t.Tally)
			}
			if err == nil {
				t.chunk, err = strconv.Atoi(item.Sort[len(chunkPrefix):])
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// numbered is the tally of a chunk with the chunk's number.
type numbered struct {
	Tally
	chunk int
}

// faults gives the faults of the file, then those of its rows in order.
func (s *Service) faults(ctx context.Context, d Delivery) faultStream {
	return func(yield func(extract.Fault, error) bool) {
		for _, f := range d.Faults {
			if !yield(f, nil) {
				return
			}
		}
		for t, err := range s.tallies(ctx, d) {
			if err != nil {
				yield(extract.Fault{}, err)
				return
			}
			if len(t.Faults) == 0 {
				continue
			}
			for f, err := range readLines[extract.Fault](ctx, s.Objects, s.Buckets.Work, faultsObject(d.ID, t.chunk)) {
				if !yield(f, err) || err != nil {
					return
				}
			}
		}
	}
}

var faultColumns = []string{"severity", "code", "row", "line", "offset", "path", "found", "expected", "effect", "remedy"}

// writeCSV writes the faults as RFC 4180, a fault a record. The counts are in
// the JSON report beside it.
func writeCSV(w io.Writer, _ Report, faults faultStream) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(faultColumns); err != nil {
		return err
	}
	for f, err := range faults {
		if err != nil {
			return err
		}
		if err := out.Write(faultRecord(f)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func faultRecord(f extract.Fault) []string {
	return []string{
		string(f.Severity), f.Code, strconv.Itoa(f.Row), strconv.FormatInt(f.Place.Line, 10), strconv.FormatInt(f.Place.Offset, 10),
		plainCell(f.Place.Path), plainCell(f.Found), f.Expected, f.Effect, f.Remedy,
	}
}

// plainCell keeps a spreadsheet from running a partner's text as a formula
// (OWASP, CSV injection).
func plainCell(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@') {
		return "'" + s
	}
	return s
}
