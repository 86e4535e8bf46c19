package restapi

import (
	"errors"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
)

const (
	maxForm     = 64 << 10 // bytes of a search form
	maxQuery    = 8 << 10  // bytes of a URL's query
	maxCount    = 10000    // _count above it is taken as it (FHIR R4 search, Page Count)
	maxIgnored  = 10       // ignored parameters that are named in an answer
	maxNameSent = 64       // characters of one such name
)

// parameters are those of one request, from the URL and the body together.
type parameters struct {
	values   url.Values
	strict   bool   // Prefer: handling=strict
	resource []byte // the resource that came to an operation; nil: none
}

// readParameters takes the URL's query and, for POST, the body: a form, and for
// an operation FHIR JSON as well.
func readParameters(w http.ResponseWriter, r *http.Request, operation bool) (parameters, error) {
	p := parameters{strict: prefersStrict(r)}
	if len(r.URL.RawQuery) > maxQuery {
		return p, failure.New(failure.TooLarge, "restapi.parameters", "the query has more than %d bytes; send a form to _search", maxQuery)
	}
	var err error
	if p.values, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return parameters{strict: p.strict}, bad("", fhir.IssueStructure, "the query is not well formed")
	}
	if r.Method != http.MethodPost {
		return p, nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/x-www-form-urlencoded":
		err = p.readForm(r)
	case !operation:
		err = errMediaType
	case err == nil && isJSON(kind):
		err = p.readJSON(r.Body)
	default:
		err = errBodyType
	}
	return p, err
}

func (p parameters) readForm(r *http.Request) error {
	err := r.ParseForm()
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return failure.New(failure.TooLarge, "restapi.parameters", "the form has more than %d bytes", maxForm)
	case err != nil:
		return bad("", fhir.IssueStructure, "the form is not well formed")
	}
	for name, values := range r.PostForm {
		p.values[name] = append(p.values[name], values...)
	}
	return nil
}

// prefersStrict reads Prefer (RFC 7240; FHIR R4 search, Handling Errors).
func prefersStrict(r *http.Request) bool {
	for part := range strings.FieldsFuncSeq(strings.Join(r.Header.Values("Prefer"), ","), func(c rune) bool { return c == ',' || c == ';' }) {
		if strings.EqualFold(strings.ReplaceAll(part, " ", ""), "handling=strict") {
			return true
		}
	}
	return false
}

// only gives the parameters that are not offered. With handling=strict they
// are refused; else the answer names them, as it then holds more than was
// asked for.
func (p parameters) only(offered ...string) (ignored []string, err error) {
	for name := range p.values {
		if name != "_format" && name != "_pretty" && !slices.Contains(offered, name) {
			ignored = append(ignored, strings.ToValidUTF8(name[:min(len(name), maxNameSent)], ""))
		}
	}
	slices.Sort(ignored)
	if p.strict && len(ignored) > 0 {
		return nil, bad(ignored[0], fhir.IssueNotSupported, "this parameter is not offered here")
	}
	return ignored[:min(len(ignored), maxIgnored)], nil
}

// one gives the value of a parameter that may occur once; ok is false when it is absent.
func (p parameters) one(name string) (value string, ok bool, err error) {
	values := p.values[name]
	switch {
	case len(values) == 0:
		return "", false, nil
	case len(values) > 1:
		return "", false, bad(name, fhir.IssueInvalid, "%s is given more than once", name)
	case values[0] == "":
		return "", false, bad(name, fhir.IssueRequired, "%s is empty", name)
	}
	return values[0], true, nil
}

// count reads _count: how many matches a page may hold. Without it a page is
// limited by its bytes alone.
func (p parameters) count() (int, error) {
	text, ok, err := p.one("_count")
	if err != nil || !ok {
		return math.MaxInt, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, bad("_count", fhir.IssueValue, "_count is a whole number above 0")
	}
	return min(n, maxCount), nil
}

// types reads _type: known resource types, each once, in order. nil: all.
func (p parameters) types() ([]string, error) {
	var list []string
	for _, value := range p.values["_type"] {
		for name := range strings.SplitSeq(value, ",") {
			if !fhir.KnownType(name) {
				return nil, bad("_type", fhir.IssueCodeInvalid, "_type names no FHIR R4 resource type")
			}
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}
