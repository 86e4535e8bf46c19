// Package partner reads the partner register: who may drop what, in which
// format and with which mapping. It is data, so that a new partner needs no
// new program.
//
// It holds no state and reads no file; what it is given is either wholly right
// or refused with every mistake in it.
package partner

import (
	"slices"

	"github.com/carerecord/carerecord/shared/extract/registers"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

// The formats of a feed.
const (
	HL7v2 = "hl7v2" // HL7 v2 messages in ER7 form
	FHIR  = "fhir"  // FHIR R4 JSON: Bundles, NDJSON, single resources
	CSV   = "csv"   // delimited text, read by a mapping
)

// Register lists the partners of a region.
type Register struct{ Partners []Partner }

// Partner is an organisation that sends extracts.
type Partner struct {
	ODS   string // its code at the Organisation Data Service, in capitals
	Name  string // for people to read
	Feeds []Feed
}

// Feed is one stream of files of a partner.
type Feed struct {
	Name   string             // unique within the partner; a part of the drop's key
	Format string             // HL7v2, FHIR or CSV
	CSV    *registers.Mapping // of a CSV feed; nil for the others
}

// Namespace is what the patient ids of the feed belong to: the feed itself,
// because two systems of one organisation may both number from 1. Ids of HL7
// v2 carry their assigning authority, so theirs is empty.
func (f *Feed) Namespace() string {
	if f.Format == HL7v2 {
		return ""
	}
	return f.Name
}

// Find gives a partner and its feed; false when there is no such feed, and nil
// for what is not there. The code is compared as it stands in the register, in
// capitals.
func (r *Register) Find(ods, feed string) (*Partner, *Feed, bool) {
	p := slices.IndexFunc(r.Partners, func(p Partner) bool { return p.ODS == ods })
	if p < 0 {
		return nil, nil, false
	}
	partner := &r.Partners[p]
	f := slices.IndexFunc(partner.Feeds, func(f Feed) bool { return f.Name == feed })
	if f < 0 {
		return partner, nil, false
	}
	return partner, &partner.Feeds[f], true
}

// Problems is the cause of the error that Parse gives: each mistake with file,
// line, field and reason. Take it with errors.As.
type Problems = strictyaml.Problems

// Parse reads a partner register. name is that of the file, for messages. The
// error is of kind failure.Invalid and lists every mistake as
// "file:line: field: reason", one a line.
func Parse(name string, data []byte) (*Register, error) {
	file, root, ok := strictyaml.Parse(name, data)
	r := &Register{}
	if ok {
		object := root.Object("partners")
		if list, ok := root.Need(object, "partners"); ok {
			r.parse(list)
		}
	}
	if err := file.Problems(); err != nil {
		return nil, failure.Wrap(failure.Invalid, "partner.Parse", err)
	}
	return r, nil
}

func (r *Register) parse(list strictyaml.Value) {
	for _, v := range list.List() {
		object := v.Object("ods", "name", "feeds")
		p := Partner{ODS: r.parseODS(v, object), Name: parseText(v, object, "name")}
		if feeds, ok := v.Need(object, "feeds"); ok {
			p.Feeds = parseFeeds(feeds)
		}
		r.Partners = append(r.Partners, p)
	}
}

func parseText(v strictyaml.Value, object map[string]strictyaml.Value, key string) string {
	value, ok := v.Need(object, key)
	if !ok {
		return ""
	}
	s, _ := value.Text()
	return s
}

func (r *Register) parseODS(v strictyaml.Value, object map[string]strictyaml.Value) string {
	s := parseText(v, object, "ods")
	if s == "" {
		return ""
	}
	// Keys in the drop are compared exactly, so a code is taken in capitals only.
	if code, ok := nhs.ParseODS(s); !ok || code != s {
		object["ods"].Fail("%q is no ODS code: want 3 to 10 capital letters and digits", s)
	}
	if slices.ContainsFunc(r.Partners, func(p Partner) bool { return p.ODS == s }) {
		object["ods"].Fail("%q stands in the register twice", s)
	}
	return s
}
