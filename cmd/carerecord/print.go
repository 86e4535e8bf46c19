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
	printHead(out, r)
	printFaults(out, r, mostFaults)
	fmt.Fprintln(out)
}

// printHead writes what became of the file and its rows.
func printHead(out io.Writer, r delivery.Report) {
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
	shown := faults
	if len(faults) > most { // the errors and warnings that fit; the rest by number
		told := slices.IndexFunc(faults, func(f extract.Fault) bool { return f.Severity == extract.Information })
		if told < 0 {
			told = len(faults)
		}
		shown = faults[:min(told, most)]
	}
	for _, f := range shown {
		printFault(out, f)
	}
	printRest(out, faults[len(shown):])
}

// printRest counts by code what is not shown line by line.
func printRest(out io.Writer, faults []extract.Fault) {
	var codes []extract.Fault
	count := map[string]int{}
	for _, f := range faults {
		if count[f.Code]++; count[f.Code] == 1 {
			codes = append(codes, f)
		}
	}
	for _, f := range codes {
		fmt.Fprintf(out, "  %d × %s %s: %s\n", count[f.Code], f.Severity, f.Code, f.Effect)
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
