package restapi

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/oklog/ulid/v2"

	"github.com/carerecord/carerecord/shared/failure"
)

const (
	contentType = "application/fhir+json; charset=utf-8"
	gzipAbove   = 1400 // bytes: below, an answer fits one packet anyway
)

// tracked is the response of one request with its id.
type tracked struct {
	http.ResponseWriter
	id    string
	begun time.Time
	wrote bool
}

// WriteHeader notes that the answer has begun.
func (t *tracked) WriteHeader(status int) {
	t.wrote = true
	t.ResponseWriter.WriteHeader(status)
}

// requestForm: a client's own request id is taken over when it is a UUID or a
// ULID. Anything else might hold something personal, and ids are logged.
var requestForm = regexp.MustCompile(`^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9A-HJKMNP-TV-Z]{26})$`)

// open gives the response its request id and the headers that all answers have.
func (s *server) open(w http.ResponseWriter, r *http.Request) (*tracked, string) {
	id := r.Header.Get("X-Request-Id")
	if !requestForm.MatchString(id) {
		id = ulid.MustNew(ulid.Timestamp(s.Now()), rand.Reader).String()
	}
	h := w.Header()
	h.Set("X-Request-Id", id)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	return &tracked{ResponseWriter: w, id: id, begun: time.Now()}, id
}

func requestID(w http.ResponseWriter) string { return w.Header().Get("X-Request-Id") }

// rescue turns a panic into a 500. What was panicked with is not logged: it
// may hold anything.
func (s *server) rescue(t *tracked, id string) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	s.logPanic(id, p)
	if t.wrote {
		panic(http.ErrAbortHandler) // half an answer must not look whole
	}
	s.refuse(t, (&http.Request{Method: http.MethodGet}), "panic", failure.New(failure.Internal, "restapi.rescue", "defect"))
}

func (s *server) logPanic(id string, p any) {
	var frames []string
	pcs := make([]uintptr, 24)
	walk := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for more := true; more; {
		var f runtime.Frame
		f, more = walk.Next()
		frames = append(frames, fmt.Sprintf("%s:%d", f.Function, f.Line))
	}
	s.Log.Error(logPanic, slog.String("request", id), slog.String("type", fmt.Sprintf("%T", p)), slog.Any("frames", frames))
}

// negotiate: JSON is all there is (FHIR R4 http, Content Types). _format
// comes before Accept, as it is there for clients that cannot set headers.
func negotiate(r *http.Request) error {
	if format := r.URL.Query().Get("_format"); format != "" {
		// A plus sign that was not escaped arrives as a blank.
		if isJSON(strings.ReplaceAll(format, " ", "+")) {
			return nil
		}
		return errAcceptable
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if accept == "" {
		return nil
	}
	for part := range strings.SplitSeq(accept, ",") {
		kind, options, err := mime.ParseMediaType(part)
		if q, has := options["q"]; has && strings.Trim(q, "0.") == "" {
			continue // q=0: not wanted
		}
		if err == nil && (isJSON(kind) || kind == "*/*" || kind == "application/*") {
			return nil
		}
	}
	return errAcceptable
}

func isJSON(format string) bool {
	kind, _, err := mime.ParseMediaType(format)
	if err != nil {
		return false
	}
	switch kind {
	case "json", "application/json", "application/fhir+json", "text/json":
		return true
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, options, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q := strings.TrimPrefix(strings.ReplaceAll(options, " ", ""), "q=")
			return options == "" || strings.Trim(q, "0.") != ""
		}
	}
	return false
}

// send writes the answer and gives how many bytes of body went out.
func send(w http.ResponseWriter, r *http.Request, a answer) int {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Add("Vary", "Accept, Accept-Encoding, Authorization")
	body := a.body
	if len(body) > gzipAbove && acceptsGzip(r) {
		if small, err := compress(body); err == nil {
			body = small
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	if r.Method == http.MethodHead {
		return 0
	}
	n, _ := w.Write(body) // a client that has gone is no fault of ours
	return n
}

func compress(body []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(body) / 6)
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
