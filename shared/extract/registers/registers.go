// Package registers reads a register of patients kept as delimited text, such
// as a GP practice's list, into rows: one patient a record, with the patient's
// details, a UK Core shaped FHIR R4 Patient, and an EpisodeOfCare when the
// register says since when the patient is registered.
//
// It knows no partner: which column holds what is data, a Mapping. It must not
// guess a column, a date format or a code that the mapping does not name.
//
// # The mapping
//
// A mapping is a YAML object of the partner register:
//
//	delimiter: comma           # comma (default), pipe, tab, semicolon
//	encoding: auto             # auto (default: UTF-8, else Windows-1252), utf-8, windows-1252
//	header: [id, nhs, ...]     # every column of the file by its exact name; their order is free
//	nulls: ["NULL", "0"]       # values that mean "nothing"; an empty value always does
//	fields:
//	  localId: id                                          # the one field that is required
//	  birthDate: {column: dob, format: DD/MM/YYYY}
//	  sex: {column: sex, codes: {M: male, F: female}}
//	  addressLines: [address_1, address_2]
//
// A field is written as the name of its column, or as an object where it takes
// more than that. The fields:
//
//   - localId: the organisation's own number of the patient; may name its
//     identifier system ({column: id, system: "https://..."})
//   - nhsNumber, nhsStatus: the NHS number and its status indicator
//   - title, family, given, otherGiven: the name; otherGiven is split at spaces
//   - birthDate, registeredFrom, registeredTo: dates, each with its format
//   - deceased: the date of death with its format, or a flag with codes for
//     true and false
//   - sex: with codes for male, female, other and unknown; without codes the
//     codes of the NHS Data Dictionary and HL7 are taken
//   - addressLines (one or several columns), city, district, postcode
//   - phone, mobile, email
//   - practice: the ODS code of the GP practice
//
// A date format is made of YYYY, MM or M, MMM (Jan), DD or D, and hh, mm, ss,
// with any of "/", "-", ".", ":", "T" and space between them. M and D take one
// or two digits. A time of day is checked and left out. Columns of the header
// that no field names stay in the raw file only.
package registers

import (
	"context"
	"io"
	"iter"

	"github.com/carerecord/carerecord/shared/csvfeed"
	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/failure"
)

// Kind is the kind of every row of a register.
const Kind = "patient"

// Reader reads files that are written as its Mapping says.
type Reader struct{ Mapping *Mapping }

var _ extract.Reader = Reader{}

// Rows gives one row for each record after the header. A file that is empty,
// packed, of another format, or whose header is not the mapping's gives a
// fault of the file and no row.
func (r Reader) Rows(ctx context.Context, src extract.Source) iter.Seq2[extract.Row, error] {
	return func(yield func(extract.Row, error) bool) {
		file, err := src.Open(ctx)
		if err != nil {
			yield(extract.Row{}, err)
			return
		}
		defer file.Close() // only read from: nothing is lost when it fails
		p := &pass{mapping: r.Mapping, received: src.Received, yield: yield}
		if err := p.run(ctx, file); err != nil {
			yield(extract.Row{}, failure.Wrap(kindOf(err), "registers.Rows", err))
		}
	}
}

// kindOf keeps the kind of an error of storage; any other error of reading a
// stream may be gone at the next try.
func kindOf(err error) failure.Kind {
	if kind := failure.KindOf(err); kind != failure.Internal {
		return kind
	}
	return failure.Unavailable
}

// run reads the file: a look at its first bytes, the header, the rows.
func (p *pass) run(ctx context.Context, file io.Reader) error {
	rest, fault, err := sniff(file)
	if err != nil {
		return err
	}
	if fault != nil {
		p.whole(*fault)
		return nil
	}
	records := csvfeed.NewReader(rest, csvfeed.Options{Delimiter: p.mapping.Delimiter, Encoding: p.mapping.Encoding})
	header, err := records.Read()
	if err == io.EOF {
		p.whole(extract.FileEmpty.At(0, extract.Place{Line: 1}, "no row"))
		return nil
	}
	if err != nil {
		return err
	}
	if !p.noteEncoding(header) || !p.header(header) {
		return nil
	}
	return p.rows(ctx, records)
}

// rows reads the records after the header.
func (p *pass) rows(ctx context.Context, records *csvfeed.Reader) error {
	for number := 1; ; number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		record, err := records.Read()
		if err == io.EOF {
			if number == 1 {
				p.whole(extract.FileEmpty.At(0, extract.Place{Line: 1}, "a header and no row"))
			}
			return nil
		}
		if err != nil {
			return err
		}
		if !p.noteEncoding(record) || !p.yield(p.row(number, record), nil) {
			return nil
		}
	}
}
