package fhir

import (
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/nhs"
)

type addressElement struct {
	Use        string        `json:"use"`
	Text       string        `json:"text"`
	Line       []string      `json:"line"`
	City       string        `json:"city"`
	District   string        `json:"district"`
	State      string        `json:"state"`
	PostalCode string        `json:"postalCode"`
	Country    string        `json:"country"`
	Period     periodElement `json:"period"`
}

var addressRank = map[string]int{"home": 0, "": 1, "temp": 2, "work": 3, "billing": 4, "old": 5}

func (r *patientReader) addresses() {
	each(r, "address", func(path string, _ int, e addressElement) {
		a := demographics.Address{
			Use: e.Use, Lines: filled(e.Line), City: strings.TrimSpace(e.City), District: strings.TrimSpace(e.District),
			Postcode: r.postcode(path, e), Country: strings.TrimSpace(e.Country),
		}
		if a.District == "" {
			a.District = strings.TrimSpace(e.State)
		}
		if len(a.Lines) == 0 && a.City == "" {
			a.Lines = filled(strings.FieldsFunc(e.Text, func(c rune) bool { return c == ',' || c == '\n' }))
		}
		if len(a.Lines) == 0 && a.City == "" && a.District == "" && a.Postcode == "" {
			return
		}
		if r.over(e.Period) {
			a.Use = "old"
		}
		r.details.Addresses = append(r.details.Addresses, a)
	})
	slices.SortStableFunc(r.details.Addresses, func(a, b demographics.Address) int { return addressRank[a.Use] - addressRank[b.Use] })
}

func (r *patientReader) postcode(path string, e addressElement) string {
	stated := strings.TrimSpace(e.PostalCode)
	if stated == "" || !unitedKingdom(e.Country) {
		return stated
	}
	if postcode, ok := nhs.ParsePostcode(stated); ok {
		return postcode
	}
	r.problem(DefectPostcode, path+".postalCode", stated)
	return stated
}

// unitedKingdom says whether an address with this country can have a UK
// postcode; one that names no country can.
func unitedKingdom(country string) bool {
	switch strings.ToLower(strings.TrimSpace(country)) {
	case "", "gb", "gbr", "uk", "united kingdom", "great britain", "england", "scotland", "wales", "northern ireland":
		return true
	}
	return false
}

type telecomElement struct {
	System string        `json:"system"`
	Use    string        `json:"use"`
	Value  string        `json:"value"`
	Period periodElement `json:"period"`
}

// contacts keeps the order of the source, former ones last. A contact point
// whose kind is not stated is "other" (R4 contact-point-system).
func (r *patientReader) contacts() {
	var former []demographics.Contact
	each(r, "telecom", func(_ string, _ int, e telecomElement) {
		c := demographics.Contact{System: e.System, Use: e.Use, Value: strings.TrimSpace(e.Value)}
		if c.Value == "" {
			return
		}
		if c.System == "" {
			c.System = "other"
		}
		if r.over(e.Period) {
			c.Use = "old"
		}
		if c.Use == "old" {
			former = append(former, c)
			return
		}
		r.details.Contacts = append(r.details.Contacts, c)
	})
	r.details.Contacts = append(r.details.Contacts, former...)
}
