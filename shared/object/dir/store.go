// Package dir keeps objects in a folder: the object store of the local region.
// It behaves as a versioned S3 bucket does, durably and in one process.
//
// Bodies are files named by opaque ids under bodies/; what they are called,
// in which bucket, which version and how large, stands in index.db (bbolt). So
// any S3 key is safe, no file name says anything about a patient, a listing
// reads no body and is in key order, and one transaction makes a version
// visible. What is being written lies in staging/ and is thrown away at Open.
//
// A version is never changed. Delete only hides (a delete marker, as in S3);
// Expire alone removes bytes. Nothing here knows the S3 protocol: that is
// object/s3endpoint.
package dir

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// lockWait is how long Open waits for another process to let go of the folder.
const lockWait = 2 * time.Second

// Store is an object.Store in a folder. It is safe for concurrent use, by one
// process at a time.
type Store struct {
	root string
	db   *bbolt.DB
	now  func() time.Time

	uploads uploads
	events  events
}

var _ object.Store = (*Store)(nil)

// Open opens the store in the folder root, which is made when it is not there,
// with at least the named buckets, and clears what a stop left half written.
// It gives failure.Unavailable when another process has the folder open.
func Open(root string, buckets ...string) (*Store, error) {
	const op = "dir.Open"
	for _, d := range []string{root, filepath.Join(root, "staging"), filepath.Join(root, "bodies")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, failure.Wrap(failure.Internal, op, err)
		}
	}
	db, err := bbolt.Open(filepath.Join(root, "index.db"), 0o600, &bbolt.Options{Timeout: lockWait})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, failure.New(failure.Unavailable, op, "another process has the folder open")
	}
	if err != nil {
		return nil, failure.Wrap(failure.Internal, op, err)
	}
	s := &Store{root: root, db: db, now: time.Now}
	if err := s.prepare(buckets); err != nil {
		return nil, failure.Wrap(failure.Internal, op, errors.Join(err, db.Close()))
	}
	return s, nil
}

func (s *Store) prepare(buckets []string) error {
	if err := s.db.Update(func(tx *bbolt.Tx) error { return createBuckets(tx, buckets) }); err != nil {
		return err
	}
	return s.recover()
}

// Close waits for transactions and lets the folder go. Calls that come later
// fail; streams that are open can still be read.
func (s *Store) Close() error {
	return failure.Wrap(failure.Internal, "dir.Close", s.db.Close())
}

// Buckets gives the names of the buckets in order.
func (s *Store) Buckets(ctx context.Context) ([]string, error) {
	var names []string
	err := s.view(ctx, "dir.Buckets", func(tx *bbolt.Tx) error {
		return tx.Bucket(objectsBucket).ForEachBucket(func(name []byte) error {
			names = append(names, string(name))
			return nil
		})
	})
	return names, err
}

// view and update run one transaction. An error of a known kind passes with
// its kind; any other is the engine's and is Internal.
func (s *Store) view(ctx context.Context, op string, f func(*bbolt.Tx) error) error {
	if ctx.Err() != nil {
		return failure.Wrap(failure.Unavailable, op, ctx.Err())
	}
	return s.kind(op, s.db.View(f))
}

func (s *Store) update(ctx context.Context, op string, f func(*bbolt.Tx) error) error {
	if ctx.Err() != nil {
		return failure.Wrap(failure.Unavailable, op, ctx.Err())
	}
	return s.kind(op, s.db.Update(f))
}

func (s *Store) kind(op string, err error) error {
	var known *failure.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return failure.Wrap(failure.Unavailable, op, err)
	}
	return failure.Wrap(failure.Internal, op, bare(err))
}

// pathOf gives where the body of an id lies. The first five characters of a
// ULID change every nine hours: folders stay few and of a bounded size.
func (s *Store) pathOf(body string) string {
	return filepath.Join(s.root, "bodies", body[:5], body)
}

func (s *Store) staged(id string) string { return filepath.Join(s.root, "staging", id) }
