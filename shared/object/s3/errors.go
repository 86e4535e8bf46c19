package s3

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/carerecord/carerecord/shared/failure"
)

// kinds says what S3's error codes mean to a caller (Amazon S3 API Reference,
// "Error responses"). What is not here is judged by its HTTP status.
var kinds = map[string]failure.Kind{
	"NoSuchBucket": failure.NotFound, "NoSuchKey": failure.NotFound, "NoSuchVersion": failure.NotFound, "NotFound": failure.NotFound,
	"MethodNotAllowed": failure.NotFound, // the version named is a delete marker
	"AccessDenied":     failure.Forbidden, "AllAccessDisabled": failure.Forbidden, "InvalidObjectState": failure.Forbidden,
	"ExpiredToken": failure.Unauthenticated, "InvalidAccessKeyId": failure.Unauthenticated, "InvalidToken": failure.Unauthenticated, "SignatureDoesNotMatch": failure.Unauthenticated,
	"SlowDown": failure.Throttled, "Throttling": failure.Throttled, "ThrottlingException": failure.Throttled, "RequestLimitExceeded": failure.Throttled, "TooManyRequests": failure.Throttled,
	"RequestTimeout": failure.Unavailable, "RequestTimeTooSkewed": failure.Unavailable,
	"EntityTooLarge": failure.TooLarge,
	"NotImplemented": failure.NotSupported,
}

// mapError gives an SDK error its kind. The text of an SDK error can hold the
// URL of the request and so the key: only the error code and the status pass,
// and the context's error when the context has ended.
func mapError(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return failure.Wrap(failure.Unavailable, op, ctx.Err())
	}
	status := 0
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return failure.New(kindOf(api.ErrorCode(), status), op, "S3 answers %s, status %d", code(api.ErrorCode()), status)
	}
	if status != 0 {
		return failure.New(kindOf("", status), op, "S3 answers the status %d", status)
	}
	var canceled *smithy.CanceledError
	var params smithy.InvalidParamsError
	switch {
	case errors.As(err, &canceled):
		return failure.Wrap(failure.Unavailable, op, context.Canceled)
	case errors.As(err, &params):
		return failure.New(failure.Invalid, op, "a parameter of the request is missing")
	}
	return failure.New(failure.Unavailable, op, "S3 gives no answer")
}

func kindOf(code string, status int) failure.Kind {
	if kind, ok := kinds[code]; ok {
		return kind
	}
	switch {
	case status == http.StatusNotFound:
		return failure.NotFound
	case status == http.StatusUnauthorized:
		return failure.Unauthenticated
	case status == http.StatusForbidden:
		return failure.Forbidden
	case status == http.StatusPreconditionFailed || status == http.StatusConflict:
		return failure.Conflict
	case status == http.StatusTooManyRequests:
		return failure.Throttled
	case status == http.StatusNotImplemented:
		return failure.NotSupported
	case status >= http.StatusInternalServerError || status == 0:
		return failure.Unavailable
	case status >= http.StatusBadRequest:
		return failure.Invalid
	}
	return failure.Internal
}

// code passes S3's own words only: codes are letters and digits.
func code(s string) string {
	for _, r := range s {
		if (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return "an unknown code"
		}
	}
	return s
}
