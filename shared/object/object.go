// Package object is the port to stores of files: S3 on AWS (object/s3), a
// folder in the local region (object/dir). object/objecttest is the contract
// both must pass. Every write makes a new version and no version changes.
package object

import (
	"context"
	"io"
	"iter"
	"time"
)

// Ref names one version of one object. An empty Version is the newest.
type Ref struct{ Bucket, Key, Version string }

// Info describes a stored version. ETag is opaque; Modified has at least
// second resolution and never changes for a version.
type Info struct {
	Ref
	Size        int64
	ETag        string
	ContentType string
	Modified    time.Time
}

// Store reads and writes objects. Errors are of shared/failure: NotFound for
// a bucket, key or version that is not there; Throttled and Unavailable after
// the engine's own retries. Safe for concurrent use.
type Store interface {
	// Head describes an object.
	Head(ctx context.Context, ref Ref) (Info, error)
	// Open streams an object from a byte offset to its end. An offset at or
	// past the end gives an empty stream. The caller closes it.
	Open(ctx context.Context, ref Ref, offset int64) (io.ReadCloser, Info, error)
	// Put stores a new version, which is visible once Put has returned nil and
	// not before. A body that fails midway leaves nothing.
	Put(ctx context.Context, bucket, key, contentType string, body io.Reader) (Info, error)
	// List gives the newest version of each object whose key has the prefix, in key order.
	List(ctx context.Context, bucket, prefix string) iter.Seq2[Info, error]
}
