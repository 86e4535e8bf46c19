package dir

import (
	"cmp"
	"context"
	"crypto/md5" // an ETag is an MD5 by S3's definition; nothing is secured by it
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// A Condition says whether a put may go ahead. It sees the newest version of
// the key, nil when there is none or it is a delete marker; no other put of
// the key comes between it and the new version. Its error becomes the put's.
type Condition func(newest *object.Info) error

// Put stores a new version: see object.Store. The body is on the disk before
// the version is visible.
func (s *Store) Put(ctx context.Context, bucket, key, contentType string, body io.Reader) (object.Info, error) {
	return s.PutIf(ctx, bucket, key, contentType, body, nil)
}

// PutIf is Put under a condition, which may be nil.
func (s *Store) PutIf(ctx context.Context, bucket, key, contentType string, body io.Reader, may Condition) (object.Info, error) {
	const op = "dir.Put"
	if err := s.writable(ctx, op, bucket, key); err != nil {
		return object.Info{}, err
	}
	id := ulid.Make().String()
	size, sum, err := writeFile(ctx, s.staged(id), body)
	if err != nil {
		return object.Info{}, failure.Wrap(failure.KindOf(err), op, err)
	}
	e := entry{Size: size, ETag: quote(hex.EncodeToString(sum)), Type: cmp.Or(contentType, object.DefaultContentType), Body: id}
	return s.commit(ctx, op, object.Ref{Bucket: bucket, Key: key}, e, nil, may)
}

func quote(s string) string { return `"` + s + `"` }

// writable refuses early what would be refused after the whole body was read.
func (s *Store) writable(ctx context.Context, op, bucket, key string) error {
	if err := object.CheckKey(op, key); err != nil {
		return err
	}
	return s.view(ctx, op, func(tx *bbolt.Tx) error {
		_, err := versionsOf(tx, op, bucket)
		return err
	})
}

// writeFile copies a body to a new file and syncs it. When anything fails
// there is no file.
func writeFile(ctx context.Context, path string, body io.Reader) (size int64, sum []byte, err error) {
	const op = "dir.writeFile"
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, nil, failure.Wrap(failure.Internal, op, bare(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	h := md5.New()
	size, err = io.Copy(io.MultiWriter(f, h), &contextReader{ctx, body})
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return size, h.Sum(nil), failure.Wrap(failure.KindOf(err), op, bare(err))
}

// commit moves a staged body to its place and makes its version visible. It
// runs the bucket's hook before it returns. When it fails the body is gone.
func (s *Store) commit(ctx context.Context, op string, ref object.Ref, e entry, parts []int64, may Condition) (object.Info, error) {
	if err := s.place(e.Body); err != nil {
		return object.Info{}, failure.Wrap(failure.Internal, op, errors.Join(err, bare(os.RemoveAll(s.staged(e.Body)))))
	}
	var info object.Info
	var watched, decided bool
	defer func() { s.events.release(info.Version) }()
	err := s.update(ctx, op, func(tx *bbolt.Tx) (err error) {
		if info, err = s.insert(tx, op, ref, e, parts, may); err != nil {
			return err
		}
		watched, err = s.enqueue(tx, info)
		decided = err == nil
		return err
	})
	switch {
	case err == nil && watched:
		s.notify(ctx, info)
	case err != nil && !decided:
		_ = os.RemoveAll(s.pathOf(e.Body)) // else Open clears it
	}
	// When the engine itself failed after our part was decided, its error does
	// not say whether the disk has the version: the body stays, and Open
	// judges it by the index.
	if err != nil {
		return object.Info{}, err
	}
	return info, nil
}

func (s *Store) insert(tx *bbolt.Tx, op string, ref object.Ref, e entry, parts []int64, may Condition) (object.Info, error) {
	b, err := versionsOf(tx, op, ref.Bucket)
	if err != nil {
		return object.Info{}, err
	}
	if may != nil {
		if err := s.ask(b, ref, may); err != nil {
			return object.Info{}, err
		}
	}
	v, err := nextVersion(tx, s.now())
	if err != nil {
		return object.Info{}, err
	}
	value, err := json.Marshal(e)
	if err != nil {
		return object.Info{}, err
	}
	if e.Body != "" {
		if err := putParts(tx, e.Body, parts); err != nil {
			return object.Info{}, err
		}
	}
	return infoOf(ref.Bucket, ref.Key, v, e), b.Put(entryKey(ref.Key, v), value)
}

func (s *Store) ask(b *bbolt.Bucket, ref object.Ref, may Condition) error {
	v, err := newest(b, ref.Bucket, ref.Key)
	if err != nil {
		return err
	}
	if v == nil || v.Deleted {
		return may(nil)
	}
	return may(&v.Info)
}

// putParts notes that a body is owned, and its parts when it is in parts.
func putParts(tx *bbolt.Tx, body string, parts []int64) error {
	value, err := json.Marshal(parts)
	if err != nil {
		return err
	}
	return tx.Bucket(bodiesBucket).Put([]byte(body), value)
}

// place moves a body (a file, or a folder of parts) from staging to bodies,
// for good: both folders are synced.
func (s *Store) place(body string) error {
	to := s.pathOf(body)
	shard := filepath.Dir(to)
	if err := os.Mkdir(shard, 0o700); err == nil {
		if err := syncDir(filepath.Dir(shard)); err != nil {
			return err
		}
	} else if !errors.Is(err, os.ErrExist) {
		return bare(err)
	}
	if err := os.Rename(s.staged(body), to); err != nil {
		return bare(err)
	}
	return syncDir(shard)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return bare(err)
	}
	return bare(errors.Join(d.Sync(), d.Close()))
}

// contextReader fails when its context has ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, failure.Wrap(failure.Unavailable, "dir.Read", err)
	}
	return c.r.Read(p)
}

// bare takes the path out of an error of the os package: where a region keeps
// its files is nobody's business in an answer or a log.
func bare(err error) error {
	var path *os.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
