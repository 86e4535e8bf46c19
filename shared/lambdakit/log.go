package lambdakit

import (
	"context"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// newLogger writes JSON lines with the member names of Lambda's own (AWS Lambda
// Developer Guide, "Log and monitor Go Lambda functions"), whatever log format
// the function has, and lets nothing pass that is not known to be safe.
func newLogger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: level(os.Getenv("AWS_LAMBDA_LOG_LEVEL")), ReplaceAttr: lambdacontext.ReplaceAttr}
	return slog.New(&logHandler{slog.NewJSONHandler(w, options)})
}

// level reads the level that the function's logging configuration asks for.
func level(name string) slog.Level {
	var l slog.Level
	switch {
	case strings.EqualFold(name, "FATAL"):
		return slog.LevelError
	case l.UnmarshalText([]byte(name)) != nil: // also TRACE, and nothing
		return slog.LevelInfo
	}
	return l
}

// logHandler adds the ids of the invocation to every line, and withholds what
// is not known to be safe.
type logHandler struct{ slog.Handler }

// Handle writes one line.
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	message := r.Message
	if !coded(message) {
		message = Uncoded
	}
	line := slog.NewRecord(r.Time, r.Level, message, 0)
	r.Attrs(func(attr slog.Attr) bool {
		line.AddAttrs(redact(attr))
		return true
	})
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		line.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	if trace, ok := ctx.Value("x-amzn-trace-id").(string); ok && trace != "" {
		line.AddAttrs(slog.String("trace", trace))
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	safe := make([]slog.Attr, len(attrs))
	for i := range attrs {
		safe[i] = redact(attrs[i])
	}
	return &logHandler{h.Handler.WithAttrs(safe)}
}

// WithGroup implements slog.Handler. Lines are flat: a group's name could be
// anything.
func (h *logHandler) WithGroup(string) slog.Handler { return h }

var codeForm = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)

// codes are the messages listed in codes.go.
var codes = []string{
	StartRefused, InvocationFailed, InvocationPanicked, ItemFailed, Uncoded,
	DeliveryStarted, DeliveryRestarted, DeliveryKnown, DeliveryEnded, NotificationTest, NotificationSkip, BucketUnknown, ObjectGone,
	CallerRefused, KeysUnavailable, AnswerTooLarge, EventsPublished, PartResolved, ResolutionEnded,
}

// Codes gives every code that a function of this kit logs itself.
func Codes() []string { return slices.Clone(codes) }

func coded(message string) bool {
	return slices.Contains(codes, message) || codeForm.MatchString(message) &&
		slices.ContainsFunc(foreign, func(prefix string) bool { return strings.HasPrefix(message, prefix) })
}

// withheld stands in place of a value whose key is not listed.
const withheld = "withheld"

// redact withholds an attribute whose key is not listed, key and value, and the
// value of one that is where its type can hold anything.
func redact(attr slog.Attr) slog.Attr {
	if !attributes[attr.Key] {
		return slog.String("attribute", withheld)
	}
	attr.Value = attr.Value.Resolve()
	switch attr.Value.Kind() {
	case slog.KindGroup:
		attr.Value = slog.StringValue(withheld)
	case slog.KindAny:
		if _, ok := attr.Value.Any().([]string); !ok {
			attr.Value = slog.StringValue(withheld)
		}
	}
	return attr
}
