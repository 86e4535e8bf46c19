package dynamo

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/carerecord/carerecord/shared/failure"
)

// errUnprocessed stands for keys that a batch left unread without an error.
var errUnprocessed = errors.New("keys were left unprocessed")

// classify gives the kind of an error of the service or the way to it, and
// whether the same request may be tried again (Developer Guide, "Error
// handling with DynamoDB"). A table that is missing or forbidden is Internal:
// it is the region that is set up wrongly, and no caller may read it as an
// absent item or as a user without a right.
func classify(err error) (kind failure.Kind, again bool) {
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		return classifyCancelled(cancelled)
	}
	if errors.Is(err, errUnprocessed) {
		return failure.Throttled, true
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		if kind, again, known := classifyCode(api.ErrorCode(), api.ErrorMessage()); known {
			return kind, again
		}
	}
	var response *smithyhttp.ResponseError
	switch {
	case errors.Is(err, context.Canceled):
		return failure.Unavailable, false
	case errors.As(err, &response) && response.HTTPStatusCode() < 500 && response.HTTPStatusCode() >= 400:
		return failure.Internal, false
	case errors.As(err, &response):
		return failure.Unavailable, true
	case isNetwork(err):
		return failure.Unavailable, true
	}
	return failure.Internal, false
}

// isNetwork says whether a request may not have come to its answer: it could
// not be sent, or the connection or its time ended before.
func isNetwork(err error) bool {
	var send *smithyhttp.RequestSendError
	var read *smithy.DeserializationError
	var timeout interface{ Timeout() bool }
	return errors.As(err, &send) || errors.As(err, &read) ||
		errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

func classifyCode(code, message string) (kind failure.Kind, again, known bool) {
	switch code {
	case "ConditionalCheckFailedException":
		return failure.Conflict, false, true
	case "ProvisionedThroughputExceededException", "ThrottlingException", "ThrottlingError", "RequestLimitExceeded",
		"LimitExceededException", "TransactionConflictException", "TransactionInProgressException",
		"TransactionConflict", "ProvisionedThroughputExceeded", "ReplicatedWriteConflictException":
		return failure.Throttled, true, true
	case "ItemCollectionSizeLimitExceededException", "ItemCollectionSizeLimitExceeded":
		return failure.TooLarge, false, true
	case "ValidationException", "ValidationError":
		if strings.Contains(strings.ToLower(message), "size") {
			return failure.TooLarge, false, true
		}
		return failure.Internal, false, true
	case "InternalServerError", "InternalFailure", "ServiceUnavailable":
		return failure.Unavailable, true, true
	}
	return 0, false, false
}

// classifyCancelled reads why a transaction was refused. A condition that did
// not hold decides, whatever else was in the way.
func classifyCancelled(cancelled *types.TransactionCanceledException) (failure.Kind, bool) {
	kind, again := failure.Internal, false
	for _, reason := range cancelled.CancellationReasons {
		code := aws.ToString(reason.Code)
		if code == "ConditionalCheckFailed" {
			return failure.Conflict, false
		}
		if k, a, known := classifyCode(code, aws.ToString(reason.Message)); known {
			kind, again = k, a
		}
	}
	return kind, again
}
