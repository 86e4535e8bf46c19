package linkage

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"

	"github.com/carerecord/carerecord/shared/failure"
)

// Truth says how it is known of whom a record is.
type Truth struct {
	Column  string         // of the registers
	Pattern *regexp.Regexp // or: its first group, matched against the id
}

// Evaluation compares what Link wrote with the truth.
type Evaluation struct {
	Pairs  Accuracy // of records
	People Accuracy // whose records are all there, and no others
	Curve  []Point  // by probability, where the pairs are given
}

// Point is the accuracy of the pairs from one probability on, before they were
// made into people.
type Point struct {
	From float64
	Accuracy
}

// curveFrom are the probabilities of a curve.
var curveFrom = []float64{0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999}

// Evaluate measures the people of a file that Link wrote, and the pairs of
// another if it has a name. The files are the registers, or others that know the
// truth about the same ids; in the same order where an id stands twice.
func Evaluate(ctx context.Context, o Options, truth Truth, people, pairs string) (Evaluation, error) {
	records, err := truth.records(ctx, &o)
	if err != nil {
		return Evaluation{}, err
	}
	labelled, err := label(ctx, records, people)
	if err != nil {
		return Evaluation{}, err
	}
	var e Evaluation
	e.Pairs, e.People = Measure(labelled, o.Between)
	if pairs != "" {
		e.Curve, err = curve(ctx, pairs, records, e.Pairs.True)
	}
	return e, err
}

// label brings what was found of each record together with what is true of it.
func label(ctx context.Context, records []known, people string) ([]Labelled, error) {
	var ids, persons []string
	err := readResult(ctx, people, []string{"id", "person"}, func(row []string) error {
		ids, persons = append(ids, row[0]), append(persons, row[1])
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(ids) != len(records) {
		return nil, failure.New(failure.Invalid, "linkage.Evaluate", "%s has %d rows, the other files %d records", people, len(ids), len(records))
	}
	place, err := places(records, ids)
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, "linkage.Evaluate", err)
	}
	list := make([]Labelled, len(records))
	for i, k := range records {
		list[i] = Labelled{File: k.file, Person: persons[place[i]], Truth: k.truth}
	}
	return list, nil
}

// places gives for each record its row among the ids: the same one where all
// stand in one order, or else that of its id.
func places(records []known, ids []string) ([]int, error) {
	place, inOrder := make([]int, len(records)), true
	row := make(map[string]int, len(ids))
	for i, id := range ids {
		place[i] = i
		inOrder = inOrder && records[i].id == id
		row[id] = i
	}
	if inOrder {
		return place, nil
	}
	if len(row) < len(ids) {
		return nil, failure.New(failure.Invalid, "linkage.places", "ids stand twice: name the registers in the order in which they were linked")
	}
	for i, k := range records {
		var ok bool
		if place[i], ok = row[k.id]; !ok {
			return nil, failure.New(failure.Invalid, "linkage.places", "record %d of the files is not among the people", i+1)
		}
		delete(row, k.id)
	}
	return place, nil
}

// known is a record of which the truth is told.
type known struct {
	id, truth string
	file      int
}

// records reads the registers for ids and truth.
func (t Truth) records(ctx context.Context, o *Options) ([]known, error) {
	layout := o.Layout
	layout.Columns = nil
	if t.Column != "" {
		layout.Columns = []Column{{Other, t.Column}}
	}
	var list []known
	for file, name := range o.Files {
		r, err := openRegister(name, &layout)
		if err != nil {
			return nil, err
		}
		list, err = t.read(ctx, r, file, list)
		r.close()
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (t Truth) read(ctx context.Context, r *register, file int, list []known) ([]known, error) {
	for {
		row, problem, err := r.next()
		switch {
		case err == io.EOF:
			return list, nil
		case err != nil:
			return nil, err
		case problem != nil:
			continue
		}
		k := known{id: row.id, file: file}
		if t.Column != "" {
			k.truth = row.values[0]
		} else if m := t.Pattern.FindStringSubmatch(row.id); len(m) > 1 {
			k.truth = m[1]
		}
		list = append(list, k)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// readResult reads the named columns of a file that Link wrote.
func readResult(ctx context.Context, name string, columns []string, take func([]string) error) error {
	file, err := os.Open(name)
	if err != nil {
		return failure.Wrap(failure.Invalid, "linkage.Evaluate", err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return failure.New(failure.Invalid, "linkage.Evaluate", "%s cannot be read", name)
	}
	at := make([]int, len(columns))
	for i, c := range columns {
		if at[i] = slices.Index(header, c); at[i] < 0 {
			return failure.New(failure.Invalid, "linkage.Evaluate", "%s has no column %q: it is no result of link", name, c)
		}
	}
	out := make([]string, len(columns))
	for ctx.Err() == nil {
		row, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return failure.New(failure.Invalid, "linkage.Evaluate", "%s cannot be read", name)
		}
		for i := range at {
			out[i] = row[at[i]]
		}
		if err := take(out); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// curve counts the pairs of a file from each probability on.
func curve(ctx context.Context, name string, records []known, all int64) ([]Point, error) {
	truth := make(map[string]string, len(records))
	for _, k := range records {
		if _, again := truth[k.id]; again {
			return nil, failure.New(failure.NotSupported, "linkage.Evaluate", "pairs can be measured only where ids are unique")
		}
		truth[k.id] = k.truth
	}
	points := make([]Point, len(curveFrom))
	for i, from := range curveFrom {
		points[i] = Point{from, Accuracy{True: all}}
	}
	return points, readResult(ctx, name, []string{"left", "right", "probability"}, func(row []string) error {
		p, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			return failure.New(failure.Invalid, "linkage.Evaluate", "%s has a probability that is no number", name)
		}
		a, b := truth[row[0]], truth[row[1]]
		for i := range points {
			if a == "" || b == "" || p < points[i].From {
				continue
			}
			if points[i].Found++; a == b {
				points[i].Right++
			}
		}
		return nil
	})
}
