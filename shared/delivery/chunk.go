package delivery

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"github.com/klauspost/compress/zstd"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// A chunk is closed at whichever comes first. The bounds keep a task's memory
// and time small whatever a partner sends.
const (
	chunkRows  = 500
	chunkBytes = 4 << 20 // of JSON, before compression
)

// Objects of a delivery in the work bucket, under deliveries/<id>/.
func chunkObject(id string, number int) string {
	return fmt.Sprintf("deliveries/%s/chunk-%06d.jsonl.zst", id, number)
}

func faultsObject(id string, number int) string {
	return fmt.Sprintf("deliveries/%s/faults-%06d.jsonl.zst", id, number)
}

func manifestObject(id string) string { return "deliveries/" + id + "/chunks.json" }

// lines is a file of JSON values, one a line, compressed. The zero value is empty.
type lines struct {
	packed bytes.Buffer
	zip    *zstd.Encoder
	count  int
	size   int // bytes before compression
}

func (l *lines) add(v any) error {
	if l.zip == nil {
		var err error
		l.zip, err = zstd.NewWriter(&l.packed, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return failure.Wrap(failure.Internal, "delivery.lines.add", err)
		}
	}
	line := encode(v)
	l.count++
	l.size += len(line)
	_, err := l.zip.Write(line)
	return failure.Wrap(failure.Internal, "delivery.lines.add", err)
}

// store writes the file and empties it for the next.
func (l *lines) store(ctx context.Context, objects object.Store, bucket, key string) error {
	if l.zip != nil {
		if err := l.zip.Close(); err != nil {
			return failure.Wrap(failure.Internal, "delivery.lines.store", err)
		}
	}
	_, err := objects.Put(ctx, bucket, key, "application/zstd", bytes.NewReader(l.packed.Bytes()))
	l.packed.Reset()
	l.zip, l.count, l.size = nil, 0, 0
	return err
}

// readLines gives the values of such a file one after the other.
func readLines[T any](ctx context.Context, objects object.Store, bucket, key string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		body, _, err := objects.Open(ctx, object.Ref{Bucket: bucket, Key: key}, 0)
		if err != nil {
			yield(zero, err)
			return
		}
		defer body.Close()
		unzip, err := zstd.NewReader(bufio.NewReader(body), zstd.WithDecoderConcurrency(1))
		if err != nil {
			yield(zero, failure.Wrap(failure.Internal, "delivery.readLines", err))
			return
		}
		defer unzip.Close()
		for values := json.NewDecoder(unzip); ; {
			var v T
			if err := values.Decode(&v); err == io.EOF {
				return
			} else if err != nil {
				yield(zero, failure.Wrap(failure.Internal, "delivery.readLines", err))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// rows reads a chunk into memory.
func (s *Service) rows(ctx context.Context, id string, number int) ([]extract.Row, error) {
	var rows []extract.Row
	for row, err := range readLines[extract.Row](ctx, s.Objects, s.Buckets.Work, chunkObject(id, number)) {
		if err != nil {
			return nil, fmt.Errorf("delivery.rows: %w", err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
