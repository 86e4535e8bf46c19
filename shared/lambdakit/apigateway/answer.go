package apigateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// MaxAnswer is the most that the answer of a Lambda function may have, in
// bytes of JSON (AWS Lambda Developer Guide, "Lambda quotas": 6 MB for the
// response of a synchronous invocation), with a little kept back.
const MaxAnswer = 6<<20 - 4<<10

// frame is the size of an answer's JSON without headers and body.
const frame = 256

// response collects what a handler writes.
type response struct {
	header  http.Header
	frozen  http.Header // as they were when the answer began
	status  int
	content bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Informational answers are not
// passed on, and the first other one counts.
func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status, w.frozen = status, w.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.content.Write(p)
}

// answer gives the event that API Gateway makes the HTTP answer of. The body
// is text where it is, and base64 where it is binary or where that is shorter.
func (w *response) answer() events.APIGatewayProxyResponse {
	w.WriteHeader(http.StatusOK)
	a := events.APIGatewayProxyResponse{StatusCode: w.status, MultiValueHeaders: w.frozen}
	raw := w.content.Bytes()
	if !utf8.Valid(raw) || quoted(raw) > base64.StdEncoding.EncodedLen(len(raw)) {
		a.Body, a.IsBase64Encoded = base64.StdEncoding.EncodeToString(raw), true
		return a
	}
	a.Body = string(raw)
	return a
}

// payload gives the size of the answer as JSON, or a little more.
func payload(a *events.APIGatewayProxyResponse) int {
	size := frame
	for name, list := range a.MultiValueHeaders {
		size += quoted([]byte(name)) + 8
		for _, value := range list {
			size += quoted([]byte(value)) + 4
		}
	}
	if a.IsBase64Encoded {
		return size + len(a.Body)
	}
	return size + quoted([]byte(a.Body))
}

// quoted gives the size of a text inside of a JSON string, without the escapes
// of HTML, which lambdakit.Handler does not make.
func quoted(text []byte) int {
	size := len(text)
	for i, c := range text {
		switch {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f':
			size++
		case c < ' ':
			size += 5
		case c == 0xE2 && i+2 < len(text) && text[i+1] == 0x80 && text[i+2]&^1 == 0xA8: // U+2028, U+2029
			size += 3
		}
	}
	return size
}

// tooLarge answers in place of an answer that Lambda would cut off with an
// error that says nothing. It can only come to a client that takes no gzip and
// asked for entries with very much beside them.
func tooLarge(ctx context.Context, k *lambdakit.Kit, header http.Header, size int) events.APIGatewayProxyResponse {
	k.Log.LogAttrs(ctx, slog.LevelError, lambdakit.AnswerTooLarge, slog.Int("bytes", size))
	k.Count(ctx, lambdakit.Metric{Name: lambdakit.MetricTooLarge, Value: 1})
	w := &response{header: header.Clone()}
	for _, name := range []string{"Content-Encoding", "Content-Length", "ETag", "Last-Modified"} {
		w.header.Del(name)
	}
	w.header.Set("Content-Type", "application/fhir+json; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	w.content.Write(fhir.OperationOutcome(fhir.Issue{
		Severity: fhir.SeverityError, Code: fhir.IssueTooCostly,
		Text: "the answer is too large for one message: accept gzip, or ask for fewer entries at once (_count)",
	}))
	return w.answer()
}
