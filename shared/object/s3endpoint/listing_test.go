package s3endpoint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
)

// listed is what a listing shows, key or common prefix, in order.
func contents(objects []types.Object, prefixes []types.CommonPrefix) (out []string) {
	for _, o := range objects {
		out = append(out, *o.Key)
	}
	for _, p := range prefixes {
		out = append(out, *p.Prefix)
	}
	slices.Sort(out)
	return out
}

var tree = []string{"/lead", "RR8.txt", "RR8/a/1", "RR8/a/2", "RR8/b", "RR8/c d/é", "RR80/x", "RX1//double", "RX1/z", "top"}

// rolled is S3's rule, worked out over the whole tree.
func rolled(prefix, delimiter string) (out []string) {
	for _, k := range tree {
		if !strings.HasPrefix(k, prefix) {
			continue
		}
		if before, _, ok := strings.Cut(k[len(prefix):], delimiter); ok && delimiter != "" {
			k = prefix + before + delimiter
		}
		out = append(out, k)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestListV1AndV2InPagesOfAnySize(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for _, k := range tree {
		r.put(t, drop, k, "old")
		r.put(t, drop, k, "new")
	}
	r.put(t, drop, "RR8/deleted", "x")
	if _, err := r.store.Delete(t.Context(), drop, "RR8/deleted"); err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"", "R", "RR8", "RR8/", "RX1/", "none", "/"} {
		for _, delimiter := range []string{"", "/", "a/"} {
			for _, size := range []int32{1, 2, 3, 1000} {
				name := fmt.Sprintf("prefix %q delimiter %q pages of %d", prefix, delimiter, size)
				want := rolled(prefix, delimiter)
				if diff := cmp.Diff(want, r.listV2(t, prefix, delimiter, size)); diff != "" {
					t.Errorf("V2 %s (-want +got):\n%s", name, diff)
				}
				if diff := cmp.Diff(want, r.listV1(t, prefix, delimiter, size)); diff != "" {
					t.Errorf("V1 %s (-want +got):\n%s", name, diff)
				}
			}
		}
	}
}

func (r *region) listV2(t *testing.T, prefix, delimiter string, size int32) (out []string) {
	t.Helper()
	pages := awss3.NewListObjectsV2Paginator(r, &awss3.ListObjectsV2Input{Bucket: aws.String(drop), Prefix: &prefix, Delimiter: &delimiter, MaxKeys: &size})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, contents(page.Contents, page.CommonPrefixes)...)
	}
	return out
}

func (r *region) listV1(t *testing.T, prefix, delimiter string, size int32) (out []string) {
	t.Helper()
	in := &awss3.ListObjectsInput{Bucket: aws.String(drop), Prefix: &prefix, Delimiter: &delimiter, MaxKeys: &size}
	for {
		page, err := r.ListObjects(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, contents(page.Contents, page.CommonPrefixes)...)
		if !aws.ToBool(page.IsTruncated) {
			return out
		}
		// Without a delimiter S3 gives no next marker: it is the last key.
		if in.Marker = page.NextMarker; in.Marker == nil {
			in.Marker = page.Contents[len(page.Contents)-1].Key
		}
	}
}

func TestListVersionsInPagesOfAnySize(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	var want []string
	for _, k := range []string{"a", "a/b", "c"} {
		old, newer := r.put(t, drop, k, "old"), r.put(t, drop, k, "new")
		marker, err := r.store.Delete(t.Context(), drop, k)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, k+" "+marker.Version, k+" "+newer.Version, k+" "+old.Version)
	}
	for _, size := range []int32{1, 2, 4, 1000} {
		var got []string
		pages := awss3.NewListObjectVersionsPaginator(r, &awss3.ListObjectVersionsInput{Bucket: aws.String(drop), MaxKeys: &size})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Versions {
				if *v.IsLatest {
					t.Error("a version under a delete marker is the latest")
				}
				got = append(got, *v.Key+" "+*v.VersionId)
			}
			for _, m := range page.DeleteMarkers {
				if !*m.IsLatest {
					t.Error("the delete marker is not the latest")
				}
				got = append(got, *m.Key+" "+*m.VersionId)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", size, diff)
		}
	}
}
