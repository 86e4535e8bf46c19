// Package lambdakit is what every Lambda function of the region has in common:
// typed settings that are refused at the start when one is wrong, logs of coded
// events, metrics, partial batches, errors under the names that the state
// machine knows, and panics that end one invocation and no more.
//
// It follows the AWS Lambda Developer Guide ("Building Lambda functions with
// Go", "Handling errors for an SQS event source", "DynamoDB streams") and holds
// no rule of the domain. Nothing personal passes it: no value of an event goes
// into a log, an error or a metric.
package lambdakit

import (
	"context"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/shared/failure"
)

// Kit is what one function works with. It is safe for concurrent use.
type Kit struct {
	Function string // name of the function, that of its folder
	Stage    Stage
	Log      *slog.Logger

	out io.Writer
}

// New gives the kit of a function. Logs and metrics go to standard output, or
// to what WithOutput put into the context.
func New(ctx context.Context, function string, stage Stage) *Kit {
	out := output(ctx)
	log := newLogger(out).With("function", function, "stage", string(stage))
	return &Kit{Function: function, Stage: stage, Log: log, out: out}
}

type outputKey struct{}

// WithOutput has kits that are made with the context write their logs and
// metrics to w, one line a call.
func WithOutput(ctx context.Context, w io.Writer) context.Context {
	return context.WithValue(ctx, outputKey{}, &lines{to: w})
}

// standard output is shared by all kits of the process.
var standard = &lines{to: os.Stdout}

func output(ctx context.Context) io.Writer {
	if w, ok := ctx.Value(outputKey{}).(*lines); ok {
		return w
	}
	return standard
}

// lines keeps lines whole: logs and metrics write to the same place.
type lines struct {
	mu sync.Mutex
	to io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// Run makes the handler of a function from its environment. It is what a main
// has beside main, and what its test calls.
type Run func(ctx context.Context, getenv func(string) string) (lambda.Handler, error)

// Start runs a function for as long as Lambda keeps it. A function that cannot
// be made logs why and exits with status 1, which Lambda takes as a failed
// start (Runtime.ExitError).
func Start(function string, run Run) {
	ctx := context.Background()
	catchStrays(newLogger(standard).With("function", function, "stage", os.Getenv("STAGE")))
	handler, err := run(ctx, os.Getenv)
	if err != nil {
		refuse(ctx, function, err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// refuse logs why a function does not start. Mistakes in settings are named
// whole: they hold names of variables and no values.
func refuse(ctx context.Context, function string, err error) {
	log := newLogger(output(ctx)).With("function", function)
	log.LogAttrs(ctx, slog.LevelError, StartRefused, slog.String("kind", failure.KindOf(err).String()),
		slog.Any("settings", mistakes(err)), slog.String("calls", calls(err)))
}
