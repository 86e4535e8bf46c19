package linkage

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
)

// Field is what a column of a register says of a person.
type Field uint8

// The fields that a column can be mapped to.
const (
	NHS       Field = iota + 1 // NHS number
	ID                         // an identifier of another scheme, without a check digit
	Given                      // given names; a second column adds middle names
	Family                     // family name
	FullName                   // title, given names and family name in one column
	BirthDate                  // in any of many forms, found out by column
	Sex                        // m, f, male, female, 1 or 2 (NHS Data Dictionary); anything else is not known
	Postcode                   // of the United Kingdom, or any other code of a place
	Address                    // a part of the address; columns are taken in the order given
	Phone
	Email
	Other          // any further text that agrees or disagrees
	NHSStatus      // NHS number status indicator, 01 to 08
	FormerFamily   // a previous family name
	FormerPostcode // of a previous address
)

const lastField = FormerPostcode

// fields are the names by which a mapping calls them. Many columns may be
// mapped to those that repeat.
var fields = []struct {
	name    string
	field   Field
	repeats bool
}{
	{"nhs", NHS, false},
	{"id", ID, true},
	{"given", Given, true},
	{"family", Family, false},
	{"name", FullName, false},
	{"dob", BirthDate, false},
	{"sex", Sex, false},
	{"postcode", Postcode, false},
	{"address", Address, true},
	{"phone", Phone, true},
	{"email", Email, true},
	{"other", Other, true},
	{"nhs-status", NHSStatus, false},
	{"former-family", FormerFamily, true},
	{"former-postcode", FormerPostcode, true},
}

// Column maps a column of the header to a field.
type Column struct {
	Field Field
	// Header is the column's name, white space around it left out. Names in
	// several files are parted by "|": the first that a file has is taken. An
	// empty one among them says that a file may have none.
	Header string
}

// ParseFields reads mappings as they stand on a command line:
// "given=first_name,family=surname". A name with a comma or a quote in it is
// quoted as in a CSV file. Errors are failure.Invalid.
func ParseFields(specs ...string) ([]Column, error) {
	var columns []Column
	for _, spec := range specs {
		r := csv.NewReader(strings.NewReader(spec))
		parts, err := r.Read()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, failure.New(failure.Invalid, "linkage.ParseFields", "%q cannot be read: write field=COLUMN,field=COLUMN, and quote a part that holds a comma", spec)
		}
		for _, part := range parts {
			if strings.TrimSpace(part) == "" {
				continue
			}
			c, err := parseColumn(part)
			if err != nil {
				return nil, err
			}
			columns = append(columns, c)
		}
	}
	return columns, checkColumns(columns)
}

func parseColumn(part string) (Column, error) {
	name, header, ok := strings.Cut(part, "=")
	name, header = strings.TrimSpace(name), strings.TrimSpace(header)
	if !ok || header == "" {
		return Column{}, failure.New(failure.Invalid, "linkage.ParseFields", "%q is no field=COLUMN", part)
	}
	for _, f := range fields {
		if f.name == name {
			return Column{Field: f.field, Header: header}, nil
		}
	}
	return Column{}, failure.New(failure.Invalid, "linkage.ParseFields", "there is no field %q; the fields are %s", name, fieldNames())
}

func checkColumns(columns []Column) error {
	if len(columns) == 0 {
		return failure.New(failure.Invalid, "linkage.ParseFields", "no field is mapped; the fields are %s", fieldNames())
	}
	other := 0
	for i, c := range columns {
		if c.Field == Other {
			other++
		}
		if slices.Contains(columns[:i], c) {
			return failure.New(failure.Invalid, "linkage.ParseFields", "column %q is mapped to %s twice", c.Header, c.Field)
		}
		again := slices.ContainsFunc(columns[:i], func(before Column) bool { return before.Field == c.Field })
		if again && !fields[c.Field-1].repeats {
			return failure.New(failure.Invalid, "linkage.ParseFields", "%s is mapped twice; one column can say it", c.Field)
		}
	}
	if other > matching.MaxOther {
		return failure.New(failure.Invalid, "linkage.ParseFields", "%d columns are mapped to other; %d are the most", other, matching.MaxOther)
	}
	return nil
}

// String gives the field's name in a mapping.
func (f Field) String() string {
	if f == 0 || int(f) > len(fields) {
		return "unknown"
	}
	return fields[f-1].name
}

func fieldNames() string {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}
