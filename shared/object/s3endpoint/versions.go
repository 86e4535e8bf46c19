package s3endpoint

import (
	"io"

	"github.com/johannesboyne/gofakes3"

	"github.com/carerecord/carerecord/shared/object"
)

// accessDenied is for one object of many; gofakes3 has no such code.
const accessDenied gofakes3.ErrorCode = "AccessDenied"

// VersioningConfiguration is "Enabled" for every bucket.
func (b *backend) VersioningConfiguration(string) (gofakes3.VersioningConfiguration, error) {
	return gofakes3.VersioningConfiguration{Status: gofakes3.VersioningEnabled}, nil
}

// SetVersioningConfiguration is refused before it is reached.
func (b *backend) SetVersioningConfiguration(string, gofakes3.VersioningConfiguration) error {
	return gofakes3.ErrNotImplemented
}

// HeadObjectVersion describes a version; an empty id is the newest.
func (b *backend) HeadObjectVersion(bucket, key string, version gofakes3.VersionID) (*gofakes3.Object, error) {
	if err := b.mustSee(bucket); err != nil {
		return nil, err
	}
	info, err := b.store.Head(b.ctx(), object.Ref{Bucket: bucket, Key: key, Version: string(version)})
	if err != nil {
		return nil, s3Error(err, missing(version))
	}
	return b.describe(info)
}

// GetObjectVersion opens a version, or a range of its bytes.
func (b *backend) GetObjectVersion(bucket, key string, version gofakes3.VersionID, want *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	obj, err := b.HeadObjectVersion(bucket, key, version)
	if err != nil {
		return nil, err
	}
	if obj.Range, err = want.Range(obj.Size); err != nil {
		return nil, err
	}
	var offset int64
	if obj.Range != nil {
		offset = obj.Range.Start
	}
	// By the version that was described: a newer one may have come meanwhile.
	body, _, err := b.store.Open(b.ctx(), b.last.Ref, offset)
	if err != nil {
		return nil, s3Error(err, missing(version))
	}
	obj.Contents = body
	if obj.Range != nil {
		obj.Contents = limited{io.LimitReader(body, obj.Range.Length), body}
	}
	return obj, nil
}

type limited struct {
	io.Reader
	io.Closer
}

func missing(version gofakes3.VersionID) gofakes3.ErrorCode {
	if version == "" {
		return gofakes3.ErrNoSuchKey
	}
	return gofakes3.ErrNoSuchVersion
}

// DeleteObjectVersion is refused before it is reached: what was stored stays.
func (b *backend) DeleteObjectVersion(string, string, gofakes3.VersionID) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, gofakes3.ErrNotImplemented
}

// DeleteMultiVersions hides the objects that are named without a version.
func (b *backend) DeleteMultiVersions(bucket string, objects ...gofakes3.ObjectID) (gofakes3.MultiDeleteResult, error) {
	var out gofakes3.MultiDeleteResult
	for _, o := range objects {
		if o.VersionID != "" && o.VersionID != "null" {
			out.Error = append(out.Error, gofakes3.ErrorResult{Key: o.Key, Code: accessDenied, Message: denied.Message})
			continue
		}
		if _, err := b.DeleteObject(bucket, o.Key); err != nil {
			result := gofakes3.ErrorResultFromError(err)
			result.Key = o.Key
			out.Error = append(out.Error, result)
			continue
		}
		out.Deleted = append(out.Deleted, gofakes3.ObjectID{Key: o.Key})
	}
	return out, nil
}
