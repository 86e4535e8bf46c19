package dir

import (
	"bytes"
	"context"
	"iter"
	"strings"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// batch is how many versions one transaction reads: a listing keeps no
// transaction open while its consumer works, so that the consumer may put.
const batch = 256

// Version is one stored version or delete marker of an object.
type Version struct {
	object.Info
	Latest  bool // the newest of its key
	Deleted bool // a delete marker: no body, size or ETag

	body string
}

// After is where a listing goes on: behind a key, or behind one version of it.
// The zero After is the beginning.
type After struct{ Key, Version string }

// List gives the newest version of each object: see object.Store.
func (s *Store) List(ctx context.Context, bucket, prefix string) iter.Seq2[object.Info, error] {
	return func(yield func(object.Info, error) bool) {
		for v, err := range s.Newest(ctx, bucket, prefix, After{}) {
			v.Version, v.ContentType = "", ""
			if !yield(v.Info, err) {
				return
			}
		}
	}
}

// Newest gives the newest versions as List does, with their ids, behind a key.
func (s *Store) Newest(ctx context.Context, bucket, prefix string, after After) iter.Seq2[Version, error] {
	return s.scan(ctx, "dir.List", bucket, prefix, After{Key: after.Key}, true)
}

// Versions gives all versions and delete markers of the keys with the prefix:
// in key order, and the newest of a key first (S3's ListObjectVersions).
func (s *Store) Versions(ctx context.Context, bucket, prefix string, after After) iter.Seq2[Version, error] {
	return s.scan(ctx, "dir.Versions", bucket, prefix, after, false)
}

func (s *Store) scan(ctx context.Context, op, bucket, prefix string, after After, newestOnly bool) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		p := newPosition(bucket, prefix, after, newestOnly)
		for !p.done {
			var page []Version
			err := s.view(ctx, op, func(tx *bbolt.Tx) (err error) {
				page, err = p.read(tx, op)
				return err
			})
			for _, v := range page {
				if !yield(v, nil) {
					return
				}
			}
			if err != nil {
				yield(Version{}, err)
				return
			}
		}
	}
}

// position is how far a listing has come.
type position struct {
	bucket, prefix string
	newestOnly     bool
	seek           []byte // the entry to start at, or the first after it
	lastKey        string // the key whose newest version has passed
	done           bool
}

func newPosition(bucket, prefix string, after After, newestOnly bool) *position {
	p := &position{bucket: bucket, prefix: escape(prefix), newestOnly: newestOnly, seek: []byte(escape(prefix))}
	start := []byte(escape(after.Key) + pastKey)
	if v, err := ulid.ParseStrict(after.Version); err == nil {
		start = append(entryKey(after.Key, v), 0)
		p.lastKey = after.Key
	}
	if after.Key != "" && bytes.Compare(start, p.seek) > 0 {
		p.seek = start
	}
	return p
}

// read gives the next versions of a listing.
func (p *position) read(tx *bbolt.Tx, op string) (page []Version, err error) {
	b, err := versionsOf(tx, op, p.bucket)
	if err != nil {
		return nil, err
	}
	c := b.Cursor()
	k, value := c.Seek(p.seek)
	for ; k != nil && strings.HasPrefix(string(k), p.prefix); k, value = p.step(c, k) {
		if len(page) == batch {
			p.seek = bytes.Clone(k)
			return page, nil
		}
		v, err := decode(k, value, p.bucket)
		if err != nil {
			return page, failure.Wrap(failure.Internal, op, err)
		}
		v.Latest = v.Key != p.lastKey
		p.lastKey = v.Key
		if !p.newestOnly || !v.Deleted {
			page = append(page, v)
		}
	}
	p.done = true
	return page, nil
}

// step goes to the next entry, or the first of the next key.
func (p *position) step(c *bbolt.Cursor, k []byte) (key, value []byte) {
	if !p.newestOnly {
		return c.Next()
	}
	key, _ = splitKeyBytes(k)
	return c.Seek(append(key, pastKey...))
}

// splitKeyBytes gives an entry's escaped key, as a copy, and its version part.
func splitKeyBytes(k []byte) (key, version []byte) {
	at := len(k) - versionSize
	return bytes.Clone(k[:at-len(endOfKey)]), k[at:]
}
