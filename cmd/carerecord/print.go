package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/extract"
)

// printReport writes a report for a person, with its first faults; errors
// before warnings before the rest.
func printReport(out io.Writer, r delivery.Report, mostFaults int) {
	fmt.Fprintf(out, "%s/%s  %s: %s\n", r.Organisation, r.Feed, r.File, r.Status)
	if r.Reason != "" {
		fmt.Fprintf(out, "  because: %s\n", r.Reason)
	}
	if r.DuplicateOf != nil {
		fmt.Fprintf(out, "  the same content came as %s\n", r.DuplicateOf.File)
	}
	c := r.Counts
	fmt.Fprintf(out, "  read %d = accepted %d + unchanged %d + rejected %d + held %d\n", c.Read, c.Accepted, c.Unchanged, c.Rejected, c.Held)
	if len(r.Entries) > 0 {
		fmt.Fprintf(out, "  entries: %s\n", entryList(r.Entries))
	}
	printFaults(out, r, mostFaults)
	fmt.Fprintln(out)
}

func entryList(entries map[string]delivery.Stored) string {
	var list []string
	for _, resourceType := range slices.Sorted(maps.Keys(entries)) {
		e := entries[resourceType]
		list = append(list, fmt.Sprintf("%s %d", resourceType, e.Accepted+e.Unchanged+e.Held))
	}
	return strings.Join(list, ", ")
}

func printFaults(out io.Writer, r delivery.Report, most int) {
	rank := map[extract.Severity]int{extract.Error: 0, extract.Warning: 1, extract.Information: 2}
	faults := slices.Clone(r.Faults)
	slices.SortStableFunc(faults, func(a, b extract.Fault) int { return rank[a.Severity] - rank[b.Severity] })
	for i, f := range faults {
		if i == most {
			fmt.Fprintf(out, "  … and %d more in the report\n", len(faults)-most)
			return
		}
		printFault(out, f)
	}
}

func printFault(out io.Writer, f extract.Fault) {
	place := fmt.Sprintf("line %d", f.Place.Line)
	if f.Place.Path != "" {
		place += ", " + f.Place.Path
	}
	if f.Place.Line == 0 {
		place = "the file"
	}
	found := ""
	if f.Found != "" {
		found = "found " + f.Found + "; "
	}
	fmt.Fprintf(out, "  %s: %s %s: %sexpected %s; %s\n", place, f.Severity, f.Code, found, f.Expected, f.Effect)
	fmt.Fprintf(out, "      remedy: %s\n", f.Remedy)
}
