package s3_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/objecttest"
	"github.com/carerecord/carerecord/shared/object/s3"
	"github.com/carerecord/carerecord/shared/object/s3endpoint"
)

// The store passes the contract over HTTP against two servers: the local
// region's endpoint, and gofakes3's own memory as an opinion that is not ours.
func TestContract(t *testing.T) {
	t.Run("Endpoint", func(t *testing.T) {
		objecttest.Run(t, func(t *testing.T) object.Store { return s3.New(client(serve(t, local(t)))) })
	})
	t.Run("Gofakes3Memory", func(t *testing.T) {
		objecttest.Run(t, func(t *testing.T) object.Store { return s3.New(client(serve(t, memory(t)))) })
	})
}

func TestStreaming(t *testing.T) {
	objecttest.Streaming(t, func(t *testing.T) object.Store { return s3.New(client(serve(t, local(t)))) })
}

func local(t *testing.T) http.Handler {
	t.Helper()
	store, err := dir.Open(t.TempDir(), objecttest.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return s3endpoint.New(store, map[string]s3endpoint.Access{objecttest.Bucket: s3endpoint.Drop})
}

func memory(t *testing.T) http.Handler {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(objecttest.Bucket); err != nil {
		t.Fatal(err)
	}
	if err := backend.SetVersioningConfiguration(objecttest.Bucket, gofakes3.VersioningConfiguration{Status: gofakes3.VersioningEnabled}); err != nil {
		t.Fatal(err)
	}
	return headOfVersion(gofakes3.New(backend).Server())
}

// headOfVersion mends gofakes3, which answers HEAD of a version with the
// newest: it asks with GET and leaves the body out.
func headOfVersion(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && r.URL.Query().Has("versionId") {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// client is the real SDK client with its default retries and checksums.
func client(url string) *awss3.Client {
	return awss3.New(awss3.Options{
		Region: "eu-west-2", BaseEndpoint: &url, UsePathStyle: true,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("local", "local", "")),
	})
}
