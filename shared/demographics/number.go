package demographics

import "github.com/carerecord/carerecord/shared/nhs"

// StatusVerified is the NHS number status of a number that the Personal
// Demographics Service has confirmed (NHS Data Dictionary).
const StatusVerified = "01"

// UsableNumber gives the NHS number by which the details may be matched. False
// when there is none, when it fails the Modulus 11 check, and for the statuses
// that say the number is not known to be this patient's (NHS Data Dictionary,
// NHS NUMBER STATUS INDICATOR CODE): 04, traced without a single match; 05,
// number and details in conflict; 07, no number present.
func UsableNumber(d Details) (string, bool) {
	switch d.NHSStatus {
	case "04", "05", "07":
		return "", false
	}
	number, err := nhs.ParseNumber(d.NHSNumber)
	return number, err == nil
}

func numbers(d *Details) []Number {
	digits, ok := UsableNumber(*d)
	if !ok {
		return nil
	}
	return []Number{{Digits: digits, Verified: d.NHSStatus == StatusVerified}}
}
