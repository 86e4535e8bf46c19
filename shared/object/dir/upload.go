package dir

import (
	"cmp"
	"context"
	"crypto/md5" // an ETag is an MD5 by S3's definition; nothing is secured by it
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// MaxParts is the greatest number of a part (Amazon S3 User Guide, "Multipart
// upload limits").
const MaxParts = 10000

// completedKept is how many completed uploads are remembered, for a client
// that did not get the answer and completes again.
const completedKept = 1000

// Upload is an upload in parts that is under way. Uploads live as long as the
// process: after a stop the client begins anew.
type Upload struct {
	object.Ref  // Version is empty
	ID          string
	ContentType string
	Initiated   time.Time
}

// Part is one part of an upload.
type Part struct {
	Number   int
	Size     int64
	ETag     string // quoted MD5 of the part
	Modified time.Time

	file string
}

type uploads struct {
	mu        sync.Mutex
	open      map[string]*upload
	completed map[string]object.Info
	order     []string // ids of completed, oldest first
}

type upload struct {
	Upload
	completing sync.Mutex
	parts      map[int]Part // guarded by uploads.mu
}

// CreateUpload begins an upload in parts and gives its id.
func (s *Store) CreateUpload(ctx context.Context, bucket, key, contentType string) (string, error) {
	const op = "dir.CreateUpload"
	if err := s.writable(ctx, op, bucket, key); err != nil {
		return "", err
	}
	u := &upload{parts: map[int]Part{}, Upload: Upload{
		Ref: object.Ref{Bucket: bucket, Key: key}, ID: ulid.Make().String(),
		ContentType: cmp.Or(contentType, object.DefaultContentType), Initiated: s.now().UTC(),
	}}
	if err := os.Mkdir(s.staged(u.ID), 0o700); err != nil {
		return "", failure.Wrap(failure.Internal, op, bare(err))
	}
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	if s.uploads.open == nil {
		s.uploads.open, s.uploads.completed = map[string]*upload{}, map[string]object.Info{}
	}
	s.uploads.open[u.ID] = u
	return u.ID, nil
}

// PutPart stores a part, in place of an earlier one of the same number.
// NotFound when there is no such upload of the key, Invalid for a number
// outside 1 to MaxParts.
func (s *Store) PutPart(ctx context.Context, ref object.Ref, id string, number int, body io.Reader) (Part, error) {
	const op = "dir.PutPart"
	if number < 1 || number > MaxParts {
		return Part{}, failure.New(failure.Invalid, op, "part %d is not between 1 and %d", number, MaxParts)
	}
	if _, err := s.uploads.find(op, ref, id); err != nil {
		return Part{}, err
	}
	p := Part{Number: number, Modified: s.now().UTC(), file: ulid.Make().String()}
	path := filepath.Join(s.staged(id), p.file)
	size, sum, err := writeFile(ctx, path, body)
	if err != nil {
		return Part{}, failure.Wrap(failure.KindOf(err), op, err)
	}
	p.Size, p.ETag = size, quote(hex.EncodeToString(sum))
	replaced, err := s.uploads.setPart(op, ref, id, p)
	switch {
	case err != nil:
		_ = os.Remove(path) // else Open clears it
		return Part{}, err
	case replaced != "":
		_ = os.Remove(filepath.Join(s.staged(id), replaced))
	}
	return p, nil
}

// Complete makes the named parts, in this order, one new version of the
// object: no byte is copied. Parts that are not named are dropped. The same
// completion again gives the same version. NotFound when there is no such
// upload; Invalid when a part is not there or has another ETag.
func (s *Store) Complete(ctx context.Context, ref object.Ref, id string, named []Part, may Condition) (object.Info, error) {
	const op = "dir.Complete"
	u, err := s.uploads.find(op, ref, id)
	if err != nil {
		return s.uploads.again(ref, id, err)
	}
	u.completing.Lock()
	defer u.completing.Unlock()
	chosen, err := s.uploads.choose(op, ref, id, named)
	if err != nil {
		return s.uploads.again(ref, id, err)
	}
	body := ulid.Make().String()
	sizes, err := s.linkParts(id, body, chosen)
	if err != nil {
		return object.Info{}, failure.Wrap(failure.Internal, op, errors.Join(bare(err), bare(os.RemoveAll(s.staged(body)))))
	}
	e := entry{ETag: etagOf(chosen), Type: u.ContentType, Body: body}
	for _, n := range sizes {
		e.Size += n
	}
	info, err := s.commit(ctx, op, object.Ref{Bucket: ref.Bucket, Key: ref.Key}, e, sizes, may)
	if err != nil {
		return object.Info{}, err
	}
	s.uploads.close(id, &info)
	_ = os.RemoveAll(s.staged(id)) // else Open clears it
	return info, nil
}

// linkParts gives the parts a second name in a body's folder. The upload keeps
// its own until the version is visible, so a failed completion can be repeated.
func (s *Store) linkParts(id, body string, parts []Part) (sizes []int64, err error) {
	if err := os.Mkdir(s.staged(body), 0o700); err != nil {
		return nil, err
	}
	for i, p := range parts {
		if err := os.Link(filepath.Join(s.staged(id), p.file), filepath.Join(s.staged(body), partName(i+1))); err != nil {
			return nil, err
		}
		sizes = append(sizes, p.Size)
	}
	return sizes, syncDir(s.staged(body))
}

// etagOf gives the ETag of an object made of parts: the MD5 of their MD5s and
// their count, as S3 does.
func etagOf(parts []Part) string {
	h := md5.New()
	for _, p := range parts {
		sum, _ := hex.DecodeString(strings.Trim(p.ETag, `"`)) // we encoded it
		h.Write(sum)
	}
	return quote(fmt.Sprintf("%x-%d", h.Sum(nil), len(parts)))
}

// Abort drops an upload and its parts; NotFound when there is no such upload.
func (s *Store) Abort(_ context.Context, ref object.Ref, id string) error {
	const op = "dir.Abort"
	u, err := s.uploads.find(op, ref, id)
	if err != nil {
		return err
	}
	u.completing.Lock()
	defer u.completing.Unlock()
	if _, err := s.uploads.find(op, ref, id); err != nil {
		return err
	}
	s.uploads.close(id, nil)
	return failure.Wrap(failure.Internal, op, bare(os.RemoveAll(s.staged(id))))
}

// Parts gives the parts of an upload in order of number.
func (s *Store) Parts(_ context.Context, ref object.Ref, id string) ([]Part, error) {
	return s.uploads.list("dir.Parts", ref, id)
}

// Uploads gives the uploads under way in a bucket whose key has the prefix, in
// order of key and time.
func (s *Store) Uploads(ctx context.Context, bucket, prefix string) ([]Upload, error) {
	const op = "dir.Uploads"
	err := s.view(ctx, op, func(tx *bbolt.Tx) error {
		_, err := versionsOf(tx, op, bucket)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.uploads.mu.Lock()
	defer s.uploads.mu.Unlock()
	var out []Upload
	for _, u := range s.uploads.open {
		if u.Bucket == bucket && strings.HasPrefix(u.Key, prefix) {
			out = append(out, u.Upload)
		}
	}
	slices.SortFunc(out, func(a, b Upload) int { return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.ID, b.ID)) })
	return out, nil
}
