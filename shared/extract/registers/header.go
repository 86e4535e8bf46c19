package registers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/csvfeed"
	"github.com/carerecord/carerecord/shared/extract"
)

// pass is one reading of one file.
type pass struct {
	mapping  *Mapping
	received time.Time
	yield    func(extract.Row, error) bool

	columns       []string         // of the file, in its order
	at            map[string][]int // field name -> indexes of its columns
	encodingNoted bool
}

// whole gives a fault of the file as a whole.
func (p *pass) whole(f extract.Fault) bool {
	return p.yield(extract.Row{Place: f.Place, Kind: Kind, Faults: []extract.Fault{f}}, nil)
}

// noteEncoding tells once where the file stops to be UTF-8, when nothing was
// said of its encoding. It is false when the caller has heard enough.
func (p *pass) noteEncoding(record *csvfeed.Record) bool {
	if p.encodingNoted || record.Encoding != csvfeed.Windows1252 || p.mapping.Encoding != csvfeed.Auto {
		return true
	}
	p.encodingNoted = true
	return p.whole(extract.FileEncoding.At(0, place(record.Place, ""), "bytes that are not UTF-8"))
}

// header holds the first record to the mapping and finds the columns. It is
// false after a fault: nothing of the file is then read.
func (p *pass) header(record *csvfeed.Record) bool {
	at := place(record.Place, "")
	if record.Problem != csvfeed.None {
		p.whole(extract.FileFormat.At(0, place(record.Trouble, ""), problems[record.Problem].found).Want("a header that can be read"))
		return false
	}
	for _, f := range record.Fields {
		p.columns = append(p.columns, f.Text)
	}
	if found := p.headerFault(); found != "" {
		p.whole(extract.FileFormat.At(0, at, found).Want("the columns %s", strings.Join(p.mapping.Header, ", ")))
		return false
	}
	p.at = map[string][]int{}
	for name, source := range p.mapping.Fields {
		for _, column := range source.Columns {
			p.at[name] = append(p.at[name], slices.Index(p.columns, column))
		}
	}
	return true
}

// headerFault says what is wrong with the columns: missing, unexpected, twice.
func (p *pass) headerFault() string {
	var missing, unexpected, twice []string
	for _, column := range p.mapping.Header {
		if !slices.Contains(p.columns, column) {
			missing = append(missing, column)
		}
	}
	for i, column := range p.columns {
		switch {
		case !slices.Contains(p.mapping.Header, column):
			unexpected = append(unexpected, column)
		case slices.Contains(p.columns[:i], column):
			twice = append(twice, column)
		}
	}
	// A file without a header begins with a patient: its values are no names
	// of columns and are not shown.
	if 2*len(missing) > len(p.mapping.Header) {
		for i, column := range unexpected {
			unexpected[i] = extract.Mask(column)
		}
	}
	var parts []string
	for _, part := range []struct {
		word    string
		columns []string
	}{{"missing", missing}, {"unexpected", unexpected}, {"twice", twice}} {
		if len(part.columns) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", part.word, listed(part.columns)))
		}
	}
	return strings.Join(parts, "; ")
}

// listed joins at most twenty names of columns, each cut to 40 characters.
func listed(columns []string) string {
	const most, longest = 20, 40
	more := ""
	if len(columns) > most {
		more = fmt.Sprintf(" and %d more", len(columns)-most)
		columns = columns[:most]
	}
	out := make([]string, len(columns))
	for i, column := range columns {
		if runes := []rune(column); len(runes) > longest {
			column = string(runes[:longest]) + "…"
		}
		out[i] = strings.ToValidUTF8(column, "�")
	}
	return strings.Join(out, ", ") + more
}

func place(p csvfeed.Place, column string) extract.Place {
	if column != "" {
		column = "column " + column
	}
	return extract.Place{Line: p.Line, Offset: p.Offset, Path: column}
}
