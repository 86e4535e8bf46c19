// Package benchmark makes the inputs that the region is measured with, and
// measures it. Its figures are for people to compare; no test asserts a time.
package benchmark

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
)

// Hospital repeats a hospital's HL7 v2 messages under new patients: copy k of
// every message has its own MRN, NHS number, visit, order and document
// numbers, so that every copy brings new patients and new entries.
type Hospital struct {
	Messages []byte // segments end in CR; messages are parted by blank lines
	Copies   int
}

var (
	mrn    = regexp.MustCompile(`(\d+)(\^\^\^SIMULATOR MRN)`)
	nhsID  = regexp.MustCompile(`(\d{10})(\^\^\^NHSNBR)`)
	visit  = regexp.MustCompile(`(\d+)(\^\^\^\^visitid)`)
	orders = regexp.MustCompile(`(?m)((?:^|\r|\n)(?:ORC\|RE|OBR\|\d+)\|)(\d+)\|(\d+)`)
	notes  = regexp.MustCompile(`((?:\r|\n)TXA(?:\|[^|\r\n]*){11}\|)([^|\r\n]+)`)
)

// WriteTo streams all copies.
func (h Hospital) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for k := range h.Copies {
		n, err := w.Write(h.copy(k))
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (h Hospital) copy(k int) []byte {
	tag := strconv.Itoa(k + 1)
	numbers := map[string][]byte{}
	tagged := []byte("K" + tag + "-$1$2")
	out := mrn.ReplaceAll(h.Messages, tagged)
	out = nhsID.ReplaceAllFunc(out, func(found []byte) []byte {
		old := string(found[:10])
		if numbers[old] == nil {
			numbers[old] = nhsNumber(k*1000 + len(numbers))
		}
		return append(bytes.Clone(numbers[old]), found[10:]...)
	})
	out = visit.ReplaceAll(out, tagged)
	out = orders.ReplaceAll(out, fmt.Appendf(nil, "${1}K%s-$2|K%s-$3", tag, tag))
	return notes.ReplaceAll(out, fmt.Appendf(nil, "${1}K%s-$2", tag))
}

// nhsNumber gives the n-th ten-digit number from 4000000000 on that passes the
// Modulus 11 check (NHS Data Dictionary, NHS NUMBER). Every eleventh nine-digit
// stem has none, so stems are taken in twos and the first that has one counts.
func nhsNumber(n int) []byte {
	for stem := 400000000 + 2*n; ; stem++ {
		sum, rest := 0, stem
		for weight := 2; weight <= 10; weight++ {
			sum += rest % 10 * weight
			rest /= 10
		}
		if check := (11 - sum%11) % 11; check != 10 {
			return fmt.Appendf(nil, "%d%d", stem, check)
		}
	}
}
