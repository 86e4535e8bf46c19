package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// grid is a table for a person: rows of cells, of which one may have several lines.
type grid struct {
	indent string
	rows   [][]string
}

// add adds a row. Lines of a cell are parted by \n.
func (g *grid) add(cells ...string) {
	parts := make([][]string, len(cells))
	most := 0
	for i, cell := range cells {
		parts[i] = strings.Split(cell, "\n")
		most = max(most, len(parts[i]))
	}
	for line := range most {
		row := make([]string, len(cells))
		for i := range cells {
			if line < len(parts[i]) {
				row[i] = printable(parts[i][line])
			}
		}
		g.rows = append(g.rows, row)
	}
}

func (g *grid) print(out io.Writer) error {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range g.rows {
		fmt.Fprintln(w, g.indent+strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// printable takes out what could move the cursor or hide a part of the text:
// details come from partners' files.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) && !unicode.Is(unicode.Bidi_Control, r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
