package restapi

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/version"
)

// deliverySystem is the identifier system of the region's delivery ids.
const deliverySystem = "urn:carerecord:delivery"

type (
	reference struct {
		Reference  string         `json:"reference,omitzero"`
		Type       string         `json:"type,omitzero"`
		Identifier *identifierRef `json:"identifier,omitzero"`
	}
	provenanceAgent struct {
		Type concept   `json:"type"`
		Who  reference `json:"who"`
	}
	concept struct {
		Coding []fhir.Coding `json:"coding"`
	}
	provenanceEntity struct {
		Extension []extension `json:"extension"`
		Role      string      `json:"role"`
		What      reference   `json:"what"`
	}
	provenanceForm struct {
		ResourceType string             `json:"resourceType"`
		ID           string             `json:"id"`
		Target       []reference        `json:"target"`
		Recorded     string             `json:"recorded"`
		Agent        []provenanceAgent  `json:"agent"`
		Entity       []provenanceEntity `json:"entity"`
	}
)

// author is the organisation that stated the content.
var author = concept{[]fhir.Coding{{System: "http://terminology.hl7.org/CodeSystem/provenance-participant-type", Code: "author"}}}

// statement is one place in one delivery at one time: it may have brought
// several entries, and they share a Provenance.
type statement struct {
	origin record.Origin
	at     version.Instant
}

// provenances gives one Provenance (FHIR R4) for each statement behind the
// entries, in the order in which they first occur: who said so, in which
// delivery, and where in its file. An id stands for exactly these targets, so
// one that another page splits differently is another resource.
func provenances(h *opaque.Hasher, entries []record.Entry) (ids []string, bodies [][]byte, err error) {
	var order []statement
	targets := map[statement][]string{}
	for _, e := range entries {
		st := statement{e.Origin, version.Instant{Time: e.At.Time.UTC().Round(0), Row: e.At.Row}}
		if _, known := targets[st]; !known {
			order = append(order, st)
		}
		targets[st] = append(targets[st], refOf(e))
	}
	for _, st := range order {
		id := h.ID("provenance", append([]string{st.origin.Delivery, strconv.Itoa(st.origin.Row), st.origin.Path}, targets[st]...)...)
		body, err := json.Marshal(provenanceOf(id, st, targets[st]), json.Deterministic(true))
		if err != nil {
			return nil, nil, failure.Wrap(failure.Internal, "restapi.provenances", err)
		}
		ids, bodies = append(ids, id), append(bodies, body)
	}
	return ids, bodies, nil
}

func provenanceOf(id string, st statement, targets []string) provenanceForm {
	p := provenanceForm{
		ResourceType: "Provenance", ID: id, Recorded: fhir.FormatInstant(st.at.Time),
		Agent: []provenanceAgent{{
			Type: author,
			Who:  reference{Type: "Organization", Identifier: &identifierRef{nhs.OrganisationSystem, st.origin.Organisation}},
		}},
		Entity: []provenanceEntity{{
			Extension: []extension{{URL: provenanceExtension, Extension: placeOf(st.origin)}},
			Role:      "source",
			What:      reference{Identifier: &identifierRef{deliverySystem, st.origin.Delivery}},
		}},
	}
	for _, t := range targets {
		p.Target = append(p.Target, reference{Reference: t})
	}
	return p
}

// whole is a whole number as a decimal.
func whole(n int64) jsontext.Value { return strconv.AppendInt(nil, n, 10) }

// placeOf writes line and offset as decimals: files may be longer than the 31
// bits of a FHIR integer.
func placeOf(o record.Origin) []extension {
	parts := []extension{{URL: "feed", ValueString: o.Feed}}
	if o.Row > 0 {
		parts = append(parts, extension{URL: "row", ValueInteger: o.Row})
	}
	if o.Line > 0 {
		parts = append(parts, extension{URL: "line", ValueDecimal: whole(o.Line)}, extension{URL: "offset", ValueDecimal: whole(o.Offset)})
	}
	if o.Path != "" {
		parts = append(parts, extension{URL: "path", ValueString: o.Path})
	}
	return parts
}
