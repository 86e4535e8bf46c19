package registers

import (
	"maps"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/csvfeed"
	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

// Mapping says how a partner's register is written. The package's own comment
// documents the language.
type Mapping struct {
	Delimiter byte
	Encoding  csvfeed.Encoding
	Header    []string          // every column of the file, in any order
	Nulls     []string          // values that mean "nothing"
	Fields    map[string]Source // by field name
}

// Source is where a field comes from.
type Source struct {
	Columns []string          // one, but for addressLines
	Format  DateFormat        // of a date
	Codes   map[string]string // what stands in the column -> what it means
	System  string            // identifier system of localId
}

// shape says what a field is and so what its source may hold.
type shape uint8

const (
	text shape = iota
	identifier
	day
	coded     // may have codes
	dayOrFlag // has either a format or codes
	several   // may have several columns
)

// fieldShapes are the fields of the mapping language.
var fieldShapes = map[string]shape{
	"localId": identifier, "nhsNumber": text, "nhsStatus": text,
	"title": text, "family": text, "given": text, "otherGiven": text,
	"birthDate": day, "sex": coded, "deceased": dayOrFlag,
	"addressLines": several, "city": text, "district": text, "postcode": text,
	"phone": text, "mobile": text, "email": text,
	"registeredFrom": day, "registeredTo": day, "practice": text,
}

// codeMeanings are what the codes of a field may mean.
var codeMeanings = map[string][]string{
	"sex":      {"male", "female", "other", "unknown"},
	"deceased": {"true", "false"},
}

// These are the words of the language for settings of the lexer.
var (
	delimiters = map[string]byte{"comma": ',', "pipe": '|', "tab": '\t', "semicolon": ';'}
	encodings  = map[string]csvfeed.Encoding{"auto": csvfeed.Auto, "utf-8": csvfeed.UTF8, "windows-1252": csvfeed.Windows1252}
)

// ParseMapping reads a mapping. What is wrong with it is noted in the file
// that v belongs to, and the mapping is then not fit for use.
func ParseMapping(v strictyaml.Value) *Mapping {
	m := &Mapping{Delimiter: ',', Fields: map[string]Source{}}
	object := v.Object("delimiter", "encoding", "header", "nulls", "fields")
	if d, ok := object["delimiter"]; ok {
		word, _ := d.OneOf("comma", "pipe", "tab", "semicolon")
		m.Delimiter = delimiters[word]
	}
	if e, ok := object["encoding"]; ok {
		word, _ := e.OneOf("auto", "utf-8", "windows-1252")
		m.Encoding = encodings[word]
	}
	if h, ok := v.Need(object, "header"); ok {
		m.Header = h.Texts()
	}
	if n, ok := object["nulls"]; ok {
		m.Nulls = n.Texts()
	}
	if f, ok := v.Need(object, "fields"); ok {
		m.parseFields(f)
	}
	return m
}

func (m *Mapping) parseFields(v strictyaml.Value) {
	object := v.Object(slices.Sorted(maps.Keys(fieldShapes))...)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		m.Fields[name] = m.parseSource(name, object[name])
	}
	v.Need(object, "localId")
	_, from := object["registeredFrom"]
	if to, ok := object["registeredTo"]; ok && !from {
		to.Fail("needs registeredFrom beside it")
	}
}

// parseSource reads the source of one field: the name of its column, a list of
// them, or an object.
func (m *Mapping) parseSource(name string, v strictyaml.Value) Source {
	shape := fieldShapes[name]
	if !v.IsObject() {
		s := Source{Columns: m.columns(shape, v)}
		switch shape {
		case day:
			v.Fail("needs a format: {column: ..., format: DD/MM/YYYY}")
		case dayOrFlag:
			v.Fail("needs a format or codes: {column: ..., format: DD/MM/YYYY} or {column: ..., codes: {Y: true, N: false}}")
		}
		return s
	}
	return m.parseObject(name, shape, v)
}

// sourceKeys are the keys that the object of a field may hold.
var sourceKeys = map[shape][]string{
	text: {"column"}, identifier: {"column", "system"}, day: {"column", "format"},
	coded: {"column", "codes"}, dayOrFlag: {"column", "format", "codes"}, several: {"column"},
}

func (m *Mapping) parseObject(name string, shape shape, v strictyaml.Value) Source {
	var s Source
	object := v.Object(sourceKeys[shape]...)
	if column, ok := v.Need(object, "column"); ok {
		s.Columns = m.columns(shape, column)
	}
	if system, ok := object["system"]; ok {
		s.System = parseSystem(system)
	}
	format, hasFormat := object["format"]
	codes, hasCodes := object["codes"]
	switch {
	case hasFormat && hasCodes:
		codes.Fail("stands beside a format: want one of them")
	case shape == dayOrFlag && !hasFormat && !hasCodes:
		v.Fail("needs a format or codes")
	case shape == day && !hasFormat:
		v.Need(object, "format")
	}
	if hasFormat {
		s.Format = parseFormat(format)
	}
	if hasCodes {
		s.Codes = parseCodes(codes, codeMeanings[name])
	}
	return s
}

// columns reads the names of the columns, each of which the header must have.
func (m *Mapping) columns(shape shape, v strictyaml.Value) []string {
	items := []strictyaml.Value{v}
	if v.IsList() {
		if shape != several {
			v.Fail("takes one column")
			return nil
		}
		items = v.List()
	}
	var out []string
	for _, item := range items {
		column, ok := item.Text()
		if ok && !slices.Contains(m.Header, column) {
			item.Fail("the header has no column %q", column)
		}
		out = append(out, column)
	}
	return out
}

func parseFormat(v strictyaml.Value) DateFormat {
	s, ok := v.Text()
	if !ok {
		return DateFormat{}
	}
	format, err := ParseDateFormat(s)
	if err != nil {
		v.Fail("%s", err)
	}
	return format
}

func parseSystem(v strictyaml.Value) string {
	s, ok := v.Text()
	if scheme, rest, found := strings.Cut(s, ":"); ok && (!found || scheme == "" || rest == "" || strings.ContainsAny(s, " \t\n")) {
		v.Fail("%q is no URI", s)
	}
	return s
}

func parseCodes(v strictyaml.Value, meanings []string) map[string]string {
	codes := map[string]string{}
	entries := v.Entries()
	for _, e := range entries {
		codes[e.Key], _ = e.Value.OneOf(meanings...)
	}
	if len(entries) == 0 && v.IsObject() {
		v.Fail("must name at least one code")
	}
	return codes
}
