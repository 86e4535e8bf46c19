// Package practicelist makes the sample region's GP practice list out of the
// simulated hospital's patients and of made-up people. The same input always
// gives the same bytes.
//
// It must not use the product's readers: what it writes is held against them.
package practicelist

import (
	"bytes"
	"encoding/csv"
	"fmt"
)

// How many rows of each sort the list has.
const (
	Shared     = 60 // patients of the hospital: same NHS number and birth date
	Swapped    = 5  // the same, with day and month of birth swapped
	Impostors  = 3  // a hospital patient's number on somebody else
	Unnumbered = 2  // patients of the hospital that came without a number
	Strangers  = 46 // people the hospital does not know
	Nameless   = 4  // strangers without a number
)

var header = []string{
	"local_id", "nhs_number", "nhs_number_status", "title", "surname", "forename", "other_forenames",
	"date_of_birth", "sex", "address_1", "address_2", "town", "postcode", "phone", "email",
	"registered_from", "registered_to", "practice_code",
}

// row is one patient as the practice writes them; dates are DD/MM/YYYY.
type row struct {
	nhs, status, title, family, given, other, birth, sex string
	lines                                                [2]string
	town, postcode, phone, email, from, to               string
}

// Make writes the list as CSV with CRLF line ends (RFC 4180).
func Make(hospital []byte) []byte {
	known := ordinary(patients(hospital))
	rows := sharedRows(known[:Shared])
	known = known[Shared:]
	swapped, known := takeSwappable(known, Swapped)
	rows = append(rows, swapped...)
	rows = append(rows, impostorRows(known[:Impostors])...)
	rows = append(rows, unnumberedRows(known[Impostors:Impostors+Unnumbered])...)
	rows = append(rows, strangerRows(Strangers)...)
	rows = append(rows, namelessRows()...)
	return write(faulty(mixed(rows)))
}

// mixed puts the rows into an order in which the sorts alternate.
func mixed(rows []row) []row {
	const stride = 37 // no divisor of the number of rows, so each is met once
	out := make([]row, 0, len(rows))
	for i := range rows {
		out = append(out, rows[i*stride%len(rows)])
	}
	return out
}

// record gives the columns of the i-th row in the header's order.
func (r row) record(i int) []string {
	return []string{
		fmt.Sprintf("SS%05d", 10021+7*i), r.nhs, r.status, r.title, r.family, r.given, r.other,
		r.birth, r.sex, r.lines[0], r.lines[1], r.town, r.postcode, r.phone, r.email,
		r.from, r.to, "Z99901",
	}
}

func write(records [][]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	// A bytes.Buffer does not fail, and no field holds a character that
	// encoding/csv refuses.
	_ = w.Write(header)
	_ = w.WriteAll(records)
	return out.Bytes()
}
