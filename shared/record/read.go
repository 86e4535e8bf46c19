package record

import (
	"context"
	"encoding/base64"
	"errors"
	"iter"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// Cursor is a place between two entries of an owner, from which a Read goes on.
// It stays right whatever is stored meanwhile. It is opaque, holds no personal
// data, and its characters may stand in a URL.
type Cursor string

// Cursor gives the place just after the entry.
func (e *Entry) Cursor() Cursor {
	return Cursor(base64.RawURLEncoding.EncodeToString([]byte(e.Type + "#" + e.ID)))
}

// after gives the first sort key behind the cursor.
func (c Cursor) after() (string, error) {
	if c == "" {
		return "", nil
	}
	place, err := base64.RawURLEncoding.Strict().DecodeString(string(c))
	if err != nil || strings.Count(string(place), "#") != 1 || len(place) > 2*longestPart+1 {
		return "", failure.New(failure.Invalid, "record.Cursor", "not a place that was given by this server")
	}
	return currentPrefix + string(place) + "\x00", nil
}

// Selection says which of an owner's entries are wanted.
type Selection struct {
	Type  string // FHIR resource type; empty: all
	After Cursor // empty: from the beginning
	Limit int    // the most entries wanted; 0: all
}

// Read gives the current entries of an owner by type and id, as they are taken,
// with one Query and no limit of number. An owner that is not known has none. A
// cursor that is not ours is Invalid. An error ends the sequence.
func (s *Store) Read(ctx context.Context, owner string, sel Selection) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		from, err := sel.After.after()
		if err != nil {
			yield(Entry{}, err)
			return
		}
		r := table.Range{Partition: owner, Prefix: currentPrefix, From: from, Limit: sel.Limit}
		if sel.Type != "" {
			r.Prefix += sel.Type + "#"
		}
		for item, err := range s.table.Query(ctx, r) {
			var e Entry
			if err == nil {
				e, err = s.entry(ctx, item)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Directory gives the entries of an owner that the references ("Type/id") name,
// each once, in the order named, in one Get. What is not there is left out: a
// reference may name what has not come yet.
func (s *Store) Directory(ctx context.Context, owner string, refs ...string) ([]Entry, error) {
	var keys []table.Key
	seen := map[string]bool{}
	for _, ref := range refs {
		kind, id, ok := strings.Cut(ref, "/")
		if !ok || kind == "" || id == "" || seen[ref] {
			continue
		}
		seen[ref] = true
		keys = append(keys, name{owner, kind, id}.current())
	}
	if len(keys) == 0 {
		return nil, nil
	}
	items, err := s.table.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, item := range items {
		if item.Version == 0 {
			continue
		}
		e, err := s.entry(ctx, item)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// rereads bounds how often a large entry that changes while it is read is read
// again.
const rereads = 5

// entry makes the entry of a current item, fetching its parts if it has any.
func (s *Store) entry(ctx context.Context, item table.Item) (Entry, error) {
	n, err := nameOf(item.Key)
	if err != nil {
		return Entry{}, err
	}
	for try := 0; ; try++ {
		c, _, err := decode(item.Body)
		if err == nil {
			err = s.join(ctx, n, c)
		}
		if err == nil {
			return c.entry(n), nil
		}
		if !errors.Is(err, errTorn) || try == rereads {
			return Entry{}, err
		}
		items, err := s.table.Get(ctx, item.Key)
		if err != nil {
			return Entry{}, err
		}
		item = items[0]
	}
}
