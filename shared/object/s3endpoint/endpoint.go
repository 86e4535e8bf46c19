// Package s3endpoint lets S3 clients (the AWS CLI, any SDK) talk to the local
// region's object store, as partners and tests do with the real S3. The
// protocol is gofakes3's (Amazon S3 API Reference, 2006-03-01); this package
// stores in object/dir, says who may do what, and mends what gofakes3 lacks:
// payloads in the aws-chunked encoding, checksums, and HEAD of a version.
//
// It takes every credential and none, so it must listen on a loopback address
// only. It must be the server's handler itself: a ServeMux would rewrite keys
// that hold "//" or "..". It logs nothing: file names can be personal.
//
// User metadata (x-amz-meta-*), tags and ACLs are not kept, and no bucket can
// be made or removed: the buckets are those of the region.
package s3endpoint

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/johannesboyne/gofakes3"

	"github.com/carerecord/carerecord/shared/object/dir"
)

// Access is what clients may do with a bucket.
type Access uint8

const (
	// Hidden buckets do not exist for clients. It is the access to a bucket
	// that is not named.
	Hidden Access = iota
	// ReadOnly buckets can be listed and read.
	ReadOnly
	// Drop buckets can also be written. What was written stays: a delete is a
	// delete marker, and deleting a version is refused.
	Drop
)

type endpoint struct {
	store    *dir.Store
	access   map[string]Access
	started  time.Time
	requests atomic.Uint64
}

// New makes the handler of a store for the named buckets, which must exist in
// it. Who wants to hear of uploads registers with the store's OnPut: the hook
// runs before the client has its answer.
func New(store *dir.Store, access map[string]Access) http.Handler {
	return &endpoint{store: store, access: access, started: time.Now()}
}

// ServeHTTP answers one request. gofakes3 gives a backend neither the
// request's context nor its headers, so each request gets a backend and a
// gofakes3 of its own; both are a few fields.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if refusal := e.refuse(r, bucket, key); refusal != nil {
		refusal.write(w, r)
		return
	}
	if err := preparePayload(r); err != nil {
		malformed.write(w, r)
		return
	}
	// An AWS session token is longer than the limit of metadata that gofakes3
	// counts it against.
	r.Header.Del("X-Amz-Security-Token")
	b := &backend{endpoint: e, r: r}
	fake := gofakes3.New(b,
		gofakes3.WithLogger(gofakes3.DiscardLog()),
		gofakes3.WithTimeSkewLimit(0),
		gofakes3.WithRequestID(e.requests.Add(1)))
	out := &response{ResponseWriter: w, served: b}
	fake.Server().ServeHTTP(out, r)
	out.mend() // an answer without a body may not have begun
}

// response puts right what gofakes3 tells of an object: it knows no ETag of an
// object made of parts, and after a copy tells the source's version.
type response struct {
	http.ResponseWriter
	served *backend
	begun  bool
}

// mend sets the headers once, before they go out.
func (w *response) mend() {
	info, h := w.served.last, w.Header()
	if !w.begun && info != nil {
		if h.Get("ETag") != "" {
			h.Set("ETag", info.ETag)
		}
		if h.Get("X-Amz-Version-Id") != "" {
			h.Set("X-Amz-Version-Id", info.Version)
		}
	}
	w.begun = true
}

// WriteHeader and Write are http.ResponseWriter's.
func (w *response) WriteHeader(status int) {
	w.mend()
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	w.mend()
	return w.ResponseWriter.Write(p)
}

// Unwrap serves http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
