package demographics

import (
	"strings"

	"github.com/carerecord/carerecord/shared/nhs"
)

// Outward gives the outward code of the address's postcode ("AA9A" of
// "AA9A 9AA"); empty when the postcode has no such form, and for the
// pseudo-postcodes ZZ99, which say "no fixed abode" or "not known" (NHS Data
// Dictionary, POSTCODE) and would make neighbours of strangers.
func (a Address) Outward() string {
	code, ok := nhs.ParsePostcode(a.Postcode)
	if !ok {
		return ""
	}
	outward, _, _ := strings.Cut(code, " ")
	if outward == "ZZ99" {
		return ""
	}
	return outward
}
