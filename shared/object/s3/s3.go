// Package s3 is the object store on Amazon S3. It maps the port to GetObject,
// HeadObject, PutObject or a multipart upload, and ListObjectsV2 (Amazon S3
// API Reference, 2006-03-01).
//
// The bucket must have versioning enabled, and the caller s3:ListBucket on it:
// without that S3 answers 403, not 404, for a key that is not there. The
// package makes no bucket, deletes nothing, and keeps what S3 and the SDK say
// about a request out of its errors, for that can hold the key.
package s3

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/carerecord/carerecord/shared/object"
)

// Store is an object.Store on S3. It is safe for concurrent use.
type Store struct{ client *awss3.Client }

var _ object.Store = (*Store)(nil)

// New makes a store of a client, whose retries, region and endpoint it uses.
func New(client *awss3.Client) *Store { return &Store{client: client} }

// Head describes an object: see object.Store.
func (s *Store) Head(ctx context.Context, ref object.Ref) (object.Info, error) {
	const op = "s3.Head"
	if err := object.CheckKey(op, ref.Key); err != nil {
		return object.Info{}, err
	}
	out, err := s.client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &ref.Bucket, Key: &ref.Key, VersionId: optional(ref.Version)}, quiet)
	if err != nil {
		return object.Info{}, mapError(ctx, op, err)
	}
	return infoOf(ref, out.VersionId, out.ContentLength, out.ETag, out.ContentType, out.LastModified), nil
}

// List gives the newest versions: see object.Store.
func (s *Store) List(ctx context.Context, bucket, prefix string) iter.Seq2[object.Info, error] {
	return func(yield func(object.Info, error) bool) {
		pages := awss3.NewListObjectsV2Paginator(s.client, &awss3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx, quiet)
			if err != nil {
				yield(object.Info{}, mapError(ctx, "s3.List", err))
				return
			}
			for _, o := range page.Contents {
				ref := object.Ref{Bucket: bucket, Key: aws.ToString(o.Key)}
				if !yield(infoOf(ref, nil, o.Size, o.ETag, nil, o.LastModified), nil) {
					return
				}
			}
		}
	}
}

// Put stores a new version: see object.Store. Less than one part's size is sent
// at once, and no more than that is ever held in memory. S3's answer to a put has
// no time of modification, so a HeadObject of the new version follows.
func (s *Store) Put(ctx context.Context, bucket, key, contentType string, body io.Reader) (object.Info, error) {
	const op = "s3.Put"
	if err := object.CheckKey(op, key); err != nil {
		return object.Info{}, err
	}
	if contentType == "" {
		contentType = object.DefaultContentType
	}
	u := &upload{client: s.client, bucket: bucket, key: key, contentType: contentType, body: body}
	version, err := u.run(ctx)
	if err != nil {
		return object.Info{}, err
	}
	return s.Head(ctx, object.Ref{Bucket: bucket, Key: key, Version: version})
}

// infoOf brings what S3 tells to the port's form. A header tells the time of
// modification in seconds and a listing may tell more: the port sees seconds.
func infoOf(ref object.Ref, version *string, size *int64, etag, contentType *string, modified *time.Time) object.Info {
	if v := aws.ToString(version); v != "" && v != "null" {
		ref.Version = v
	}
	return object.Info{
		Ref: ref, Size: aws.ToInt64(size), ETag: aws.ToString(etag), ContentType: aws.ToString(contentType),
		Modified: aws.ToTime(modified).UTC().Truncate(time.Second),
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// quiet stops the SDK from logging that it did not check a checksum, which it
// cannot for a range or an object uploaded in parts.
func quiet(o *awss3.Options) { o.DisableLogOutputChecksumValidationSkipped = true }

// checkOpen refuses what S3 would refuse less clearly.
func checkOpen(op string, ref object.Ref, offset int64) error {
	if err := object.CheckKey(op, ref.Key); err != nil {
		return err
	}
	return object.CheckOffset(op, offset)
}

// emptyStream is what lies at or past the end of an object.
func emptyStream() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }
