package registers

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"runtime"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/chance"
)

// streams keep the uses of the region's seed apart from those of package population.
const (
	streamRegister uint64 = iota + 100
	streamExchange
	streamOrder
)

// Create makes a file of a name, to be written and closed.
type Create func(name string) (io.WriteCloser, error)

// Counts are the rows of each file, without its header.
type Counts map[string]int

// Write writes the registers of a region, the truth, the partner register and
// a note of what they are. Memory does not grow with the region, and the bytes
// do not depend on how many processors there are.
func Write(ctx context.Context, region *population.Region, create Create) (Counts, error) {
	w := &writer{region: region, rates: rates(), organisations: Organisations(), factor: factorOf(2 * region.People)}
	files, err := w.open(create)
	if err != nil {
		return nil, err
	}
	counts := Counts{}
	err = w.blocks(ctx, func(rows pages) error {
		for i, page := range rows {
			counts[files[i].name] += page.rows
			if _, err := files[i].Write(page.content()); err != nil {
				return failure.Wrap(failure.Unavailable, "registers.Write", err)
			}
		}
		return nil
	})
	for _, f := range files {
		if closed := f.Close(); err == nil && closed != nil {
			err = failure.Wrap(failure.Unavailable, "registers.Write", closed)
		}
	}
	return counts, err
}

// writer writes the registers of one region.
type writer struct {
	region        *population.Region
	rates         population.Rates
	organisations []Organisation
	factor        int
}

// file is one that is being written.
type file struct {
	io.WriteCloser
	name string
}

// open creates the files of the organisations, then that of the truth, with
// their headers; the others are written at once.
func (w *writer) open(create Create) ([]file, error) {
	var files []file
	add := func(name string, content []byte, keep bool) error {
		f, err := create(name)
		if err != nil {
			return err
		}
		if _, err := f.Write(content); err != nil {
			return failure.Wrap(failure.Unavailable, "registers.Write", err)
		}
		if keep {
			files = append(files, file{f, name})
			return nil
		}
		return failure.Wrap(failure.Unavailable, "registers.Write", f.Close())
	}
	err := add(ReadMeFile, readMe, false)
	if err == nil {
		err = add(PartnersFile, partners, false)
	}
	for _, o := range w.organisations {
		if err == nil {
			err = add(o.File, lineOf(o.header), true)
		}
	}
	if err == nil {
		err = add(TruthFile, lineOf([]string{"organisation", "local_id", "person"}), true)
	}
	return files, err
}

func lineOf(record []string) []byte {
	p := newPage()
	p.add(record)
	return p.content()
}

// page is a part of a file.
type page struct {
	bytes.Buffer
	csv  *csv.Writer
	rows int
}

func newPage() *page {
	p := &page{}
	p.csv = csv.NewWriter(&p.Buffer)
	p.csv.UseCRLF = true
	return p
}

func (p *page) add(record []string) {
	_ = p.csv.Write(record) // a Buffer does not fail, and no value is refused
	p.rows++
}

// content gives what has been added.
func (p *page) content() []byte {
	p.csv.Flush()
	return p.Bytes()
}

// pages are the parts that one block adds, in the order of the files.
type pages []*page

// blocks makes the blocks' pages on all processors and hands them over in order.
func (w *writer) blocks(ctx context.Context, use func(pages) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ahead := make(chan chan pages, 2*runtime.GOMAXPROCS(0))
	go func() {
		defer close(ahead)
		for block := range w.region.Blocks() {
			done := make(chan pages, 1)
			select {
			case ahead <- done:
				go func() { done <- w.block(block) }()
			case <-ctx.Done():
				return
			}
		}
	}()
	for done := range ahead {
		if err := use(<-done); err != nil {
			return err
		}
	}
	return failure.Wrap(failure.Unavailable, "registers.Write", ctx.Err())
}

// block gives the rows of the people of one block, in every register.
func (w *writer) block(block int) pages {
	people := w.region.Block(block, nil)
	out := make(pages, len(w.organisations)+1)
	for i := range out {
		out[i] = newPage()
	}
	truth := out[len(w.organisations)]
	for i := range w.organisations {
		o := &w.organisations[i]
		entries := w.entries(chance.New(w.region.Seed, streamRegister, uint64(i), uint64(block)), o, people)
		for j := range entries {
			out[i].add(o.record(&entries[j]))
			truth.add([]string{o.ODS, entries[j].localID, population.Padded("P", entries[j].person+1, 9)})
		}
	}
	return out
}

// entries are those of one organisation, in an order that says nothing.
func (w *writer) entries(s *chance.Source, o *Organisation, people []population.Person) []entry {
	var list []entry
	for i := range people {
		p := &people[i]
		if !s.Happens(o.knows(population.ThisYear - p.Born.Year)) {
			continue
		}
		list = append(list, w.enter(s, o, p, 0))
		if s.Happens(o.twice) {
			list = append(list, w.enter(s, o, p, 1))
		}
	}
	for i := len(list) - 1; i > 0; i-- {
		j := s.Below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// localNumber scatters the numbers from 0 to twice the people, each to one of
// its own, so that a local id tells nothing of the person's place.
func (w *writer) localNumber(n int) int { return 1 + n*w.factor%(2*w.region.People) }

// factorOf gives a factor that has no divisor in common with n.
func factorOf(n int) int {
	for f := 611_953 % n; ; f++ {
		if f > 0 && divisor(f, n) == 1 {
			return f
		}
	}
}

func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
