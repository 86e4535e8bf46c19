package dir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// Head describes an object: see object.Store.
func (s *Store) Head(ctx context.Context, ref object.Ref) (object.Info, error) {
	const op = "dir.Head"
	v, _, err := s.find(ctx, op, ref)
	if err != nil {
		return object.Info{}, err
	}
	return v.Info, nil
}

// Open streams an object from a byte offset: see object.Store. A version
// whose body has since expired gives failure.NotFound.
func (s *Store) Open(ctx context.Context, ref object.Ref, offset int64) (io.ReadCloser, object.Info, error) {
	const op = "dir.Open"
	if err := object.CheckOffset(op, offset); err != nil {
		return nil, object.Info{}, err
	}
	v, parts, err := s.find(ctx, op, ref)
	if err != nil {
		return nil, object.Info{}, err
	}
	b := &bodyReader{ctx: ctx, path: s.pathOf(v.body), parts: parts}
	if err := b.seek(offset); err != nil {
		kind := failure.Internal
		if errors.Is(err, os.ErrNotExist) {
			kind = failure.NotFound
		}
		return nil, object.Info{}, failure.Wrap(kind, op, bare(err))
	}
	return b, v.Info, nil
}

// find looks a version up. A delete marker is not found, as the newest
// version and by its own id.
func (s *Store) find(ctx context.Context, op string, ref object.Ref) (v *Version, parts []int64, err error) {
	if err := object.CheckKey(op, ref.Key); err != nil {
		return nil, nil, err
	}
	err = s.view(ctx, op, func(tx *bbolt.Tx) error {
		b, err := versionsOf(tx, op, ref.Bucket)
		if err != nil {
			return err
		}
		if v, err = lookUp(b, ref); err != nil {
			return err
		}
		if v == nil || v.Deleted {
			return failure.New(failure.NotFound, op, "no such object or version")
		}
		parts, err = partsOf(tx, v.body)
		return err
	})
	return v, parts, err
}

// lookUp gives the version that a ref names, delete marker or not; nil if none.
func lookUp(b *bbolt.Bucket, ref object.Ref) (*Version, error) {
	if ref.Version == "" {
		return newest(b, ref.Bucket, ref.Key)
	}
	id, err := ulid.ParseStrict(ref.Version)
	if err != nil {
		return nil, nil // no version id of ours: no such version
	}
	k := entryKey(ref.Key, id)
	value := b.Get(k)
	if value == nil {
		return nil, nil
	}
	v, err := decode(k, value, ref.Bucket)
	return &v, err
}

func partsOf(tx *bbolt.Tx, body string) (parts []int64, err error) {
	if value := tx.Bucket(bodiesBucket).Get([]byte(body)); len(value) > 0 {
		err = json.Unmarshal(value, &parts)
	}
	return parts, err
}

// bodyReader reads a body: one file, or a folder of parts that are read one
// after the other.
type bodyReader struct {
	ctx   context.Context
	path  string
	parts []int64 // sizes; none for one file
	next  int     // the part to open when the open one ends
	file  *os.File
}

// seek opens the body at an offset.
func (b *bodyReader) seek(offset int64) error {
	if len(b.parts) == 0 {
		return b.openFile(b.path, offset)
	}
	for b.next < len(b.parts) && offset >= b.parts[b.next] {
		offset -= b.parts[b.next]
		b.next++
	}
	if b.next == len(b.parts) {
		return nil
	}
	return b.openPart(offset)
}

func (b *bodyReader) openPart(offset int64) error {
	b.next++
	return b.openFile(filepath.Join(b.path, partName(b.next)), offset)
}

func (b *bodyReader) openFile(path string, offset int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return errors.Join(err, f.Close())
	}
	b.file = f
	return nil
}

func partName(n int) string { return fmt.Sprintf("%05d", n) }

// Read gives the next bytes of the body; it fails when the context has ended.
func (b *bodyReader) Read(p []byte) (int, error) {
	const op = "dir.Read"
	for {
		if err := b.ctx.Err(); err != nil {
			return 0, failure.Wrap(failure.Unavailable, op, err)
		}
		if b.file == nil {
			return 0, io.EOF
		}
		n, err := b.file.Read(p)
		if n > 0 || err == nil {
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			return 0, failure.Wrap(failure.Internal, op, bare(err))
		}
		if err := b.advance(); err != nil {
			return 0, failure.Wrap(failure.Internal, op, bare(err))
		}
	}
}

func (b *bodyReader) advance() error {
	err := b.Close()
	if err == nil && b.next < len(b.parts) {
		err = b.openPart(0)
	}
	return err
}

// Close lets the file go. Closing twice is harmless.
func (b *bodyReader) Close() error {
	if b.file == nil {
		return nil
	}
	f := b.file
	b.file = nil
	return failure.Wrap(failure.Internal, "dir.Close", bare(f.Close()))
}
