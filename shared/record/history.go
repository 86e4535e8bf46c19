package record

import (
	"context"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/version"
)

// Version is an entry during a time in which its source said the same.
type Version struct {
	Entry       Entry // as the first statement of this content had it
	From, Until version.Instant
}

// History gives the versions of an entry, the oldest first; the last is the
// current one. NotFound when there is no such entry.
func (s *Store) History(ctx context.Context, owner, kind, id string) ([]Version, error) {
	n := name{owner, kind, id}
	items, err := s.table.Get(ctx, n.current())
	if err != nil {
		return nil, err
	}
	if items[0].Version == 0 {
		return nil, failure.New(failure.NotFound, "record.History", "no such entry")
	}
	current, history, err := decode(items[0].Body)
	if err != nil {
		return nil, err
	}
	entries, err := s.contents(ctx, n, current, history)
	if err != nil {
		return nil, err
	}
	var versions []Version
	for _, run := range history.Runs() {
		versions = append(versions, Version{Entry: entries[run.From.Hash], From: run.From.At, Until: run.Until})
	}
	return versions, nil
}

// contents reads every content of an entry, by hash.
func (s *Store) contents(ctx context.Context, n name, current *content, history version.History) (map[string]Entry, error) {
	all := map[string]*content{current.Hash: current}
	var keys []table.Key
	for _, hash := range history.Contents() {
		if hash != current.Hash {
			keys = append(keys, n.content(hash))
		}
	}
	if len(keys) > 0 {
		items, err := s.table.Get(ctx, keys...)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			c, _, err := decode(item.Body)
			if err != nil {
				return nil, err
			}
			all[c.Hash] = c
		}
	}
	entries := make(map[string]Entry, len(all))
	for hash, c := range all {
		if err := s.join(ctx, n, c); err != nil {
			return nil, err
		}
		entries[hash] = c.entry(n)
	}
	return entries, nil
}
