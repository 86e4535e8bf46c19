package statemachine

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxPayload is the most bytes of JSON, as UTF-8, that pass into a state, out
// of it, or through a task (developer guide, "Service quotas": 256 KiB).
const maxPayload = 256 << 10

var errTrailing = errors.New("more than one JSON value")

// decode reads one JSON value. Numbers keep their text, so that data which
// passes through a machine comes out as it went in.
func decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errTrailing
	}
	return v, nil
}

// encode writes a value made by decode, which is always possible.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// limit refuses data over the size that AWS lets through.
func limit(state, what string, v any) error {
	if n := len(encode(v)); n > maxPayload {
		return fail(dataLimitError, state, "the %s has %d bytes; the limit is %d", what, n, maxPayload)
	}
	return nil
}
