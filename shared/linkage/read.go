package linkage

import (
	"context"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/matching"
)

// batchRows is how many rows one worker takes at a time.
const batchRows = 1 << 10

// batch is rows of one file on their way to the store.
type batch struct {
	survey *survey
	source string // where the row names none
	first  int    // place of the first row among all records
	rows   []row

	records  [][]byte
	postings []posting
	ids      []posting
	births   []uint32
	unread   unread
}

// intake reads registers into the store.
type intake struct {
	layout   *Layout
	places   int // see Layout.places
	surveys  []*survey
	store    *store
	postings *buckets[posting]
	ids      *buckets[posting]
	births   []uint32 // of every record, see birthNumber
	workers  int
	told     func(records int)
}

// run reads all files. The next batches are read while those before are worked
// on, and records are stored in the order of input.
func (in *intake) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	waves := make(chan []*batch, 1)
	group.Go(func() error {
		defer close(waves)
		return in.read(ctx, waves)
	})
	group.Go(func() error {
		for wave := range waves {
			if err := parallel(ctx, in.workers, len(wave), func(i int) error { return in.work(wave[i]) }); err != nil {
				return err
			}
			for _, b := range wave {
				if err := in.keep(b); err != nil {
					return err
				}
			}
		}
		return in.store.seal()
	})
	return group.Wait()
}

// read cuts the files into batches, and hands over a few for each worker.
func (in *intake) read(ctx context.Context, waves chan<- []*batch) error {
	var wave []*batch
	first := 0
	send := func() error {
		select {
		case waves <- wave:
			wave = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for _, s := range in.surveys {
		err := in.file(s, func(rows []row) error {
			wave = append(wave, &batch{survey: s, source: s.name, first: first, rows: rows})
			first += len(rows)
			if len(wave) < 4*in.workers {
				return nil
			}
			return send()
		})
		if err != nil {
			return err
		}
	}
	return send()
}

func (in *intake) file(s *survey, rows func([]row) error) error {
	r, err := openRegister(s.name, in.layout)
	if err != nil {
		return err
	}
	defer r.close()
	var list []row
	for {
		row, problem, err := r.next()
		switch {
		case err == io.EOF:
			return rows(list)
		case err != nil:
			return err
		case problem != nil:
			continue // told by the survey
		}
		if list = append(list, row); len(list) == batchRows {
			if err := rows(list); err != nil {
				return err
			}
			list = nil
		}
	}
}

// work cleans and encodes a batch.
func (in *intake) work(b *batch) error {
	r := reading{columns: in.layout.Columns, places: in.places, dates: &b.survey.dates}
	b.records = make([][]byte, len(b.rows))
	var buf []byte
	var keys []matching.BulkKey
	for i := range b.rows {
		record := uint32(b.first + i)
		p := r.profile(b.rows[i].values)
		start := len(buf)
		buf = encodeRecord(buf, b.rows[i].id, &p)
		b.records[i] = buf[start:len(buf):len(buf)]
		b.ids = append(b.ids, posting{hash: hash(b.rows[i].id), record: record})
		b.births = append(b.births, birthNumber(&p))
		keys = matching.AppendBulkKeys(keys[:0], &p)
		for _, k := range keys {
			b.postings = append(b.postings, posting{k.Hash, k.Narrow, record})
		}
	}
	b.unread = r.unread
	return nil
}

// keep stores a batch.
func (in *intake) keep(b *batch) error {
	for i, encoded := range b.records {
		source := b.source
		if in.layout.Source != "" {
			source = b.rows[i].source
		}
		if err := in.store.add(source, encoded); err != nil {
			return err
		}
	}
	in.births = append(in.births, b.births...)
	b.survey.unread.add(&b.unread)
	if err := in.postings.add(b.postings, byHash(len(in.postings.list))); err != nil {
		return err
	}
	if err := in.ids.add(b.ids, byHash(len(in.ids.list))); err != nil {
		return err
	}
	in.told(in.store.len())
	return nil
}
