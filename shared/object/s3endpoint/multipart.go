package s3endpoint

import (
	"io"

	"github.com/johannesboyne/gofakes3"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
)

// CreateMultipartUpload begins an upload in parts.
func (b *backend) CreateMultipartUpload(bucket, key string, meta map[string]string) (gofakes3.UploadID, error) {
	id, err := b.store.CreateUpload(b.ctx(), bucket, key, meta["Content-Type"])
	if err != nil {
		return "", s3Error(err, gofakes3.ErrNoSuchBucket)
	}
	return gofakes3.UploadID(id), nil
}

// UploadPart stores a part on disk and gives its ETag.
func (b *backend) UploadPart(bucket, key string, id gofakes3.UploadID, number int, _ int64, body io.Reader) (string, error) {
	p, err := b.store.PutPart(b.ctx(), object.Ref{Bucket: bucket, Key: key}, string(id), number, body)
	if err != nil {
		return "", s3Error(err, gofakes3.ErrNoSuchUpload)
	}
	return p.ETag, nil
}

// AbortMultipartUpload drops an upload.
func (b *backend) AbortMultipartUpload(bucket, key string, id gofakes3.UploadID) error {
	if err := b.store.Abort(b.ctx(), object.Ref{Bucket: bucket, Key: key}, string(id)); err != nil {
		return s3Error(err, gofakes3.ErrNoSuchUpload)
	}
	return nil
}

// CompleteMultipartUpload makes the parts one version, under the conditions of
// the request.
func (b *backend) CompleteMultipartUpload(bucket, key string, id gofakes3.UploadID, in *gofakes3.CompleteMultipartUploadRequest) (gofakes3.VersionID, string, error) {
	parts := make([]dir.Part, len(in.Parts))
	for i, p := range in.Parts {
		if i > 0 && p.PartNumber <= in.Parts[i-1].PartNumber {
			return "", "", gofakes3.ErrInvalidPartOrder
		}
		parts[i] = dir.Part{Number: p.PartNumber, ETag: p.ETag}
	}
	info, err := b.store.Complete(b.ctx(), object.Ref{Bucket: bucket, Key: key}, string(id), parts, conditionOf(b.conditions()))
	if failure.Is(err, failure.Invalid) {
		return "", "", gofakes3.ErrInvalidPart
	}
	if err != nil {
		return "", "", s3Error(err, gofakes3.ErrNoSuchUpload)
	}
	b.last = &info
	return gofakes3.VersionID(info.Version), info.ETag, nil
}

// conditions reads the headers that gofakes3 reads for a simple put only.
func (b *backend) conditions() *gofakes3.PutConditions {
	var c gofakes3.PutConditions
	if v := b.r.Header.Get("If-None-Match"); v != "" {
		c.IfNoneMatch = &v
	}
	if v := b.r.Header.Get("If-Match"); v != "" {
		c.IfMatch = &v
	}
	return &c
}

// ListParts gives a page of an upload's parts.
func (b *backend) ListParts(bucket, key string, id gofakes3.UploadID, marker int, limit int64) (*gofakes3.ListMultipartUploadPartsResult, error) {
	parts, err := b.store.Parts(b.ctx(), object.Ref{Bucket: bucket, Key: key}, string(id))
	if err != nil {
		return nil, s3Error(err, gofakes3.ErrNoSuchUpload)
	}
	out := &gofakes3.ListMultipartUploadPartsResult{Bucket: bucket, Key: key, UploadID: id, PartNumberMarker: marker, MaxParts: limit}
	for _, p := range parts {
		if p.Number <= marker {
			continue
		}
		if int64(len(out.Parts)) == limit {
			out.IsTruncated = true
			break
		}
		out.NextPartNumberMarker = p.Number
		out.Parts = append(out.Parts, gofakes3.ListMultipartUploadPartItem{PartNumber: p.Number, ETag: p.ETag, Size: p.Size, LastModified: gofakes3.NewContentTime(p.Modified)})
	}
	return out, nil
}

// ListMultipartUploads gives a page of the uploads under way. There are few:
// they live in this process, and delimiters are not rolled up.
func (b *backend) ListMultipartUploads(bucket string, marker *gofakes3.UploadListMarker, prefix gofakes3.Prefix, limit int64) (*gofakes3.ListMultipartUploadsResult, error) {
	open, err := b.store.Uploads(b.ctx(), bucket, prefix.Prefix)
	if err != nil {
		return nil, s3Error(err, gofakes3.ErrNoSuchBucket)
	}
	out := &gofakes3.ListMultipartUploadsResult{Bucket: bucket, Prefix: prefix.Prefix, MaxUploads: limit}
	if marker != nil {
		out.KeyMarker, out.UploadIDMarker = marker.Object, marker.UploadID
	}
	for _, u := range open {
		if marker != nil && !behind(u, marker) {
			continue
		}
		if int64(len(out.Uploads)) == limit {
			out.IsTruncated = true
			break
		}
		out.NextKeyMarker, out.NextUploadIDMarker = u.Key, gofakes3.UploadID(u.ID)
		out.Uploads = append(out.Uploads, gofakes3.ListMultipartUploadItem{Key: u.Key, UploadID: gofakes3.UploadID(u.ID), Initiated: gofakes3.NewContentTime(u.Initiated)})
	}
	return out, nil
}

func behind(u dir.Upload, m *gofakes3.UploadListMarker) bool {
	return u.Key > m.Object || u.Key == m.Object && m.UploadID != "" && u.ID > string(m.UploadID)
}
