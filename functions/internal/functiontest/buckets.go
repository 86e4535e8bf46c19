package functiontest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/s3endpoint"
)

// buckets is the S3 endpoint with a note of what is asked of it.
type buckets struct {
	*httptest.Server

	mu   sync.Mutex
	made map[catalogue.Call]bool
}

func openBuckets(t *testing.T, objects *dir.Store) *buckets {
	t.Helper()
	b := &buckets{made: map[catalogue.Call]bool{}}
	endpoint := s3endpoint.New(objects, map[string]s3endpoint.Access{Drop: s3endpoint.Drop, Work: s3endpoint.Drop, Reports: s3endpoint.Drop})
	settings := map[string]string{Drop: catalogue.BucketDrop, Work: catalogue.BucketWork, Reports: catalogue.BucketReports}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bucket, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		b.mu.Lock()
		b.made[catalogue.Call{Operation: "s3:" + operation(r), Resource: settings[bucket]}] = true
		b.mu.Unlock()
		endpoint.ServeHTTP(w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

// operation names a request of an object (Amazon S3 API Reference).
func operation(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == http.MethodPost && q.Has("uploadId"):
		return "CompleteMultipartUpload"
	case r.Method == http.MethodPut && q.Has("partNumber"):
		return "UploadPart"
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return "AbortMultipartUpload"
	case q.Has("list-type"):
		return "ListObjectsV2"
	}
	return map[string]string{
		http.MethodGet: "GetObject", http.MethodHead: "HeadObject", http.MethodPut: "PutObject", http.MethodDelete: "DeleteObject",
	}[r.Method]
}

func (b *buckets) operations() (calls []catalogue.Call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for call := range b.made {
		calls = append(calls, call)
	}
	return calls
}
