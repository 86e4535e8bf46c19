package object

import (
	"unicode/utf8"

	"github.com/carerecord/carerecord/shared/failure"
)

// MaxKey is the greatest length of a key in bytes of UTF-8 (Amazon S3 User
// Guide, "Naming Amazon S3 objects").
const MaxKey = 1024

// DefaultContentType is what S3 gives to an object put without a content type
// (Amazon S3 API Reference, PutObject).
const DefaultContentType = "binary/octet-stream"

// CheckKey refuses what S3 does not take as a key (failure.Invalid): nothing,
// more than MaxKey bytes, or bytes that are not UTF-8. Everything else is a
// key, also "..", "//" and control characters. The error does not hold the key.
func CheckKey(op, key string) error {
	switch {
	case key == "":
		return failure.New(failure.Invalid, op, "the key is empty")
	case len(key) > MaxKey:
		return failure.New(failure.Invalid, op, "the key has %d bytes, more than %d", len(key), MaxKey)
	case !utf8.ValidString(key):
		return failure.New(failure.Invalid, op, "the key is not UTF-8")
	}
	return nil
}

// CheckOffset refuses a negative offset (failure.Invalid).
func CheckOffset(op string, offset int64) error {
	if offset < 0 {
		return failure.New(failure.Invalid, op, "the offset %d is negative", offset)
	}
	return nil
}
