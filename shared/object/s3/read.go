package s3

import (
	"context"
	"errors"
	"fmt"
	"io"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// resumes is how often in a row a stream is opened anew without a byte coming.
const resumes = 3

// Open streams an object from a byte offset: see object.Store. A connection
// that breaks is opened again at the byte it broke at, of the same version:
// S3 drops connections of readers that pause.
func (s *Store) Open(ctx context.Context, ref object.Ref, offset int64) (io.ReadCloser, object.Info, error) {
	const op = "s3.Open"
	if err := checkOpen(op, ref, offset); err != nil {
		return nil, object.Info{}, err
	}
	out, err := s.get(ctx, ref, offset)
	if pastEnd(err) {
		info, err := s.Head(ctx, ref)
		return emptyStream(), info, err
	}
	if err != nil {
		return nil, object.Info{}, mapError(ctx, op, err)
	}
	size := *out.ContentLength + offset
	info := infoOf(ref, out.VersionId, &size, out.ETag, out.ContentType, out.LastModified)
	return &stream{ctx: ctx, store: s, info: info, at: offset, body: out.Body}, info, nil
}

// get asks for the bytes from an offset. The whole object has no range: S3
// refuses every range of an empty one.
func (s *Store) get(ctx context.Context, ref object.Ref, offset int64) (*awss3.GetObjectOutput, error) {
	in := &awss3.GetObjectInput{Bucket: &ref.Bucket, Key: &ref.Key, VersionId: optional(ref.Version)}
	if offset > 0 {
		r := fmt.Sprintf("bytes=%d-", offset)
		in.Range = &r
	}
	out, err := s.client.GetObject(ctx, in, quiet)
	if err == nil && out.ContentLength == nil {
		return nil, errors.Join(errors.New("S3 tells no length"), out.Body.Close())
	}
	return out, err
}

func pastEnd(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "InvalidRange"
}

// stream reads a version from at to its end.
type stream struct {
	ctx    context.Context
	store  *Store
	info   object.Info
	at     int64
	body   io.ReadCloser
	err    error // came with the last bytes
	broken int   // breaks since the last byte
}

// Read gives the next bytes. It ends where the version ends and nowhere else.
func (s *stream) Read(p []byte) (int, error) {
	for {
		if err := s.ctx.Err(); err != nil {
			return 0, failure.Wrap(failure.Unavailable, "s3.Read", err)
		}
		n, err := 0, s.err
		if err == nil {
			n, err = s.body.Read(p)
		}
		s.at += int64(n)
		if n > 0 {
			s.err, s.broken = err, 0
			return n, nil
		}
		switch {
		case err == nil:
			return 0, nil
		case errors.Is(err, io.EOF) && s.at == s.info.Size:
			return 0, io.EOF
		}
		if err := s.resume(); err != nil {
			return 0, err
		}
	}
}

// resume opens the stream anew. A break after the last byte is not a broken
// connection but a checksum that does not fit, and stays an error.
func (s *stream) resume() error {
	const op = "s3.Read"
	s.broken++
	if s.ctx.Err() != nil {
		return failure.Wrap(failure.Unavailable, op, s.ctx.Err())
	}
	if s.at >= s.info.Size || s.broken > resumes {
		return failure.New(failure.Unavailable, op, "the stream broke off at byte %d of %d", s.at, s.info.Size)
	}
	_ = s.body.Close() // it is broken already
	s.body, s.err = emptyStream(), nil
	out, err := s.store.get(s.ctx, s.info.Ref, s.at)
	if err != nil {
		return mapError(s.ctx, op, err)
	}
	if out.ETag == nil || *out.ETag != s.info.ETag {
		_ = out.Body.Close()
		return failure.New(failure.Unavailable, op, "the object changed while it was read")
	}
	s.body = out.Body
	return nil
}

// Close lets the connection go.
func (s *stream) Close() error {
	if s.body.Close() != nil {
		return failure.New(failure.Unavailable, "s3.Close", "the stream did not close")
	}
	return nil
}
