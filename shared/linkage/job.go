package linkage

import (
	"context"

	"github.com/carerecord/carerecord/shared/matching"
)

// job is one linking on its way.
type job struct {
	Options
	surveys  []*survey
	records  int
	store    *store
	postings *buckets[posting]
	pairs    *buckets[pair]
	edges    *buckets[edge]
	grouped  *buckets[edge]
	births   []uint32
	repeats  bool // an id alone does not tell records apart
	starts   []uint32
	summary  Summary
}

// newJob looks through the files and takes their records in.
func newJob(ctx context.Context, o Options) (*job, error) {
	o.complete()
	j := &job{Options: o}
	for _, name := range o.Files {
		before := j.records
		s, err := look(ctx, name, &o.Layout, func(n int) { o.Told(Progress{Stage: "looking", Done: int64(before + n)}) })
		if err != nil {
			return nil, err
		}
		j.surveys = append(j.surveys, s)
		j.starts = append(j.starts, uint32(j.records))
		j.records += s.records
	}
	if j.records > 1<<32-2 {
		return nil, tooMany(j.records)
	}
	if err := j.takeIn(ctx); err != nil {
		j.close()
		return nil, err
	}
	return j, nil
}

// share gives a part of the memory in eighths.
func (j *job) share(eighths int64) int64 { return j.Memory / 8 * eighths }

// spread gives the number of buckets for so many items of a size, if they shall
// hold a few megabytes each, or less where memory is short.
func (j *job) spread(items, size int) int {
	const most = 4 << 20
	each := max(1<<14, min(most, j.Memory/64))
	return int(max(1, min(int64(items)*int64(size)/each, 4096)))
}

// Numbers of keys and edges that a record has, about: they say how finely the
// work is parted, and nothing depends on them.
const (
	keysEach  = 20
	edgesEach = 4
)

func (j *job) takeIn(ctx context.Context) error {
	j.store = newStore(j.share(2), j.Folder)
	j.postings = newBuckets[posting](j.spread(j.records*keysEach, postingSize), postingSize, j.share(1), j.Folder)
	ids := newBuckets[posting](j.spread(j.records, postingSize), postingSize, j.share(1), j.Folder)
	defer ids.close()
	in := &intake{
		layout: &j.Layout, places: j.places(j.Model), surveys: j.surveys, store: j.store, postings: j.postings, ids: ids, workers: j.Workers,
		told: func(n int) { j.Told(Progress{"reading", int64(n), int64(j.records)}) },
	}
	if err := in.run(ctx); err != nil {
		return err
	}
	j.births = in.births
	var err error
	j.repeats, err = unique(ctx, in, j.Source != "" || j.Between)
	j.summarise()
	return err
}

// file gives the place of a record's file.
func (j *job) file(record uint32) int {
	f := len(j.starts) - 1
	for f > 0 && j.starts[f] > record {
		f--
	}
	return f
}

func (j *job) close() {
	j.store.close()
	for _, b := range []interface{ close() }{j.postings, j.pairs, j.edges, j.grouped} {
		b.close()
	}
}

// people compares and resolves.
func (j *job) people(ctx context.Context, matcher *matching.Matcher, pairsToo bool) (*people, error) {
	model := matcher.Model()
	// Pairs below this can neither be linked nor shown to a human, nor stand in the way of a link.
	together := min(model.ReviewBits, model.LinkBits-model.LeadBits)
	floor := together
	if pairsToo {
		floor = min(floor, PairFloorBits)
	}
	c, err := j.compare(ctx, matcher, floor, together)
	if err != nil {
		return nil, err
	}
	forest, from, err := components(ctx, j.edges, j.records, together)
	if err != nil {
		return nil, err
	}
	found := newPeople(j.records)
	j.grouped = newBuckets[edge](len(j.edges.list), edgeSize, j.share(1), j.Folder)
	r := &resolution{comparison: c, grouped: j.grouped, people: found, meter: &meter{at: Progress{Stage: "resolving"}, tell: j.Told}}
	if err := r.group(ctx, forest, from); err != nil {
		return nil, err
	}
	r.meter.add(0)
	return found, r.run(ctx)
}

// compare finds the pairs that share a key, and scores them.
func (j *job) compare(ctx context.Context, matcher *matching.Matcher, floor, bound float64) (*comparison, error) {
	cells := newCells(j.records, profileBytes(j.store), j.share(4))
	j.pairs = newBuckets[pair](cells.len(), pairSize, j.share(2), j.Folder)
	b := &blocker{postings: j.postings, pairs: j.pairs, place: cells.of}
	if cells.stretches() == 1 {
		b.order = byBirth(j.births)
	}
	if j.Between {
		b.between = j.file
	}
	j.Told(Progress{Stage: "blocking"})
	if err := parallel(ctx, j.Workers, len(j.postings.list), b.run); err != nil {
		return nil, err
	}
	j.summary.BlocksPassed, j.summary.RecordsPassed = b.passed.Load(), b.records.Load()
	j.edges = newBuckets[edge](j.spread(j.records*edgesEach, edgeSize), edgeSize, j.share(1), j.Folder)
	c := &comparison{
		store: j.store, order: b.order, matcher: matcher, cells: cells, pairs: j.pairs, edges: j.edges, floor: floor, bound: bound, workers: j.Workers,
		meter: &meter{at: Progress{Stage: "comparing", Total: b.found.Load()}, tell: j.Told},
	}
	if err := c.run(ctx); err != nil {
		return nil, err
	}
	j.summary.Pairs = c.count
	return c, nil
}

// profileBytes estimates how much memory a decoded profile takes: its texts,
// and some 500 bytes for its lists.
func profileBytes(s *store) int64 {
	return 500 + 2*s.size/int64(max(1, s.len()))
}
