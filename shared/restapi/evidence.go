package restapi

import (
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
)

// grade is a code of http://hl7.org/fhir/ValueSet/match-grade.
type grade string

const (
	certain      grade = "certain"
	probable     grade = "probable"
	possible     grade = "possible"
	certainlyNot grade = "certainly-not"
)

const (
	gradeExtension = "http://hl7.org/fhir/StructureDefinition/match-grade"
	// probableFrom is the probability from which a match that no guard speaks
	// against is probable: the one from which PDS clients take a match for good
	// (DfE SUI_Matcher, "Match").
	probableFrom = 0.95
)

// gradeOf says how sure the index is. Certain is who it would link by itself. A
// veto, such as two different verified NHS numbers, is certainly-not.
func gradeOf(m index.Match) grade {
	d := m.Decision
	switch {
	case d.Outcome == matching.Link:
		return certain
	case d.Outcome == matching.New || slices.ContainsFunc(d.Guards, vetoed):
		return certainlyNot
	case d.Outcome == matching.Possible && len(d.Guards) == 0 && m.Probability >= probableFrom:
		return probable
	}
	return possible
}

func vetoed(guard string) bool { return slices.Contains(matching.Vetoes.Names(), guard) }

// evidence gives a decision as an extension: levels and bits, never values.
func evidence(d matching.Decision) extension {
	parts := []extension{{URL: "outcome", ValueCode: string(d.Outcome)}, {URL: "rule", ValueCode: d.Rule}, {URL: "model", ValueString: d.Version}}
	if d.Prior != 0 || d.Bits != 0 {
		parts = append(parts, extension{URL: "prior", ValueDecimal: bits(d.Prior)}, extension{URL: "bits", ValueDecimal: bits(d.Bits)})
	}
	if d.Lead != nil {
		parts = append(parts, extension{URL: "lead", ValueDecimal: bits(*d.Lead)})
	}
	for _, g := range d.Guards {
		parts = append(parts, extension{URL: "guard", ValueCode: g})
	}
	for _, f := range d.Fields {
		field := []extension{{URL: "name", ValueCode: f.Name}, {URL: "level", ValueCode: f.Level}}
		if f.Bits != 0 {
			field = append(field, extension{URL: "bits", ValueDecimal: bits(f.Bits)})
		}
		parts = append(parts, extension{URL: "field", Extension: field})
	}
	return extension{URL: evidenceExtension, Extension: parts}
}

// bits are shown to a hundredth. A number without end, which no decision should
// hold, is shown as the largest that is one.
func bits(b float64) jsontext.Value {
	const most = 1e6
	if math.IsNaN(b) {
		b = 0
	}
	return strconv.AppendFloat(nil, math.Round(min(max(b, -most), most)*100)/100+0, 'f', -1, 64)
}

// scoreOf gives a probability as search.score, to four places. Less than
// certainty is never shown as 1.
func scoreOf(p float64) float64 {
	p = min(max(p, 0), 1)
	if rounded := math.Round(p*1e4) / 1e4; rounded < 1 || p == 1 {
		return rounded
	}
	return 0.9999
}

// searchOf says of a match how sure it is and why.
func searchOf(m index.Match) (fhir.EntrySearch, error) {
	list := []extension{{URL: gradeExtension, ValueCode: string(gradeOf(m))}, evidence(m.Decision)}
	body, err := json.Marshal(list, json.Deterministic(true))
	score := scoreOf(m.Probability)
	return fhir.EntrySearch{Mode: fhir.ModeMatch, Score: &score, Extension: body}, failure.Wrap(failure.Internal, "restapi.searchOf", err)
}
