package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/carerecord/carerecord/shared/failure"
)

const (
	// PartSize is the size of the parts of a multipart upload, and the limit
	// up to which an object goes in one request. S3 takes 10,000 parts, so an
	// object may have 78 GiB.
	PartSize = 8 << 20
	maxParts = 10000

	// abortWait is how long a failed upload may try to take its parts back.
	abortWait = 30 * time.Second
)

// buffers keeps part buffers between puts.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// upload is one Put. It sends one part at a time, so that memory is one part
// whatever the size of the object.
type upload struct {
	client                   *awss3.Client
	bucket, key, contentType string
	body                     io.Reader
}

// run stores the body and gives the version it made.
func (u *upload) run(ctx context.Context) (version string, err error) {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	more, err := u.next(ctx, buf)
	if err != nil {
		return "", err
	}
	if !more {
		return u.single(ctx, buf)
	}
	return u.multipart(ctx, buf)
}

// next reads the next part; more is false when the body ended within it.
func (u *upload) next(ctx context.Context, buf *bytes.Buffer) (more bool, err error) {
	const op = "s3.Put"
	if ctx.Err() != nil {
		return false, failure.Wrap(failure.Unavailable, op, ctx.Err())
	}
	buf.Reset()
	_, err = io.CopyN(buf, u.body, PartSize)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, io.EOF):
		return false, nil
	}
	return false, failure.Wrap(failure.KindOf(err), op, err)
}

func (u *upload) single(ctx context.Context, buf *bytes.Buffer) (string, error) {
	out, err := u.client.PutObject(ctx, &awss3.PutObjectInput{
		Bucket: &u.bucket, Key: &u.key, ContentType: &u.contentType,
		Body: bytes.NewReader(buf.Bytes()), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	})
	if err != nil {
		return "", mapError(ctx, "s3.Put", err)
	}
	return aws.ToString(out.VersionId), nil
}

// multipart sends the first part, which is in buf, and those that follow. When
// anything fails the upload is aborted, also when the context has ended.
func (u *upload) multipart(ctx context.Context, buf *bytes.Buffer) (version string, err error) {
	const op = "s3.Put"
	out, err := u.client.CreateMultipartUpload(ctx, &awss3.CreateMultipartUploadInput{
		Bucket: &u.bucket, Key: &u.key, ContentType: &u.contentType, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	})
	if err != nil {
		return "", mapError(ctx, op, err)
	}
	defer func() {
		if err != nil {
			u.abort(ctx, out.UploadId)
		}
	}()
	parts, err := u.parts(ctx, out.UploadId, buf)
	if err != nil {
		return "", err
	}
	done, err := u.client.CompleteMultipartUpload(ctx, &awss3.CompleteMultipartUploadInput{
		Bucket: &u.bucket, Key: &u.key, UploadId: out.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if err != nil {
		return "", mapError(ctx, op, err)
	}
	return aws.ToString(done.VersionId), nil
}

func (u *upload) parts(ctx context.Context, id *string, buf *bytes.Buffer) (parts []types.CompletedPart, err error) {
	const op = "s3.Put"
	more := true
	for buf.Len() > 0 {
		if len(parts) == maxParts {
			return nil, failure.New(failure.TooLarge, op, "the object has more than %d parts of %d bytes", maxParts, PartSize)
		}
		number := int32(len(parts) + 1)
		out, err := u.client.UploadPart(ctx, &awss3.UploadPartInput{
			Bucket: &u.bucket, Key: &u.key, UploadId: id, PartNumber: &number,
			Body: bytes.NewReader(buf.Bytes()), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		})
		if err != nil {
			return nil, mapError(ctx, op, err)
		}
		parts = append(parts, types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
		if !more {
			break
		}
		if more, err = u.next(ctx, buf); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// abort takes the parts back. Should it fail, the bucket's lifecycle rule for
// incomplete uploads does: the object itself is not there in either case.
func (u *upload) abort(ctx context.Context, id *string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortWait)
	defer cancel()
	_, _ = u.client.AbortMultipartUpload(ctx, &awss3.AbortMultipartUploadInput{Bucket: &u.bucket, Key: &u.key, UploadId: id})
}
