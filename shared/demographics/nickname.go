package demographics

import (
	_ "embed"
	"strings"
	"sync"
)

// nicknameTable is a row for each formal given name: the name, then its
// nicknames (nhsengland/NHSE_probabilistic_linkage, MIT; licence beside it).
//
//go:embed nicknames/nhse_nicknames.csv
var nicknameTable string

// nicknames gives for every name of the table the numbers of the rows that it
// stands in, sorted. It is made at the first use, once.
var nicknames = sync.OnceValue(func() map[string][]uint16 {
	rows := make(map[string][]uint16, 4096)
	number := uint16(0)
	for line := range strings.Lines(nicknameTable) {
		for word := range strings.SplitSeq(line, ",") {
			name := Fold(word)
			if have := rows[name]; name != "" && (len(have) == 0 || have[len(have)-1] != number) {
				rows[name] = append(have, number)
			}
		}
		number++
	}
	return rows
})

// Nicknames says whether two folded given names may be one person's: one is a
// nickname of the other ("bob", "robert"), or both are of one formal name
// ("bob", "rob"). It is symmetric and allocates nothing.
func Nicknames(a, b string) bool {
	rows := nicknames()
	p, q := rows[a], rows[b]
	for len(p) > 0 && len(q) > 0 {
		switch {
		case p[0] == q[0]:
			return true
		case p[0] < q[0]:
			p = p[1:]
		default:
			q = q[1:]
		}
	}
	return false
}
