package linkage

import (
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
)

// PairFloorBits are the bits from which a pair is written to Outputs.Pairs: a
// probability of 0.001.
const PairFloorBits = -10

// Outputs are where the results go, as CSV with a header. Pairs and Reviews may
// be nil.
type Outputs struct {
	People  io.Writer // id, person, probability, decision: one row a record, in the order of input
	Pairs   io.Writer // left, right, probability, bits: every compared pair of PairFloorBits or more
	Reviews io.Writer // pairs for a human, with what speaks for and against
}

// write writes all outputs.
func (j *job) write(ctx context.Context, out Outputs, p *people) error {
	j.summary.count(p)
	if err := j.writePeople(ctx, out.People, p); err != nil {
		return err
	}
	if out.Pairs != nil {
		if err := j.writePairs(ctx, out.Pairs); err != nil {
			return err
		}
	}
	if out.Reviews != nil {
		return j.writeReviews(ctx, out.Reviews, p)
	}
	return nil
}

// table writes rows, and the columns of sources where ids do not suffice.
type table struct {
	ctx     context.Context
	csv     *csv.Writer
	repeats bool
	rows    int
	row     []string
}

func (j *job) table(ctx context.Context, w io.Writer, header, sources []string) (*table, error) {
	t := &table{ctx: ctx, csv: csv.NewWriter(w), repeats: j.repeats}
	return t, t.write(header, sources)
}

func (t *table) write(row, sources []string) error {
	t.row = append(t.row[:0], row...)
	if t.repeats {
		t.row = append(t.row, sources...)
	}
	if t.rows++; t.rows%4096 == 0 {
		if err := t.ctx.Err(); err != nil {
			return err
		}
	}
	return failure.Wrap(failure.Unavailable, "linkage.write", t.csv.Write(t.row))
}

func (t *table) end() error {
	t.csv.Flush()
	return failure.Wrap(failure.Unavailable, "linkage.write", t.csv.Error())
}

func (j *job) writePeople(ctx context.Context, out io.Writer, p *people) error {
	t, err := j.table(ctx, out, []string{"id", "person", "probability", "decision"}, []string{"source"})
	if err != nil {
		return err
	}
	w := j.store.walk()
	for i := range j.records {
		id, source, err := w.open(i)
		if err != nil {
			return err
		}
		person := id
		if n := int(p.person[i]); n != i || t.repeats {
			if person, err = j.label(uint32(n)); err != nil {
				return err
			}
		}
		if err := t.write([]string{id, person, probability(p.bits[i]), decisionNames[p.decision[i]]}, []string{source}); err != nil {
			return err
		}
	}
	return t.end()
}

// label names a person by their first record.
func (j *job) label(record uint32) (string, error) {
	id, source, err := j.store.name(record)
	if err == nil && j.repeats {
		id = source + "/" + id
	}
	return id, err
}

func (j *job) writePairs(ctx context.Context, out io.Writer) error {
	t, err := j.table(ctx, out, []string{"left", "right", "probability", "bits"}, []string{"left_source", "right_source"})
	if err != nil {
		return err
	}
	for i := range j.edges.list {
		list, err := j.edges.load(i)
		if err != nil {
			return err
		}
		slices.SortFunc(list, edge.compare)
		for _, e := range list {
			if e.bits < PairFloorBits {
				continue
			}
			ids, sources, err := j.names(e.pair)
			if err != nil {
				return err
			}
			if err := t.write(append(ids, probability(e.bits), bits(e.bits)), sources); err != nil {
				return err
			}
		}
	}
	return t.end()
}

// names gives the ids of a pair, and their sources.
func (j *job) names(p pair) (ids, sources []string, err error) {
	a, b := p.records()
	ids, sources = make([]string, 2, 8), make([]string, 2)
	if ids[0], sources[0], err = j.store.name(a); err != nil {
		return nil, nil, err
	}
	ids[1], sources[1], err = j.store.name(b)
	return ids, sources, err
}

func (j *job) writeReviews(ctx context.Context, out io.Writer, p *people) error {
	header := []string{"left", "right", "left_person", "right_person", "probability", "bits", "lead", "guards", "evidence"}
	t, err := j.table(ctx, out, header, []string{"left_source", "right_source"})
	if err != nil {
		return err
	}
	for _, r := range p.reviews {
		ids, sources, err := j.names(r.pair)
		if err != nil {
			return err
		}
		a, b := r.pair.records()
		for _, record := range []uint32{a, b} {
			person, err := j.label(p.person[record])
			if err != nil {
				return err
			}
			ids = append(ids, person)
		}
		d := r.decision
		lead := ""
		if d.Lead != nil {
			lead = bits(*d.Lead)
		}
		row := append(ids, probability(d.Bits), bits(d.Bits), lead, strings.Join(d.Guards, " "), waterfall(d))
		if err := t.write(row, sources); err != nil {
			return err
		}
	}
	return t.end()
}

// waterfall words the evidence of a decision in one line.
func waterfall(d matching.Decision) string {
	parts := []string{"prior " + bits(d.Prior)}
	for _, f := range d.Fields {
		parts = append(parts, f.Name+" "+f.Level+" "+bits(f.Bits))
	}
	return strings.Join(parts, "; ")
}

// probability writes the probability of so many bits with six places.
func probability(bits float64) string {
	return strconv.FormatFloat(matching.Probability(bits), 'f', 6, 64)
}

func bits(b float64) string { return strconv.FormatFloat(b, 'f', 3, 64) }
