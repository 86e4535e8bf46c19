package index

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

const (
	// attempts bounds how often a decision is made again after another writer
	// has changed what it stood on.
	attempts = 16
	// commitsAtOnce bounds the commits under way; engines share their waits.
	commitsAtOnce = 64
	// mostChanged bounds how many source patients that say something new are
	// decided in one commit. The result does not depend on it.
	mostChanged = 8
)

// Apply takes statements, any number, in any order, at any time again, and at
// the same time as others do. received is when the region got the delivery: it
// goes into the ids of new people. What is known already costs a read and no
// write. A statement without a key or a time is Invalid, and then nothing is done.
func (x *Index) Apply(ctx context.Context, received time.Time, statements []Statement) error {
	said := map[string][]*Statement{}
	for i := range statements {
		s := &statements[i]
		if s.Key == "" || s.silent() {
			return failure.New(failure.Invalid, "index.Apply", "statement %d is of nobody or says nothing", i)
		}
		said[s.Key] = append(said[s.Key], s)
	}
	if err := x.run(ctx, received, said); err != nil {
		return fmt.Errorf("index.Apply: %w", err)
	}
	return nil
}

// run applies until nothing is left that another writer came before.
func (x *Index) run(ctx context.Context, received time.Time, said map[string][]*Statement) error {
	for attempt := 0; len(said) > 0; attempt++ {
		if attempt == attempts {
			return failure.New(failure.Unavailable, "index.run", "%d patients are being changed by others; try again", len(said))
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		again, err := x.once(ctx, received, said, nil)
		if err != nil {
			return err
		}
		maps.DeleteFunc(said, func(key string, _ []*Statement) bool { return !again[key] })
	}
	return nil
}

// pause waits before the second and every later attempt, longer each time and
// by chance, so that two writers do not meet again.
func pause(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return failure.Wrap(failure.Unavailable, "index.pause", ctx.Err())
	}
	most := min(time.Millisecond<<attempt, 250*time.Millisecond)
	select {
	case <-ctx.Done():
		return failure.Wrap(failure.Unavailable, "index.pause", ctx.Err())
	case <-time.After(rand.N(most)):
		return nil
	}
}

// once reads, decides and writes once. It gives the keys to be done again.
func (x *Index) once(ctx context.Context, received time.Time, said map[string][]*Statement, rulings map[string]*ruling) (map[string]bool, error) {
	a, err := x.survey(ctx, said)
	if err != nil {
		return nil, err
	}
	aliases, err := a.formerIDs(ctx)
	if err != nil {
		return nil, err
	}
	b := &batch{index: x, received: received, aliases: aliases, again: map[string]bool{}}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(commitsAtOnce)
	for _, h := range a.hoods() {
		h.rulings = rulings
		if said := h.said(); len(said) > mostChanged {
			all.Go(func() error { return b.piecewise(ctx, a, said) })
			continue
		}
		if commits := b.plan(h); len(commits) > 0 {
			all.Go(func() error { return b.commit(ctx, h, commits) })
		}
	}
	all.Go(func() error { return b.each(ctx) })
	if err := all.Wait(); err != nil {
		return nil, err
	}
	return b.again, nil
}

// batch is one attempt on a set of statements.
type batch struct {
	index    *Index
	received time.Time
	aliases  map[string]former
	singles  []table.Write // writes that need no commit
	owners   [][]string    // whose statements are behind each

	mu    sync.Mutex
	again map[string]bool
}

// plan decides a neighbourhood and gives its commits. A single write joins
// those of other neighbourhoods and costs half.
func (b *batch) plan(h *hood) [][]table.Write {
	var commits [][]table.Write
	switch {
	case len(h.members) == 1 && !h.members[0].asked:
		if list := h.members[0].writes(); len(list) > 0 {
			commits = [][]table.Write{list}
		}
	case len(h.said()) > 0:
		commits = h.writes(h.decide(b.received, b.aliases))
	}
	if len(commits) == 1 && len(commits[0]) == 1 {
		b.singles = append(b.singles, commits[0][0])
		b.owners = append(b.owners, h.said())
		return nil
	}
	return commits
}

// piecewise applies the statements of a crowded neighbourhood a few source
// patients at a time.
func (b *batch) piecewise(ctx context.Context, a *area, keys []string) error {
	for some := range slices.Chunk(keys, mostChanged) {
		said := map[string][]*Statement{}
		for _, key := range some {
			said[key] = a.said[key]
		}
		if err := b.index.run(ctx, b.received, said); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) commit(ctx context.Context, h *hood, commits [][]table.Write) error {
	for _, writes := range commits {
		err := b.index.table.Commit(ctx, writes...)
		if failure.Is(err, failure.Conflict) {
			b.redo(h.said()...)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) each(ctx context.Context) error {
	if len(b.singles) == 0 {
		return nil
	}
	for i, err := range b.index.table.Each(ctx, b.singles...) {
		if failure.Is(err, failure.Conflict) {
			b.redo(b.owners[i]...)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) redo(keys ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range keys {
		b.again[key] = true
	}
}
