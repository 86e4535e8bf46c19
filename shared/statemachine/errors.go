package statemachine

import (
	"errors"
	"fmt"

	"github.com/carerecord/carerecord/shared/failure"
)

// Names of errors which the States Language and AWS define (Step Functions
// developer guide, "Error names").
const (
	anyError             = "States.ALL"
	anyTaskError         = "States.TaskFailed"
	timeoutError         = "States.Timeout"
	runtimeError         = "States.Runtime"
	dataLimitError       = "States.DataLimitExceeded"
	resultPathError      = "States.ResultPathMatchFailure"
	noChoiceError        = "States.NoChoiceMatched"
	itemReaderError      = "States.ItemReaderFailed"
	toleratedErrorsError = "States.ExceedToleratedFailureThreshold"
)

// RetryableName is the name under which the product's functions report an
// error that a later try may not meet again. Definitions retry on it.
const RetryableName = "Retryable"

// Error is the failure of a state. It carries no data of the execution.
type Error struct {
	Name  string // for ErrorEquals: States.*, Lambda.*, Retryable or the kind of a failure
	State string
	Cause string // for people: what AWS gives as Cause
	Err   error  // the task's own error, if any
}

func (e *Error) Error() string {
	return fmt.Sprintf("state %s: %s: %s", e.State, e.Name, e.Cause)
}

// Unwrap gives the task's own error.
func (e *Error) Unwrap() error { return e.Err }

// terminal errors end the execution past every Retry and Catch, States.ALL
// included (developer guide, "Error names").
func (e *Error) terminal() bool { return e.Name == runtimeError || e.Name == dataLimitError }

// matches says whether a name in ErrorEquals means this error.
func (e *Error) matches(wanted string) bool {
	switch {
	case e.terminal():
		return false
	case wanted == anyError, wanted == e.Name:
		return true
	default:
		return wanted == anyTaskError && e.Name != timeoutError
	}
}

// ErrorName gives the name under which a state machine sees a function's
// error, here and in a Lambda function's answer (errorType): what the error
// says of itself by a method ErrorName() string; Retryable, when it may pass;
// else the name of its failure kind.
func ErrorName(err error) string {
	var named interface{ ErrorName() string }
	if errors.As(err, &named) {
		return named.ErrorName()
	}
	if failure.Retryable(err) {
		return RetryableName
	}
	return failure.KindOf(err).String()
}

func fail(name, state, format string, args ...any) *Error {
	return &Error{Name: name, State: state, Cause: fmt.Sprintf(format, args...)}
}
