package s3endpoint_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/object"
)

// told collects what the store's hook is told.
type told struct {
	mu    sync.Mutex
	infos []object.Info
}

func (r *region) watch(t *testing.T) *told {
	t.Helper()
	seen := &told{}
	err := r.store.OnPut(t.Context(), drop, func(_ context.Context, info object.Info) error {
		seen.mu.Lock()
		defer seen.mu.Unlock()
		seen.infos = append(seen.infos, info)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// multipart is an upload that the test has begun.
type multipart struct {
	*region
	bucket, key, id *string
	parts           []types.CompletedPart // in order of number
}

func (r *region) beginParts(t *testing.T, key string, texts []string) *multipart {
	t.Helper()
	m := &multipart{region: r, bucket: aws.String(drop), key: &key, parts: make([]types.CompletedPart, len(texts))}
	begun, err := r.CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: m.bucket, Key: m.key, ContentType: aws.String("text/csv"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme})
	if err != nil {
		t.Fatal(err)
	}
	m.id = begun.UploadId
	for i, text := range slices.Backward(texts) { // parts come in any order
		number := aws.Int32(int32(i + 1))
		out, err := r.UploadPart(t.Context(), &awss3.UploadPartInput{Bucket: m.bucket, Key: m.key, UploadId: m.id, PartNumber: number, Body: strings.NewReader(text), ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme})
		if err != nil {
			t.Fatal(err)
		}
		m.parts[i] = types.CompletedPart{PartNumber: number, ETag: out.ETag}
	}
	return m
}

func (m *multipart) complete(t *testing.T, parts []types.CompletedPart) (*awss3.CompleteMultipartUploadOutput, error) {
	t.Helper()
	return m.CompleteMultipartUpload(t.Context(), &awss3.CompleteMultipartUploadInput{Bucket: m.bucket, Key: m.key, UploadId: m.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
}

func TestMultipartUnderWay(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	seen := r.watch(t)
	m := r.beginParts(t, "k", []string{"a", "b", "c"})
	backwards := slices.Clone(m.parts)
	slices.Reverse(backwards)
	if _, err := m.complete(t, backwards); codeOf(err) != "InvalidPartOrder" {
		t.Errorf("Complete in the wrong order = %v", err)
	}
	if listed, err := r.ListParts(t.Context(), &awss3.ListPartsInput{Bucket: m.bucket, Key: m.key, UploadId: m.id, MaxParts: aws.Int32(2)}); err != nil || len(listed.Parts) != 2 || !*listed.IsTruncated {
		t.Errorf("ListParts = %+v, %v", listed, err)
	}
	if open, err := r.ListMultipartUploads(t.Context(), &awss3.ListMultipartUploadsInput{Bucket: m.bucket}); err != nil || len(open.Uploads) != 1 || *open.Uploads[0].Key != "k" {
		t.Errorf("ListMultipartUploads = %+v, %v", open, err)
	}
	if len(seen.infos) != 0 || len(r.listV2(t, "", "", 10)) != 0 {
		t.Error("the upload is to be seen before it is complete")
	}
}

func TestMultipartComplete(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	seen := r.watch(t)
	texts := []string{strings.Repeat("a", 6<<20), strings.Repeat("b", 5<<20), "c"}
	m := r.beginParts(t, "RR8/feed/Zoë +1 100%.csv", texts)
	done, err := m.complete(t, m.parts)
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.complete(t, m.parts)
	if err != nil || *again.VersionId != *done.VersionId {
		t.Errorf("Complete again = %+v, %v", again, err)
	}
	head, err := r.store.Head(t.Context(), object.Ref{Bucket: drop, Key: *m.key})
	if err != nil || head.Version != *done.VersionId || head.ETag != *done.ETag || head.ContentType != "text/csv" {
		t.Errorf("Head = %+v, %v", head, err)
	}
	if diff := cmp.Diff([]object.Info{head}, seen.infos); diff != "" {
		t.Errorf("the hook was told (-want +got):\n%s", diff)
	}
	if got := r.text(t, *m.key); got != strings.Join(texts, "") {
		t.Errorf("the object has %d bytes that are not the parts", len(got))
	}
	_, err = r.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: m.bucket, Key: m.key, IfNoneMatch: &head.ETag})
	if codeOf(err) != "NotModified" {
		t.Errorf("GET if changed = %v", err)
	}
}

func TestAbortedMultipart(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	seen := r.watch(t)
	bucket, key := aws.String(drop), aws.String("k")
	begun, err := r.CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.AbortMultipartUpload(t.Context(), &awss3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: begun.UploadId}); err != nil {
		t.Fatal(err)
	}
	_, err = r.UploadPart(t.Context(), &awss3.UploadPartInput{Bucket: bucket, Key: key, UploadId: begun.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader([]byte("x"))})
	if codeOf(err) != "NoSuchUpload" || len(seen.infos) != 0 {
		t.Errorf("UploadPart = %v; %d versions told", err, len(seen.infos))
	}
}

func TestHookOncePerVersion(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	seen := r.watch(t)
	var versions []string
	for range 3 {
		out, err := r.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(drop), Key: aws.String("RR8/feed/k"), Body: strings.NewReader("same")})
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, *out.VersionId)
	}
	var got []string
	for _, info := range seen.infos {
		if info.Bucket != drop || info.Key != "RR8/feed/k" || info.Size != 4 {
			t.Errorf("told %+v", info)
		}
		got = append(got, info.Version)
	}
	if diff := cmp.Diff(versions, got); diff != "" {
		t.Errorf("versions told (-want +got):\n%s", diff)
	}
}
