package s3endpoint

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
)

// backend is the store as one request sees it.
type backend struct {
	*endpoint
	r    *http.Request
	last *object.Info // the version that was read or written last
}

var (
	_ gofakes3.Backend          = (*backend)(nil)
	_ gofakes3.VersionedBackend = (*backend)(nil)
	_ gofakes3.MultipartBackend = (*backend)(nil)
)

func (b *backend) ctx() context.Context { return b.r.Context() }

// ListBuckets gives the buckets that clients may see.
func (b *backend) ListBuckets() ([]gofakes3.BucketInfo, error) {
	names, err := b.store.Buckets(b.ctx())
	if err != nil {
		return nil, s3Error(err, gofakes3.ErrInternal)
	}
	var out []gofakes3.BucketInfo
	for _, name := range names {
		if b.visible(name) {
			out = append(out, gofakes3.BucketInfo{Name: name, CreationDate: gofakes3.NewContentTime(b.started)})
		}
	}
	return out, nil
}

// BucketExists is false for a hidden bucket.
func (b *backend) BucketExists(name string) (bool, error) { return b.visible(name), nil }

// CreateBucket, DeleteBucket and ForceDeleteBucket are refused before they are
// reached.
func (b *backend) CreateBucket(string) error      { return gofakes3.ErrNotImplemented }
func (b *backend) DeleteBucket(string) error      { return gofakes3.ErrNotImplemented }
func (b *backend) ForceDeleteBucket(string) error { return gofakes3.ErrNotImplemented }

// HeadObject also serves HEAD of a version, for which gofakes3 asks no other.
func (b *backend) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	return b.HeadObjectVersion(bucket, key, gofakes3.VersionID(b.version()))
}

// version is the version that the request names: in the query, or in the
// source of a copy.
func (b *backend) version() string {
	q := b.r.URL.Query()
	if _, source, ok := strings.Cut(b.r.Header.Get("X-Amz-Copy-Source"), "?"); ok {
		q, _ = url.ParseQuery(source) // what cannot be read names no version
	}
	if v := q.Get("versionId"); v != "null" {
		return v
	}
	return ""
}

// GetObject opens the newest version.
func (b *backend) GetObject(bucket, key string, want *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	return b.GetObjectVersion(bucket, key, "", want)
}

// describe gives gofakes3's form of a version, and compares the conditions of
// the request that gofakes3 does not know or knows by its own ETag only.
func (b *backend) describe(info object.Info) (*gofakes3.Object, error) {
	b.last = &info
	h := b.r.Header
	if want := h.Get("If-Match"); want != "" && want != "*" && !sameETag(want, info.ETag) {
		return nil, gofakes3.ErrPreconditionFailed
	}
	sum, _, _ := strings.Cut(strings.Trim(info.ETag, `"`), "-")
	hash, err := hex.DecodeString(sum)
	if err != nil {
		return nil, gofakes3.ErrInternal
	}
	if sameETag(h.Get("If-None-Match"), info.ETag) {
		h.Set("If-None-Match", `"`+sum+`"`)
	}
	return &gofakes3.Object{
		Name: info.Key, Size: info.Size, Hash: hash, VersionID: gofakes3.VersionID(info.Version),
		Metadata: map[string]string{"Content-Type": info.ContentType, "Last-Modified": info.Modified.Format(http.TimeFormat)},
		Contents: http.NoBody,
	}, nil
}

func sameETag(a, b string) bool { return strings.Trim(a, `"`) == strings.Trim(b, `"`) }

// PutObject stores a new version. Its body has been decoded and fails when its
// length or checksum is wrong.
func (b *backend) PutObject(bucket, key string, meta map[string]string, body io.Reader, _ int64, conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	info, err := b.store.PutIf(b.ctx(), bucket, key, meta["Content-Type"], body, conditionOf(conditions))
	if err != nil {
		return gofakes3.PutObjectResult{}, s3Error(err, gofakes3.ErrNoSuchBucket)
	}
	b.last = &info
	return gofakes3.PutObjectResult{VersionID: gofakes3.VersionID(info.Version)}, nil
}

// conditionOf is a conditional write (Amazon S3 User Guide, "How to prevent
// object overwrites with conditional writes"): If-None-Match takes only "*".
func conditionOf(c *gofakes3.PutConditions) dir.Condition {
	if c == nil {
		return nil
	}
	return func(newest *object.Info) error {
		switch {
		case c.IfNoneMatch != nil && *c.IfNoneMatch != "*":
			return gofakes3.ErrNotImplemented
		case c.IfNoneMatch != nil && newest != nil:
			return gofakes3.ErrPreconditionFailed
		case c.IfMatch != nil && newest == nil:
			return gofakes3.ErrNoSuchKey
		case c.IfMatch != nil && !sameETag(*c.IfMatch, newest.ETag):
			return gofakes3.ErrPreconditionFailed
		}
		return nil
	}
}

// CopyObject copies a version within what clients may see.
func (b *backend) CopyObject(fromBucket, fromKey, toBucket, toKey string, meta map[string]string) (gofakes3.CopyObjectResult, error) {
	if err := b.mustSee(fromBucket); err != nil {
		return gofakes3.CopyObjectResult{}, err
	}
	body, _, err := b.store.Open(b.ctx(), object.Ref{Bucket: fromBucket, Key: fromKey, Version: b.version()}, 0)
	if err != nil {
		return gofakes3.CopyObjectResult{}, s3Error(err, gofakes3.ErrNoSuchKey)
	}
	defer body.Close()
	info, err := b.store.Put(b.ctx(), toBucket, toKey, meta["Content-Type"], body)
	if err != nil {
		return gofakes3.CopyObjectResult{}, s3Error(err, gofakes3.ErrNoSuchBucket)
	}
	b.last = &info
	return gofakes3.CopyObjectResult{ETag: info.ETag, LastModified: gofakes3.NewContentTime(info.Modified)}, nil
}

// DeleteObject hides the object behind a delete marker.
func (b *backend) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	info, err := b.store.Delete(b.ctx(), bucket, key)
	if err != nil {
		return gofakes3.ObjectDeleteResult{}, s3Error(err, gofakes3.ErrNoSuchBucket)
	}
	return gofakes3.ObjectDeleteResult{IsDeleteMarker: true, VersionID: gofakes3.VersionID(info.Version)}, nil
}

// DeleteMulti hides several objects.
func (b *backend) DeleteMulti(bucket string, keys ...string) (gofakes3.MultiDeleteResult, error) {
	objects := make([]gofakes3.ObjectID, len(keys))
	for i, k := range keys {
		objects[i].Key = k
	}
	return b.DeleteMultiVersions(bucket, objects...)
}
