package s3endpoint

import (
	"iter"
	"strings"

	"github.com/johannesboyne/gofakes3"

	"github.com/carerecord/carerecord/shared/object/dir"
)

// beyond sorts after every key with the prefix: no UTF-8 has a byte 0xff.
func beyond(prefix string) string { return prefix + "\xff" }

// rollUp gives the part of the key up to the first delimiter behind the prefix.
func rollUp(p gofakes3.Prefix, key string) (common string, ok bool) {
	if !p.HasDelimiter || !strings.HasPrefix(key, p.Prefix) {
		return "", false
	}
	before, _, ok := strings.Cut(key[len(p.Prefix):], p.Delimiter)
	return p.Prefix + before + p.Delimiter, ok
}

// items lists from a place on, and of the keys with a common prefix the first
// only: the rest is jumped over, so a page costs what it shows (Amazon S3 User Guide, "Organizing objects using
// prefixes").
func items(p gofakes3.Prefix, after dir.After, scan func(dir.After) iter.Seq2[dir.Version, error]) iter.Seq2[dir.Version, error] {
	if common, ok := rollUp(p, after.Key); ok && common == after.Key {
		after = dir.After{Key: beyond(common)}
	}
	return func(yield func(dir.Version, error) bool) {
		for again := true; again; {
			again = false
			for v, err := range scan(after) {
				if err != nil {
					yield(v, err)
					return
				}
				common, ok := rollUp(p, v.Key)
				if !yield(v, nil) {
					return
				}
				if ok {
					after, again = dir.After{Key: beyond(common)}, true
					break
				}
			}
		}
	}
}

func orZero(p *gofakes3.Prefix) gofakes3.Prefix {
	if p == nil {
		return gofakes3.Prefix{}
	}
	return *p
}

// ListBucket gives a page of the newest versions. NextMarker is the last key
// or common prefix of the page.
func (b *backend) ListBucket(bucket string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	p, out := orZero(prefix), gofakes3.NewObjectList()
	if page.MaxKeys <= 0 {
		return out, nil
	}
	left, last := page.MaxKeys, ""
	scan := func(after dir.After) iter.Seq2[dir.Version, error] {
		return b.store.Newest(b.ctx(), bucket, p.Prefix, after)
	}
	for it, err := range items(p, dir.After{Key: page.Marker}, scan) {
		switch {
		case err != nil:
			return nil, s3Error(err, gofakes3.ErrNoSuchBucket)
		case left == 0:
			out.IsTruncated, out.NextMarker = true, last
			return out, nil
		}
		if common, ok := rollUp(p, it.Key); ok {
			out.AddPrefix(common)
			last = common
		} else {
			out.Add(&gofakes3.Content{Key: it.Key, LastModified: gofakes3.NewContentTime(it.Modified), ETag: it.ETag, Size: it.Size})
			last = it.Key
		}
		left--
	}
	return out, nil
}

// ListBucketVersions gives a page of all versions and delete markers. The next
// markers name the last item of the page.
func (b *backend) ListBucketVersions(bucket string, prefix *gofakes3.Prefix, page *gofakes3.ListBucketVersionsPage) (*gofakes3.ListBucketVersionsResult, error) {
	if page == nil {
		page = &gofakes3.ListBucketVersionsPage{MaxKeys: gofakes3.DefaultMaxBucketVersionKeys}
	}
	p, out := orZero(prefix), gofakes3.NewListBucketVersionsResult(bucket, prefix, page)
	if page.MaxKeys <= 0 {
		return out, nil
	}
	left, last := page.MaxKeys, dir.After{}
	scan := func(after dir.After) iter.Seq2[dir.Version, error] {
		return b.store.Versions(b.ctx(), bucket, p.Prefix, after)
	}
	for it, err := range items(p, dir.After{Key: page.KeyMarker, Version: string(page.VersionIDMarker)}, scan) {
		switch {
		case err != nil:
			return nil, s3Error(err, gofakes3.ErrNoSuchBucket)
		case left == 0:
			out.IsTruncated, out.NextKeyMarker, out.NextVersionIDMarker = true, last.Key, gofakes3.VersionID(last.Version)
			return out, nil
		}
		if common, ok := rollUp(p, it.Key); ok {
			out.AddPrefix(common)
			last = dir.After{Key: common}
		} else {
			out.Versions = append(out.Versions, versionItem(it))
			last = dir.After{Key: it.Key, Version: it.Version}
		}
		left--
	}
	return out, nil
}

func versionItem(v dir.Version) gofakes3.VersionItem {
	id, modified := gofakes3.VersionID(v.Version), gofakes3.NewContentTime(v.Modified)
	if v.Deleted {
		return &gofakes3.DeleteMarker{Key: v.Key, VersionID: id, IsLatest: v.Latest, LastModified: modified}
	}
	return &gofakes3.Version{Key: v.Key, VersionID: id, IsLatest: v.Latest, LastModified: modified, Size: v.Size, ETag: v.ETag}
}
