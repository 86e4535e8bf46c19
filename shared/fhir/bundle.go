package fhir

import (
	"io"
	"strconv"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
)

// Link is an element of Bundle.link.
type Link struct {
	Relation string // self, next, previous, first, last
	URL      string
}

// SearchMode is a code of http://hl7.org/fhir/search-entry-mode.
type SearchMode string

// The search modes of R4. NoMode leaves the element out, as in Bundles that
// are no answer to a search.
const (
	NoMode        SearchMode = ""
	ModeMatch     SearchMode = "match"
	ModeInclude   SearchMode = "include"
	ModeOutcome   SearchMode = "outcome"
	bundleFlushAt            = 64 << 10
)

// BundleHead is what stands before the entries of a Bundle.
type BundleHead struct {
	ID        string // may be empty
	Type      string // R4 bundle-type: searchset, collection, history, ...
	Timestamp time.Time
	Total     int // of matches on all pages; below zero: not stated
	Links     []Link
}

// BundleWriter writes a Bundle entry by entry, from resources that are JSON
// already; it holds no more than a few of them at a time. Errors of the
// underlying writer stay until End gives them. Not safe for concurrent use.
type BundleWriter struct {
	w       io.Writer
	buf     []byte
	entries int
	linked  bool
	err     error
}

// NewBundleWriter begins a Bundle.
func NewBundleWriter(w io.Writer, head BundleHead) *BundleWriter {
	b := &BundleWriter{w: w, buf: append(make([]byte, 0, 4<<10), `{"resourceType":"Bundle"`...)}
	if head.ID != "" {
		b.buf = appendText(append(b.buf, `,"id":`...), head.ID)
	}
	b.buf = appendText(append(b.buf, `,"type":`...), head.Type)
	if !head.Timestamp.IsZero() {
		b.buf = appendText(append(b.buf, `,"timestamp":`...), FormatInstant(head.Timestamp))
	}
	if head.Total >= 0 {
		b.buf = strconv.AppendInt(append(b.buf, `,"total":`...), int64(head.Total), 10)
	}
	b.links(head.Links)
	return b
}

func (b *BundleWriter) links(links []Link) {
	if len(links) == 0 {
		return
	}
	b.linked = true
	b.buf = append(b.buf, `,"link":`...)
	for i, l := range links {
		b.buf = append(b.buf, "[,"[min(i, 1)])
		b.buf = appendText(append(b.buf, `{"relation":`...), l.Relation)
		b.buf = append(appendText(append(b.buf, `,"url":`...), l.URL), '}')
	}
	b.buf = append(b.buf, ']')
}

// EntrySearch is Bundle.entry.search: why a resource is in the answer.
type EntrySearch struct {
	Mode      SearchMode
	Score     *float64 // from 0 to 1; nil: not stated
	Extension []byte   // a JSON array of extensions; nil: none
}

// Entry adds a resource, which must be JSON; fullURL and mode may be empty.
func (b *BundleWriter) Entry(fullURL string, resource []byte, mode SearchMode) {
	b.Found(fullURL, resource, EntrySearch{Mode: mode})
}

// Found adds a resource as Entry does, with all that is said of the search.
func (b *BundleWriter) Found(fullURL string, resource []byte, search EntrySearch) {
	if b.err != nil {
		return
	}
	if b.entries == 0 {
		b.buf = append(b.buf, `,"entry":[{`...)
	} else {
		b.buf = append(b.buf, ",{"...)
	}
	b.entries++
	if fullURL != "" {
		b.buf = append(appendText(append(b.buf, `"fullUrl":`...), fullURL), ',')
	}
	b.buf = append(append(b.buf, `"resource":`...), resource...)
	b.search(search)
	if b.buf = append(b.buf, '}'); len(b.buf) >= bundleFlushAt {
		b.flush()
	}
}

func (b *BundleWriter) search(s EntrySearch) {
	if s.Mode == NoMode {
		return
	}
	b.buf = append(b.buf, `,"search":{`...)
	if s.Extension != nil {
		b.buf = append(append(append(b.buf, `"extension":`...), s.Extension...), ',')
	}
	b.buf = appendText(append(b.buf, `"mode":`...), string(s.Mode))
	if s.Score != nil {
		b.buf = strconv.AppendFloat(append(b.buf, `,"score":`...), *s.Score, 'f', -1, 64)
	}
	b.buf = append(b.buf, '}')
}

// Entries is how many entries were added.
func (b *BundleWriter) Entries() int { return b.entries }

func (b *BundleWriter) flush() {
	if b.err == nil {
		_, b.err = b.w.Write(b.buf)
	}
	b.buf = b.buf[:0]
}

// End ends the Bundle. Links that are known only now (the next page) are
// written after the entries, which JSON allows; the head must then have had
// none, else the error is of kind failure.Invalid. An error of the writer
// comes back as failure.Unavailable.
func (b *BundleWriter) End(links ...Link) error {
	if b.linked && len(links) > 0 {
		return failure.New(failure.Invalid, "fhir.BundleWriter.End", "the links stand in the head already")
	}
	if b.entries > 0 {
		b.buf = append(b.buf, ']')
	}
	b.links(links)
	b.buf = append(b.buf, '}')
	b.flush()
	return failure.Wrap(failure.Unavailable, "fhir.BundleWriter.End", b.err)
}
