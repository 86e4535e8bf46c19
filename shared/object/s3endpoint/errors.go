package s3endpoint

import (
	"context"
	"errors"
	"io"

	"github.com/johannesboyne/gofakes3"

	"github.com/carerecord/carerecord/shared/failure"
)

// s3Error gives a failure its S3 code; notFound is the code of what was
// looked for. An S3 code anywhere in the chain is the answer: bodies and
// conditions fail with one.
func s3Error(err error, notFound gofakes3.ErrorCode) error {
	var code gofakes3.ErrorCode
	var response *gofakes3.ErrorResponse
	switch {
	case errors.As(err, &code):
		return code
	case errors.As(err, &response):
		return response
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		return gofakes3.ErrIncompleteBody
	}
	switch failure.KindOf(err) {
	case failure.NotFound:
		return notFound
	case failure.Invalid:
		return gofakes3.ErrInvalidArgument
	}
	return gofakes3.ErrInternal
}
