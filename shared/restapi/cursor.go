package restapi

import (
	"encoding/base64"

	"github.com/go-json-experiment/json"

	"github.com/carerecord/carerecord/shared/fhir"
)

// cursor is the place after which a page goes on: the last entry of the page
// before, by its source patient, type and id. These are the keys by which
// entries are ordered and never change, so new data between two pages makes
// nothing come twice or go missing. It names the person whose record it is a
// place in. All four are opaque or coded.
type cursor struct {
	Person string `json:"p"`
	Source string `json:"s"`
	Type   string `json:"t"`
	ID     string `json:"i"`
}

const pageParameter = "_page"

// afterPatient is the place after the Patient that leads $everything and
// before every entry: no key is as low.
var afterPatient = cursor{Source: "-", Type: "Patient", ID: "-"}

func (c cursor) String() string {
	body, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(body)
}

// errCursor refuses a cursor, whatever is wrong with it.
var errCursor = bad(pageParameter, fhir.IssueValue, "%s is not one that this server gave for this record", pageParameter)

// parseCursor takes nothing but what String gives. A cursor grants nothing: it
// only says where to go on within what the request itself asks for.
func parseCursor(s string) (cursor, error) {
	var c cursor
	body, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(body, &c, json.RejectUnknownMembers(true))
	}
	if err != nil || !fhir.KnownType(c.Type) || !fhir.ValidID(c.ID) || !fhir.ValidID(c.Source) || !fhir.ValidID(c.Person) || c.String() != s {
		return cursor{}, errCursor
	}
	return c, nil
}

// page reads where to begin. The zero cursor is the beginning.
func (p parameters) page() (cursor, error) {
	text, ok, err := p.one(pageParameter)
	if err != nil || !ok {
		return cursor{}, err
	}
	return parseCursor(text)
}
