// Package object is the port to stores of files: S3 on AWS (object/s3), a
// folder in the local region (object/dir). object/objecttest is the contract
// both must pass. Every write makes a new version and no version changes.
//
// The port promises no more than S3 does in a versioned bucket, so that the
// local region cannot come to lean on something AWS does not offer. It has no
// delete: raw files stay, and what may go is a lifecycle rule of the bucket.
package object

import (
	"context"
	"io"
	"iter"
	"time"
)

// Ref names one version of one object. An empty Version is the newest.
type Ref struct{ Bucket, Key, Version string }

// Info describes a stored version. ETag is opaque; Modified is UTC, has at
// least second resolution and never changes for a version.
type Info struct {
	Ref
	Size        int64
	ETag        string
	ContentType string
	Modified    time.Time
}

// Store reads and writes objects. Errors are of shared/failure: NotFound for
// a bucket, key or version that is not there; Invalid for a key that S3 does
// not take (CheckKey); Throttled and Unavailable after the engine's own
// retries, Unavailable also when the context ends. No error names a key: file
// names can be personal. Safe for concurrent use.
type Store interface {
	// Head describes an object.
	Head(ctx context.Context, ref Ref) (Info, error)
	// Open streams an object from a byte offset to its end. An offset at or
	// past the end gives an empty stream, a negative one Invalid. The stream
	// fails when the context ends. The caller closes it.
	Open(ctx context.Context, ref Ref, offset int64) (io.ReadCloser, Info, error)
	// Put stores a new version, which is visible once Put has returned nil and
	// not before. A body that fails midway leaves nothing, and its error is in
	// the chain of Put's. An empty content type becomes DefaultContentType.
	Put(ctx context.Context, bucket, key, contentType string, body io.Reader) (Info, error)
	// List gives the newest version of each object whose key has the prefix,
	// in the byte order of the keys, without reading bodies. S3's listing does
	// not tell Version and ContentType: they are empty from every engine.
	// Objects may be written while a listing runs.
	List(ctx context.Context, bucket, prefix string) iter.Seq2[Info, error]
}
