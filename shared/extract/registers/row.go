package registers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/csvfeed"
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/extract"
)

// problems says which fault a problem of the lexer is.
var problems = map[csvfeed.Problem]struct {
	code            extract.Code
	found, expected string
}{
	csvfeed.TooLong:    {extract.RowTooLong, "a longer row", fmt.Sprintf("at most %d bytes", csvfeed.MaxRecord)},
	csvfeed.OpenQuote:  {extract.RowSyntax, "a quote that is never closed", "a closing quote (RFC 4180)"},
	csvfeed.StrayQuote: {extract.RowSyntax, "text after a closing quote, or a quote that is never closed", "a delimiter or a line's end after a closing quote (RFC 4180)"},
	csvfeed.Forbidden:  {extract.RowEncoding, "a forbidden byte", extract.RowEncoding.Expected},
	csvfeed.NotUTF8:    {extract.RowEncoding, "bytes that are not UTF-8", "UTF-8, as the mapping says"},
}

// row makes the row of a record.
func (p *pass) row(number int, record *csvfeed.Record) extract.Row {
	row := extract.Row{Number: number, Place: place(record.Place, ""), Kind: Kind}
	switch {
	case record.Problem != csvfeed.None:
		problem := problems[record.Problem]
		row.Faults = []extract.Fault{problem.code.At(number, place(record.Trouble, ""), problem.found).Want("%s", problem.expected)}
		return row
	case len(record.Fields) != len(p.columns):
		found := fmt.Sprintf("%d columns", len(record.Fields))
		row.Faults = []extract.Fault{extract.RowSyntax.At(number, row.Place, found).Want("%d columns", len(p.columns))}
		return row
	}
	b := &builder{pass: p, number: number, record: record}
	b.build()
	row.Faults = b.faults
	if !row.Rejected() {
		row.Subject = &extract.Patient{Value: b.localID}
		row.Details = &b.details
		row.Entries = b.entries()
	}
	return row
}

// builder gathers what one record says.
type builder struct {
	*pass
	number int
	record *csvfeed.Record

	localID                      string
	details                      demographics.Details
	registeredFrom, registeredTo string
	faults                       []extract.Fault
}

// build reads the fields in a fixed order, which is that of the faults.
func (b *builder) build() {
	b.localID = b.text("localId")
	if b.localID == "" {
		b.fault(extract.PatientMissing, "localId", "nothing")
		return
	}
	b.nhsNumber()
	b.name()
	b.birthDate()
	b.sex()
	b.deceased()
	b.address()
	b.contacts()
	b.practice()
	b.registration()
}

// text gives the value of a field, trimmed and on one line; empty when the
// mapping does not have it or the value means nothing.
func (b *builder) text(field string) string {
	at := b.at[field]
	if len(at) == 0 {
		return ""
	}
	s := b.value(at[0])
	if strings.ContainsAny(s, "\r\n") {
		s = strings.Join(strings.Fields(s), " ")
	}
	return s
}

func (b *builder) value(column int) string {
	s := strings.TrimSpace(b.record.Fields[column].Text)
	if slices.Contains(b.mapping.Nulls, s) {
		return ""
	}
	return s
}

// fault notes a fault of a field.
func (b *builder) fault(code extract.Code, field, found string) *extract.Fault {
	at := b.at[field][0]
	where := place(b.record.Fields[at].Place, b.columns[at])
	b.faults = append(b.faults, code.At(b.number, where, found))
	return &b.faults[len(b.faults)-1]
}

// want makes the fault say more exactly what was expected.
func want(f *extract.Fault, format string, args ...any) { *f = f.Want(format, args...) }
