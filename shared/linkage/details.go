package linkage

import (
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/nhs"
)

// sexes are the codes of the NHS Data Dictionary (PERSON STATED GENDER CODE)
// and what people write. 0, 9 and all else say nothing.
var sexes = map[string]string{
	"m": "male", "male": "male", "man": "male", "boy": "male", "1": "male",
	"f": "female", "female": "female", "woman": "female", "girl": "female", "2": "female",
}

// unknownSexes are the codes that say so, and are no mistake.
var unknownSexes = map[string]bool{"0": true, "9": true, "u": true, "x": true, "o": true, "i": true, "unknown": true, "other": true, "indeterminate": true, "not known": true, "not specified": true}

// unread counts values that are not empty and could not be understood.
type unread [lastField + 1]int

func (u *unread) add(v *unread) {
	for i := range u {
		u[i] += v[i]
	}
}

// lineColumns is how many address columns make the line that tells houses apart.
// Further ones (a locality, a town, a county) are compared each by itself.
const lineColumns = 2

// reading turns the rows of one file into profiles. It is used by one goroutine.
type reading struct {
	columns []Column
	places  int    // further address columns that the model knows how to weigh
	dates   *dates // of the file's column of birth dates
	unread  unread

	details demographics.Details // of the row at hand
	name    demographics.Name
	full    demographics.Name
	address demographics.Address
	former  []demographics.Address
	maiden  []string // previous family names
	words   []string // of the address line
	lines   int      // address columns so far
	ids     []string
	other   []string
	further []string // address columns behind the line
}

// profile gives what a row says, cleaned. Values that cannot be understood are
// left out and counted.
func (r *reading) profile(values []string) demographics.Profile {
	*r = reading{columns: r.columns, places: r.places, dates: r.dates, unread: r.unread}
	for i, column := range r.columns {
		if text := values[i]; text != "" || column.Field == Other || column.Field == Address {
			r.take(column.Field, i, text)
		}
	}
	if r.name.Family == "" && len(r.name.Given) == 0 {
		r.name = r.full
	}
	r.details.Names = []demographics.Name{r.name}
	for _, family := range r.maiden {
		r.details.Names = append(r.details.Names, demographics.Name{Use: "old", Given: r.name.Given, Family: family})
	}
	r.details.Addresses = append([]demographics.Address{r.address}, r.former...)
	p := demographics.Clean(r.details)
	r.complete(&p)
	return p
}

// take puts a value into its place.
func (r *reading) take(field Field, column int, text string) {
	switch field {
	case NHS:
		r.number(text)
	case ID:
		r.identifier(column, text)
	case Given:
		r.name.Given = append(r.name.Given, strings.Fields(text)...)
	case Family:
		r.name.Family = text
	case FullName:
		r.full = demographics.ParseName(text)
	case BirthDate:
		r.birth(text)
	case Sex:
		r.sex(strings.ToLower(text))
	case Postcode:
		r.address.Postcode = text
	case Address:
		r.addressLine(text)
	case Phone, Email:
		r.details.Contacts = append(r.details.Contacts, demographics.Contact{System: field.String(), Value: text})
	case NHSStatus:
		r.details.NHSStatus, _ = nhs.ParseNumberStatus(text)
	case FormerFamily:
		r.maiden = append(r.maiden, text)
	case FormerPostcode:
		r.former = append(r.former, demographics.Address{Use: "old", Postcode: text})
	case Other:
		r.other = append(r.other, demographics.ReadText(text))
	}
}

// addressLine takes the next column of the address.
func (r *reading) addressLine(text string) {
	line := demographics.ReadAddress(text)
	if r.lines++; r.lines > lineColumns {
		if len(r.further) < r.places {
			r.further = append(r.further, line)
		}
		return
	}
	r.address.Lines = append(r.address.Lines, text)
	if line != "" {
		r.words = append(r.words, line)
	}
}

func (r *reading) number(text string) {
	number, err := nhs.ParseNumber(text)
	if err != nil {
		r.unread[NHS]++
	}
	r.details.NHSNumber = number
}

// identifier keeps identifiers of two columns apart, as they are of two schemes.
func (r *reading) identifier(column int, text string) {
	id := demographics.ReadID(text)
	if id == "" {
		return
	}
	for i, c := range r.columns {
		if c.Field == ID && i < column {
			id += "."
		}
	}
	r.ids = append(r.ids, id)
}

func (r *reading) sex(text string) {
	r.details.Sex = sexes[text]
	if r.details.Sex == "" && !unknownSexes[text] {
		r.unread[Sex]++
	}
}

func (r *reading) birth(text string) {
	p, ok := r.dates.read(text)
	if !ok {
		r.unread[BirthDate]++
		return
	}
	r.details.BirthDate = p.iso()
}

// complete adds what the details of one patient have no place for: the address
// as the register's columns tell it, further identifiers and texts.
func (r *reading) complete(p *demographics.Profile) {
	p.IDs, p.Other = r.ids, append(r.other, r.further...)
	if len(p.Addresses) > 0 && len(r.words) > 0 {
		p.Addresses = []string{strings.Join(r.words, " ")}
	}
}

// places gives the number of address columns behind the line that a model can
// weigh: all there is room for when it is to be trained, or those that it was
// trained on.
func (l *Layout) places(model *matching.Model) int {
	other, further := 0, -lineColumns
	for _, c := range l.Columns {
		switch c.Field {
		case Other:
			other++
		case Address:
			further++
		}
	}
	further = min(further, matching.MaxOther-other)
	for n := range max(0, further) {
		if model != nil && !model.Weighs(other+n) {
			return n
		}
	}
	return max(0, further)
}
