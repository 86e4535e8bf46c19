package dir

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// Delete hides an object behind a delete marker, whether the key exists or
// not, and gives the marker. Every version stays and can be opened by its id
// (Amazon S3 User Guide, "Working with delete markers").
func (s *Store) Delete(ctx context.Context, bucket, key string) (object.Info, error) {
	const op = "dir.Delete"
	if err := object.CheckKey(op, key); err != nil {
		return object.Info{}, err
	}
	var info object.Info
	err := s.update(ctx, op, func(tx *bbolt.Tx) (err error) {
		info, err = s.insert(tx, op, object.Ref{Bucket: bucket, Key: key}, entry{Deleted: true}, nil, nil)
		return err
	})
	return info, err
}

// Expire removes for good every version in a bucket that is older than the
// instant, as a lifecycle rule of S3 does, and gives how many went. It is for
// what can be made again (chunks of a delivery), never for raw files.
func (s *Store) Expire(ctx context.Context, bucket string, before time.Time) (int, error) {
	total := 0
	for {
		n, err := s.expireSome(ctx, bucket, before)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

// expireSome forgets a batch of versions and then removes their bodies. A stop
// between the two leaves bodies without an owner, which Open clears.
func (s *Store) expireSome(ctx context.Context, bucket string, before time.Time) (int, error) {
	const op = "dir.Expire"
	var keys [][]byte
	var bodies []string
	err := s.update(ctx, op, func(tx *bbolt.Tx) error {
		b, err := versionsOf(tx, op, bucket)
		if err != nil {
			return err
		}
		if keys, bodies, err = older(b, before); err != nil {
			return err
		}
		for _, k := range keys {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		for _, body := range bodies {
			if err := tx.Bucket(bodiesBucket).Delete([]byte(body)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	var removed error
	for _, body := range bodies {
		removed = errors.Join(removed, bare(os.RemoveAll(s.pathOf(body))))
	}
	return len(keys), failure.Wrap(failure.Internal, op, removed)
}

func older(b *bbolt.Bucket, before time.Time) (keys [][]byte, bodies []string, err error) {
	limit := ulid.Timestamp(before)
	c := b.Cursor()
	for k, value := c.First(); k != nil && len(keys) < batch; k, value = c.Next() {
		_, id := splitKey(k)
		if id.Time() >= limit {
			continue
		}
		v, err := decode(k, value, "")
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, bytes.Clone(k))
		if v.body != "" {
			bodies = append(bodies, v.body)
		}
	}
	return keys, bodies, nil
}
