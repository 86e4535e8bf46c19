package index

import (
	"github.com/carerecord/carerecord/shared/demographics"
)

// mostStaters bounds how many source patients may stand in one claim. A number
// that more of them state is a placeholder and no evidence; further ones are
// not linked by it and are put up for review.
const mostStaters = 24

// claim is the stored form of a claim on an NHS number. It is never deleted, so
// that it is known for ever that the number once had a person.
type claim struct {
	Person  string   `json:"p,omitzero"` // whose the number is; empty: nobody states it any more
	Staters []stater `json:"s,omitzero"` // by key
}

// stater is a source patient that states the number, with what is needed to
// compare another with it. The claim is written whenever any of this changes:
// its version guards every link that was made by it.
type stater struct {
	Key      string               `json:"k"`
	Person   string               `json:"p"`
	Evidence demographics.Details `json:"d"`
}

// evidenceOf cuts details to what the rule compares.
func evidenceOf(d demographics.Details) demographics.Details {
	out := demographics.Details{NHSNumber: d.NHSNumber, NHSStatus: d.NHSStatus, BirthDate: d.BirthDate}
	for _, n := range d.Names {
		name := demographics.Name{Family: n.Family}
		if len(n.Given) > 0 {
			name.Given = n.Given[:1]
		}
		out.Names = append(out.Names, name)
	}
	for _, a := range d.Addresses {
		out.Addresses = append(out.Addresses, demographics.Address{Postcode: a.Postcode})
	}
	return out
}
