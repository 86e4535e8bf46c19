package population

import (
	"strconv"
	"strings"
	"sync"
)

// numbers are the NHS numbers of the range 999 that pass the Modulus 11 check
// (NHS Data Dictionary, NHS NUMBER), without 999 and the check digit: 6 digits.
var numbers = sync.OnceValue(func() []int32 {
	var list []int32
	for n := range int32(1_000_000) {
		if checkDigit(999_000_000+int(n)) < 10 && n != 999_999 { // ten nines stand for "not known"
			list = append(list, n)
		}
	}
	return list
})

func checkDigit(nine int) int {
	sum := 0
	for n, weight := nine, 2; n > 0; n, weight = n/10, weight+1 {
		sum += n % 10 * weight
	}
	return (11 - sum%11) % 11
}

// Numbers is how many NHS numbers there are to give: those of the range 999,
// which is for tests and not issued. Whoever comes later has none.
func Numbers() int { return len(numbers()) }

// Number gives the NHS number of a person; empty for ids from Numbers on.
// Members of a household have numbers that are far apart.
func Number(id int) string {
	list := numbers()
	if id >= len(list) {
		return ""
	}
	nine := 999_000_000 + int(list[id*380_041%len(list)]) // a prime that does not divide the length
	return strconv.Itoa(nine*10 + checkDigit(nine))
}

// phoneAreas are Ofcom's telephone numbers for drama: a thousand with each
// beginning (Ofcom, "Telephone numbers for use in TV and radio drama programmes").
var phoneAreas = []string{
	"01632 960", "0113 496 0", "0114 496 0", "0115 496 0", "0116 496 0", "0117 496 0", "0118 496 0", "0121 496 0", "0131 496 0",
	"0141 496 0", "0151 496 0", "0161 496 0", "0191 498 0", "020 7946 0",
}

// Phone gives the telephone of a household. There are few numbers for drama,
// so that in a large region many households share one.
func Phone(household int) string {
	return Padded(phoneAreas[household/1000%len(phoneAreas)], household*619%1000, 3)
}

// Mobile gives the mobile telephone of a person; there are a thousand numbers.
func Mobile(id int) string { return Padded("07700 900", id*787%1000, 3) }

// Email gives the e-mail address of a person, which is theirs alone.
func (p *Person) Email() string {
	return strings.ToLower(p.Given) + "." + strconv.FormatInt(int64(p.ID), 36) + "@example.org"
}
