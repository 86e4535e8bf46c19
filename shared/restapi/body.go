package restapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
)

// maxReason is how long a reason may be, in characters, as index.Act takes it.
const maxReason = 2000

// resourceParameter is the parameter of an operation that holds a resource.
const resourceParameter = "resource"

// readJSON takes the body of an operation (R4 operations, Executing an
// Operation): a Parameters resource, or the one resource that an operation
// works on. Values join those of the query, in the form that they have there.
func (p *parameters) readJSON(from io.Reader) error {
	body, err := io.ReadAll(from)
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return failure.New(failure.TooLarge, "restapi.parameters", "the body has more than %d bytes", maxForm)
	case err != nil:
		return bad("", fhir.IssueStructure, "the body cannot be read")
	}
	var d fhir.Document
	if err := d.Parse(body); err != nil {
		return malformed(err)
	}
	if d.Type() != "Parameters" {
		p.resource = bytes.Clone(d.Bytes())
		p.values.Add(resourceParameter, d.Type())
		return nil
	}
	for _, given := range d.Parameters() {
		if err := p.take(given); err != nil {
			return err
		}
	}
	return nil
}

// malformed says what is wrong with a text and at which byte. Its path is not
// said: the names in it are the caller's.
func malformed(err error) error {
	form, ok := fhir.FormOf(err)
	if !ok {
		return bad("", fhir.IssueStructure, "the body is no FHIR JSON")
	}
	return bad("", fhir.IssueStructure, "the body is no FHIR JSON: %s at byte %d", form.Reason, form.Offset)
}

func (p *parameters) take(given fhir.Parameter) error {
	where := "Parameters." + given.Path
	switch {
	case given.Name == "":
		return bad(where, fhir.IssueStructure, "a parameter has a name and one value")
	case given.Name == resourceParameter && given.Kind == resourceParameter:
		if p.resource != nil {
			return bad(where, fhir.IssueInvalid, "resource is given more than once")
		}
		p.resource = bytes.Clone(given.Value)
		p.values.Add(resourceParameter, "resource")
		return nil
	}
	text, ok := given.Text()
	if !ok {
		return bad(where, fhir.IssueValue, "this parameter takes one value that is not empty, of a simple type")
	}
	p.values.Add(given.Name, text)
	return nil
}

// need gives the value of a parameter that must be there.
func (p parameters) need(name string) (string, error) {
	value, ok, err := p.one(name)
	if err == nil && !ok {
		err = &refusal{error: failure.New(failure.Invalid, "restapi.parameters", "%s is required", name), code: fhir.IssueRequired, spine: "MISSING_VALUE", where: []string{name}}
	}
	return value, err
}

// flag reads a yes or no; absent is the given default.
func (p parameters) flag(name string, otherwise bool) (bool, error) {
	value, ok, err := p.one(name)
	switch {
	case err != nil || !ok:
		return otherwise, err
	case value == "true" || value == "false":
		return value == "true", nil
	}
	return false, bad(name, fhir.IssueValue, "%s is true or false", name)
}

// reason is why somebody changes something. It is kept with what it changed.
func (p parameters) reason() (string, error) {
	text, err := p.need("reason")
	if text = strings.TrimSpace(text); err == nil && text == "" {
		err = bad("reason", fhir.IssueRequired, "reason is empty")
	}
	if err == nil && (utf8.RuneCountInString(text) > maxReason || !utf8.ValidString(text)) {
		err = bad("reason", fhir.IssueTooLong, "reason has at most %d characters", maxReason)
	}
	return text, err
}

var opaqueForm = regexp.MustCompile(`^[0-9a-zA-Z]{26}$`)

// opaqueID gives an id that has the form of ours; empty for anything else, which
// might be something personal that was typed in its place.
func opaqueID(id string) string {
	if opaqueForm.MatchString(id) {
		return id
	}
	return ""
}
