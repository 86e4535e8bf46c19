package s3endpoint_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/s3endpoint"
)

const (
	drop    = "carerecord-drop"
	reports = "carerecord-reports"
	work    = "carerecord-work"
)

// region is an endpoint with its store and a real SDK client.
type region struct {
	store *dir.Store
	url   string
	*awss3.Client
}

func newRegion(t *testing.T) *region {
	t.Helper()
	store, err := dir.Open(t.TempDir(), drop, reports, work)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s3endpoint.New(store, map[string]s3endpoint.Access{drop: s3endpoint.Drop, reports: s3endpoint.ReadOnly}))
	t.Cleanup(func() {
		server.Close()
		_ = store.Close()
	})
	client := awss3.New(awss3.Options{
		Region: "eu-west-2", BaseEndpoint: &server.URL, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: aws.AnonymousCredentials{},
	})
	return &region{store: store, url: server.URL, Client: client}
}

func (r *region) put(t *testing.T, bucket, key, text string) object.Info {
	t.Helper()
	info, err := r.store.Put(t.Context(), bucket, key, "text/plain", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// text reads an object through the store, by its newest version.
func (r *region) text(t *testing.T, key string) string {
	t.Helper()
	body, _, err := r.store.Open(t.Context(), object.Ref{Bucket: drop, Key: key}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func codeOf(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return err.Error()
}

// Each of these calls gives the error code of S3's answer, "" for none.
func (r *region) tryPut(t *testing.T, bucket, key string) string {
	_, err := r.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")})
	return codeOf(err)
}

func (r *region) tryGet(t *testing.T, bucket, key string) string {
	_, err := r.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: &bucket, Key: &key})
	return codeOf(err)
}

func (r *region) tryList(t *testing.T, bucket string) string {
	_, err := r.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: &bucket})
	return codeOf(err)
}

func (r *region) tryDelete(t *testing.T, bucket, key string, version *string) string {
	_, err := r.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: version})
	return codeOf(err)
}

func (r *region) tryCopy(t *testing.T, source, bucket string) string {
	_, err := r.CopyObject(t.Context(), &awss3.CopyObjectInput{Bucket: &bucket, Key: aws.String("copy"), CopySource: &source})
	return codeOf(err)
}

func (r *region) tryCreate(t *testing.T, bucket string) string {
	_, err := r.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &bucket})
	return codeOf(err)
}

type answer struct{ name, got, want string }

func checkAnswers(t *testing.T, answers []answer) {
	t.Helper()
	for _, a := range answers {
		if a.got != a.want {
			t.Errorf("%s: the code %q, want %q", a.name, a.got, a.want)
		}
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	kept := r.put(t, drop, "kept", "raw")
	r.put(t, reports, "report", "x")
	r.put(t, work, "rows", "x")
	checkAnswers(t, []answer{
		{"write to drop", r.tryPut(t, drop, "new"), ""},
		{"read from drop", r.tryGet(t, drop, "new"), ""},
		{"list drop", r.tryList(t, drop), ""},
		{"write to reports", r.tryPut(t, reports, "new"), "AccessDenied"},
		{"read from reports", r.tryGet(t, reports, "report"), ""},
		{"list reports", r.tryList(t, reports), ""},
		{"delete from reports", r.tryDelete(t, reports, "report", nil), "AccessDenied"},
		{"write to work", r.tryPut(t, work, "new"), "NoSuchBucket"},
		{"read from work", r.tryGet(t, work, "rows"), "NoSuchBucket"},
		{"list work", r.tryList(t, work), "NoSuchBucket"},
		{"delete from work", r.tryDelete(t, work, "rows", nil), "NoSuchBucket"},
		{"copy out of work", r.tryCopy(t, work+"/rows", drop), "NoSuchBucket"},
		{"copy into reports", r.tryCopy(t, drop+"/kept", reports), "AccessDenied"},
		{"delete a version", r.tryDelete(t, drop, "kept", &kept.Version), "AccessDenied"},
	})
	if got := r.text(t, "kept"); got != "raw" {
		t.Errorf("the object reads %q afterwards", got)
	}
}

func TestBucketsCannotBeChanged(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	bucket := aws.String(drop)
	_, deleted := r.DeleteBucket(t.Context(), &awss3.DeleteBucketInput{Bucket: bucket})
	_, suspended := r.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusSuspended}})
	_, acl := r.PutObjectAcl(t.Context(), &awss3.PutObjectAclInput{Bucket: bucket, Key: aws.String("kept"), ACL: types.ObjectCannedACLPublicRead})
	checkAnswers(t, []answer{
		{"create a bucket", r.tryCreate(t, "another"), "AccessDenied"},
		{"create the hidden bucket", r.tryCreate(t, work), "AccessDenied"},
		{"create a bucket of the region", r.tryCreate(t, drop), "BucketAlreadyOwnedByYou"},
		{"delete a bucket", codeOf(deleted), "AccessDenied"},
		{"suspend versioning", codeOf(suspended), "AccessDenied"},
		{"set an ACL", codeOf(acl), "NotImplemented"},
	})
}

func TestBucketsShown(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	out, err := r.ListBuckets(t.Context(), &awss3.ListBucketsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range out.Buckets {
		names = append(names, *b.Name)
	}
	if diff := cmp.Diff([]string{drop, reports}, names); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
}

// A partner's delete hides a raw file and destroys nothing.
func TestDeleteKeepsVersions(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	one, two := r.put(t, drop, "one", "1"), r.put(t, drop, "two", "2")
	if _, err := r.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(drop), Key: &one.Key}); err != nil {
		t.Fatal(err)
	}
	out, err := r.DeleteObjects(t.Context(), &awss3.DeleteObjectsInput{Bucket: aws.String(drop), Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: &two.Key, VersionId: &two.Version}, {Key: &two.Key},
	}}})
	if err != nil || len(out.Deleted) != 1 || len(out.Errors) != 1 || *out.Errors[0].Code != "AccessDenied" {
		t.Fatalf("DeleteObjects = %+v, %v", out, err)
	}
	for _, info := range []object.Info{one, two} {
		if _, err := r.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(drop), Key: &info.Key}); codeOf(err) != "NotFound" {
			t.Errorf("HEAD = %v, want NotFound", err)
		}
		head, err := r.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(drop), Key: &info.Key, VersionId: &info.Version})
		if err != nil || *head.VersionId != info.Version {
			t.Errorf("HEAD of the version = %v", err)
		}
	}
	versions, err := r.ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: aws.String(drop)})
	if err != nil || len(versions.Versions) != 2 || len(versions.DeleteMarkers) != 2 {
		t.Errorf("%d versions and %d markers, %v", len(versions.Versions), len(versions.DeleteMarkers), err)
	}
}

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	info := r.put(t, drop, "k", "text")
	put := func(key string, noneMatch, match *string) error {
		_, err := r.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(drop), Key: &key, Body: strings.NewReader("new"), IfNoneMatch: noneMatch, IfMatch: match})
		return err
	}
	get := func(noneMatch, match *string) error {
		_, err := r.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(drop), Key: &info.Key, IfNoneMatch: noneMatch, IfMatch: match})
		return err
	}
	star, wrong := aws.String("*"), aws.String(`"00000000000000000000000000000000"`)
	for _, c := range []struct {
		name string
		err  error
		code string
	}{
		{"get if match", get(nil, &info.ETag), ""},
		{"get if another", get(nil, wrong), "PreconditionFailed"},
		{"get if not this", get(&info.ETag, nil), "NotModified"},
		{"get if not another", get(wrong, nil), ""},
		{"put if none, exists", put("k", star, nil), "PreconditionFailed"},
		{"put if none, absent", put("absent", star, nil), ""},
		{"put if another", put("k", nil, wrong), "PreconditionFailed"},
		{"put if match, absent", put("nothing", nil, wrong), "NoSuchKey"},
		{"put if match", put("k", nil, &info.ETag), ""},
	} {
		if got := codeOf(c.err); got != c.code || (c.code == "" && c.err != nil) {
			t.Errorf("%s: %v, want the code %q", c.name, c.err, c.code)
		}
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.put(t, drop, "k", "0123456789")
	for _, c := range []struct{ name, header, want, contentRange string }{
		{"inside", "bytes=2-4", "234", "bytes 2-4/10"},
		{"to the end", "bytes=7-", "789", "bytes 7-9/10"},
		{"the last", "bytes=-3", "789", "bytes 7-9/10"},
		{"beyond the end", "bytes=8-100", "89", "bytes 8-9/10"},
	} {
		out, err := r.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(drop), Key: aws.String("k"), Range: &c.header})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		b, err := io.ReadAll(out.Body)
		if err != nil || string(b) != c.want || aws.ToString(out.ContentRange) != c.contentRange {
			t.Errorf("%s: %q of %s, %v", c.name, b, aws.ToString(out.ContentRange), err)
		}
	}
	_, err := r.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(drop), Key: aws.String("k"), Range: aws.String("bytes=10-")})
	if codeOf(err) != "InvalidRange" {
		t.Errorf("past the end: %v, want InvalidRange", err)
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	old := r.put(t, drop, "a b+c", "old")
	r.put(t, drop, "a b+c", "new")
	out, err := r.CopyObject(t.Context(), &awss3.CopyObjectInput{Bucket: aws.String(drop), Key: aws.String("copy"), CopySource: aws.String(drop + "/a%20b%2Bc?versionId=" + old.Version)})
	if err != nil {
		t.Fatal(err)
	}
	head, err := r.store.Head(t.Context(), object.Ref{Bucket: drop, Key: "copy"})
	if err != nil || aws.ToString(out.VersionId) != head.Version || aws.ToString(out.CopySourceVersionId) != old.Version || head.ContentType != "text/plain" {
		t.Errorf("copy = %+v of %s, %v", out, aws.ToString(out.CopySourceVersionId), err)
	}
	if got := r.text(t, "copy"); got != "old" {
		t.Errorf("the copy reads %q, want the version that was named", got)
	}
}

// Requests that gofakes3 would take for a plain put must not make an object.
func TestSubresourcesMakeNoObject(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for _, path := range []string{"/k?tagging", "/k?acl", "/k?retention", "/k?legal-hold", "?policy", "?lifecycle", "?cors"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.url+"/"+drop+path, bytes.NewBufferString("<x/>"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusNotImplemented {
			t.Errorf("PUT %s answers %d, want 501", path, resp.StatusCode)
		}
	}
	for v := range r.store.Versions(t.Context(), drop, "", dir.After{}) {
		t.Errorf("there is an object of %d bytes", v.Size)
	}
}
