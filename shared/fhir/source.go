package fhir

import (
	"bytes"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
)

// SetSource puts meta.source and meta.lastUpdated into a resource that Rewrite
// has given, in place of any that are there. Either may be empty: a zero time
// or an empty source states nothing. Meta keeps its place and its other
// members; a new one goes after the id.
//
// What is in the resource is passed over and copied, not read. The error is of kind failure.Invalid when it does
// not start as a compact resource does.
func SetSource(resource []byte, source string, lastUpdated time.Time) ([]byte, error) {
	stamp := stampOf(source, lastUpdated)
	if len(stamp) == 0 {
		return bytes.Clone(resource), nil
	}
	out := make([]byte, 0, len(resource)+len(stamp)+len(`"meta":{},`))
	for at, after := 1, 0; ; {
		m, err := memberAt(resource, at)
		if err != nil || resource[0] != '{' {
			return nil, failure.Wrap(failure.Invalid, "fhir.SetSource", errNotCompact)
		}
		if m.name == "meta" {
			return stampMeta(out, resource, m, stamp), nil
		}
		if after == 0 || m.name == "id" {
			after = m.value.end
		}
		if resource[m.value.end] != ',' {
			return insertMeta(out, resource, after, stamp), nil
		}
		at = m.value.end + 1
	}
}

func insertMeta(out, resource []byte, at int, stamp []byte) []byte {
	out = append(append(out, resource[:at]...), `,"meta":{`...)
	out = append(append(out, stamp...), '}')
	return append(out, resource[at:]...)
}

// stampMeta writes the resource with the stamp at the head of its meta. A meta
// that is no object says nothing, and gives way.
func stampMeta(out, resource []byte, meta member, stamp []byte) []byte {
	parts, _ := membersAt(resource, meta.value.start)
	out = append(append(append(out, resource[:meta.value.start]...), '{'), stamp...)
	for _, part := range parts {
		if part.name != "source" && part.name != "lastUpdated" {
			out = append(append(out, ','), resource[part.key.start:part.value.end]...)
		}
	}
	return append(append(out, '}'), resource[meta.value.end:]...)
}

// stampOf writes the members in the order of R4 Meta.
func stampOf(source string, lastUpdated time.Time) []byte {
	var stamp []byte
	if !lastUpdated.IsZero() {
		stamp = append(stamp, `"lastUpdated":"`...)
		stamp = append(stamp, FormatInstant(lastUpdated)...)
		stamp = append(stamp, '"')
	}
	if source == "" {
		return stamp
	}
	if len(stamp) > 0 {
		stamp = append(stamp, ',')
	}
	return appendText(append(stamp, `"source":`...), source)
}
