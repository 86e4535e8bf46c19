package s3_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/objecttest"
	"github.com/carerecord/carerecord/shared/object/s3"
)

const personal = "Surname-Forename-1960.csv"

// once is a client that does not retry, so that errors come at once.
func once(url string) *awss3.Client {
	return awss3.New(client(url).Options(), func(o *awss3.Options) { o.RetryMaxAttempts, o.Retryer = 1, aws.NopRetryer{} })
}

// The codes and statuses are those of the S3 API Reference, "Error responses".
func TestErrorKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code   string
		status int
		kind   failure.Kind
	}{
		{"NoSuchKey", 404, failure.NotFound},
		{"NoSuchBucket", 404, failure.NotFound},
		{"NoSuchVersion", 404, failure.NotFound},
		{"MethodNotAllowed", 405, failure.NotFound},
		{"AccessDenied", 403, failure.Forbidden},
		{"ExpiredToken", 400, failure.Unauthenticated},
		{"SignatureDoesNotMatch", 403, failure.Unauthenticated},
		{"SlowDown", 503, failure.Throttled},
		{"TooManyRequests", 429, failure.Throttled},
		{"InternalError", 500, failure.Unavailable},
		{"ServiceUnavailable", 503, failure.Unavailable},
		{"PreconditionFailed", 412, failure.Conflict},
		{"OperationAborted", 409, failure.Conflict},
		{"EntityTooLarge", 400, failure.TooLarge},
		{"InvalidArgument", 400, failure.Invalid},
		{"KeyTooLongError", 400, failure.Invalid},
		{"NotImplemented", 501, failure.NotSupported},
	} {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>about %s</Message><Key>%s</Key></Error>", c.code, r.URL.Path, personal)
			}))
			checkErrors(t, s3.New(once(url)), c.kind)
		})
	}
}

func TestNoAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	checkErrors(t, s3.New(once(server.URL)), failure.Unavailable)
}

// checkErrors makes the calls that fail and looks for the kind, and that no
// error tells the key: the SDK's own text has it in URLs and messages.
func checkErrors(t *testing.T, s object.Store, kind failure.Kind) {
	t.Helper()
	ref := object.Ref{Bucket: objecttest.Bucket, Key: personal}
	_, _, opened := s.Open(t.Context(), ref, 0)
	_, put := s.Put(t.Context(), ref.Bucket, ref.Key, "", strings.NewReader("x"))
	_, large := s.Put(t.Context(), ref.Bucket, ref.Key, "", strings.NewReader(strings.Repeat("x", s3.PartSize)))
	var listed error
	for _, err := range s.List(t.Context(), ref.Bucket, personal) {
		listed = err
	}
	for call, err := range map[string]error{"Open": opened, "Put": put, "Put in parts": large, "List": listed} {
		if !failure.Is(err, kind) {
			t.Errorf("%s = %v, want the kind %v", call, err, kind)
		}
		if err != nil && strings.Contains(err.Error(), "Surname") {
			t.Errorf("%s: the error tells the key: %v", call, err)
		}
	}
	// HEAD has no body and so no code: only the status tells.
	if _, err := s.Head(t.Context(), ref); err == nil || strings.Contains(err.Error(), "Surname") {
		t.Errorf("Head = %v", err)
	}
}
