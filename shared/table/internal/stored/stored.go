// Package stored is the form in which both engines keep a body, and its size
// and cost by DynamoDB's rules. Because both use it, a body is too large for
// one engine exactly when it is too large for the other, and a budget of units
// holds on both. It knows no engine.
//
// A stored body is one byte that names the coding, then the body itself or a
// zstd frame (RFC 8878) of it.
package stored

import (
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// The codings: the first byte of a stored body.
const (
	plain  byte = 0
	zframe byte = 1
)

// leastCompressed is the shortest body worth compressing: below it a frame's
// header eats what is won and no DynamoDB unit is saved.
const leastCompressed = 256

// Workers are few: each holds its tables in memory for good.
const workers = 4

var encoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(workers), zstd.WithWindowSize(1<<20),
		zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	if err != nil {
		panic("stored: the options of the encoder are constants and right: " + err.Error())
	}
	return e
})

var decoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(workers), zstd.WithDecoderMaxMemory(table.MaxBodyBytes),
		zstd.WithDecoderLowmem(true))
	if err != nil {
		panic("stored: the options of the decoder are constants and right: " + err.Error())
	}
	return d
})

// Encode gives the stored form of a body, or TooLarge in the name of op.
func Encode(op string, body []byte) ([]byte, error) {
	if len(body) > table.MaxBodyBytes {
		return nil, failure.New(failure.TooLarge, op, "the body has %d bytes, the most is %d", len(body), table.MaxBodyBytes)
	}
	out := compressed(body)
	if out == nil {
		out = append(append(make([]byte, 0, 1+len(body)), plain), body...)
	}
	if len(out) > table.MaxItemBytes {
		return nil, failure.New(failure.TooLarge, op, "the body has %d bytes as stored, the most is %d", len(out), table.MaxItemBytes)
	}
	return out, nil
}

// compressed is nil when compression saves nothing.
func compressed(body []byte) []byte {
	if len(body) < leastCompressed {
		return nil
	}
	out := encoder().EncodeAll(body, append(make([]byte, 0, len(body)), zframe))
	if len(out) > len(body) {
		return nil
	}
	return out
}

// Decode gives back the body, newly allocated. What Encode did not write is
// Internal, in the name of op.
func Decode(op string, form []byte) ([]byte, error) {
	if len(form) == 0 {
		return nil, failure.New(failure.Internal, op, "a stored body has no coding")
	}
	switch form[0] {
	case plain:
		return append([]byte{}, form[1:]...), nil
	case zframe:
		body, err := decoder().DecodeAll(form[1:], nil)
		return body, failure.Wrap(failure.Internal, op, err)
	}
	return nil, failure.New(failure.Internal, op, "a stored body has the unknown coding %d", form[0])
}
