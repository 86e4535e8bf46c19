package index

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

const (
	reviewsAPage = 50
	mostReviews  = 200
	// mostSorted bounds how many open reviews are read to sort them by score.
	mostSorted = 20_000
)

// shards are the characters with which a review's id can begin: each kind's queue
// lies in as many partitions.
const shards = "0123456789abcdefghjkmnpqrstvwxyz"

// queued is an entry of the queue.
type queued struct {
	id    string
	sort  string  // when it was opened, and its id
	Bits  float64 `json:"b"`
	Waits bool    `json:"w,omitzero"`
}

// writes gives what a review that opens or closes changes.
func (c *change) writes() []table.Write {
	r := &c.review
	if c.stays {
		return []table.Write{{Key: reviewKey(r.ID), Action: table.Check, If: table.AtVersion(c.version)}}
	}
	put := table.Write{Key: reviewKey(r.ID), Body: encode(r)}
	if c.checked {
		put.If = table.AtVersion(c.version)
	}
	if c.opens {
		return []table.Write{put, {Key: queueKey(r), Body: encode(queued{Bits: r.Decision.Bits})}}
	}
	list := []table.Write{put, {Key: queueKey(r), Action: table.Delete}}
	if r.State == ReviewDecided {
		list = append(list, table.Write{Key: dayKey(r), Body: encode(queued{Bits: r.Decision.Bits})})
	}
	return list
}

// Reviews lists the open queue. Errors: failure.Invalid for a query that is none.
func (x *Index) Reviews(ctx context.Context, q ReviewQuery) (ReviewPage, error) {
	q, err := q.checked()
	if err != nil {
		return ReviewPage{}, err
	}
	list, err := x.queued(ctx, q)
	if err != nil {
		return ReviewPage{}, err
	}
	slices.SortFunc(list, q.Order.compare)
	var page ReviewPage
	if len(list) > q.Limit {
		list = list[:q.Limit]
		page.Next = list[q.Limit-1].cursor()
	}
	keys := make([]table.Key, len(list))
	for i, e := range list {
		keys[i] = reviewKey(e.id)
	}
	items, err := x.table.Get(ctx, keys...)
	if err != nil {
		return ReviewPage{}, err
	}
	for _, item := range items {
		r, err := decode[Review](item, "review")
		if err != nil {
			return ReviewPage{}, err
		}
		if r.State == ReviewOpen || r.State == ReviewWaiting { // it may have been closed since
			page.Reviews = append(page.Reviews, r)
		}
	}
	return page, nil
}

func (q ReviewQuery) checked() (ReviewQuery, error) {
	const op = "index.Reviews"
	if len(q.Kinds) == 0 {
		q.Kinds = ReviewKinds()
	}
	for _, k := range q.Kinds {
		if !slices.Contains(ReviewKinds(), k) {
			return q, failure.New(failure.Invalid, op, "no such kind of review")
		}
	}
	q.Order = cmp.Or(q.Order, ByAge)
	q.Limit = cmp.Or(q.Limit, reviewsAPage)
	if q.Order != ByAge && q.Order != ByScore || q.Limit < 1 || q.Limit > mostReviews {
		return q, failure.New(failure.Invalid, op, "the order is age or score, and the limit 1 to %d", mostReviews)
	}
	if _, err := parseCursor(q.After); err != nil {
		return q, err
	}
	return q, nil
}

// queued reads the entries that can be on the page, and one more where there is one.
func (x *Index) queued(ctx context.Context, q ReviewQuery) ([]queued, error) {
	after, err := parseCursor(q.After)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var list []queued
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(queriesAtOnce)
	for _, kind := range q.Kinds {
		for _, c := range shards {
			r := table.Range{Partition: queuePartition(kind, string(c))}
			if q.Order == ByAge {
				r.Limit = q.Limit + 1
				if q.After != "" {
					r.From = after.sort + "\x00"
				}
			}
			all.Go(func() error {
				some, err := x.shard(ctx, r)
				mu.Lock()
				defer mu.Unlock()
				for _, e := range some {
					if q.After == "" || q.Order.compare(e, after) > 0 {
						list = append(list, e)
					}
				}
				if len(list) > mostSorted {
					return failure.New(failure.TooLarge, "index.Reviews", "more than %d reviews are open: list them by age, or by kind", mostSorted)
				}
				return err
			})
		}
	}
	return list, all.Wait()
}

func (x *Index) shard(ctx context.Context, r table.Range) (list []queued, err error) {
	for item, err := range x.table.Query(ctx, r) {
		if err != nil {
			return nil, err
		}
		e, err := readQueued(item)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

func readQueued(item table.Item) (queued, error) {
	e, err := decode[queued](item, "queue")
	e.sort = item.Sort
	_, e.id, _ = strings.Cut(item.Sort, "#")
	return e, err
}

func (o ReviewOrder) compare(a, b queued) int {
	if o == ByScore && a.Bits != b.Bits {
		return cmp.Compare(b.Bits, a.Bits)
	}
	return cmp.Compare(a.sort, b.sort)
}

// cursor names the place of an entry. It holds ids, times and bits only.
func (e queued) cursor() string {
	return strconv.FormatFloat(e.Bits, 'g', -1, 64) + "~" + e.sort
}

func parseCursor(after string) (queued, error) {
	if after == "" {
		return queued{}, nil
	}
	bits, sort, ok := strings.Cut(after, "~")
	b, err := strconv.ParseFloat(bits, 64)
	if !ok || err != nil || strings.Count(sort, "#") != 1 || len(sort) > 100 {
		return queued{}, failure.New(failure.Invalid, "index.Reviews", "the cursor is none that a page gave")
	}
	return queued{sort: sort, Bits: b}, nil
}

// Metrics says how the queue stands, with the decisions of the given days
// (YYYY-MM-DD), one Query each. It reads the entries of the queue, which are
// small, and keeps none.
func (x *Index) Metrics(ctx context.Context, days ...string) (ReviewMetrics, error) {
	m := ReviewMetrics{Open: map[ReviewKind]int{}, Decisions: map[string]int{}}
	for _, kind := range ReviewKinds() { // before any of them is counted
		m.Open[kind] = 0
	}
	var mu sync.Mutex
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(queriesAtOnce)
	for _, kind := range ReviewKinds() {
		for _, c := range shards {
			all.Go(func() error {
				return x.entries(ctx, queuePartition(kind, string(c)), func(e queued) {
					mu.Lock()
					defer mu.Unlock()
					m.count(kind, e)
				})
			})
		}
	}
	for _, day := range days {
		all.Go(func() error {
			n := 0
			err := x.entries(ctx, "H#"+day, func(queued) { n++ })
			mu.Lock()
			defer mu.Unlock()
			m.Decisions[day] = n
			return err
		})
	}
	return m, all.Wait()
}

func (x *Index) entries(ctx context.Context, partition string, each func(queued)) error {
	for item, err := range x.table.Query(ctx, table.Range{Partition: partition}) {
		if err != nil {
			return err
		}
		e, err := readQueued(item)
		if err != nil {
			return err
		}
		each(e)
	}
	return nil
}

// count takes an open review into the metrics.
func (m *ReviewMetrics) count(kind ReviewKind, e queued) {
	m.Open[kind]++
	if e.Waits {
		m.Waiting++
	}
	when, _, _ := strings.Cut(e.sort, "#")
	if opened, err := time.Parse(stampForm, when); err == nil && (m.Oldest.IsZero() || opened.Before(m.Oldest)) {
		m.Oldest = opened
	}
}
