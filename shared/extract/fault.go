package extract

import (
	"fmt"
	"sort"
)

// Severity says what a fault did to the row.
type Severity string

const (
	Error       Severity = "error"       // the row was refused (or, for a fault of the whole file, what the effect says)
	Warning     Severity = "warning"     // the row was kept, a part of it was not
	Information Severity = "information" // the row was kept whole; worth knowing
)

// Fault is one thing wrong in a file: where, what, what it did, and what to do.
type Fault struct {
	Code     string   `json:"code"` // one of the codes registered in this package
	Severity Severity `json:"severity"`
	Row      int      `json:"row"` // 0: the file as a whole
	Place    Place    `json:"place"`
	Found    string   `json:"found,omitzero"` // what was there; masked with Mask where it is personal
	Expected string   `json:"expected"`       // what the rule asks
	Effect   string   `json:"effect"`
	Remedy   string   `json:"remedy"`
}

// Code describes a kind of fault. Severity, effect and remedy are the same
// wherever it occurs, so a partner learns a code once.
type Code struct {
	Name     string
	Severity Severity
	Expected string // may be made more exact where the fault is found
	Effect   string
	Remedy   string
}

var codes = map[string]Code{}

// register is called from package variables only; a name twice stops the start.
func register(c Code) Code {
	if _, twice := codes[c.Name]; twice {
		panic("extract: fault code registered twice: " + c.Name)
	}
	codes[c.Name] = c
	return c
}

// Codes lists every fault code by name.
func Codes() []Code {
	list := make([]Code, 0, len(codes))
	for _, c := range codes {
		list = append(list, c)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// At makes a fault of the code at a place. found is shown as it is: mask what
// is personal.
func (c Code) At(row int, place Place, found string) Fault {
	return Fault{
		Code: c.Name, Severity: c.Severity, Row: row, Place: place,
		Found: found, Expected: c.Expected, Effect: c.Effect, Remedy: c.Remedy,
	}
}

// Want gives the fault with a more exact account of what was expected.
func (f Fault) Want(format string, args ...any) Fault {
	f.Expected = fmt.Sprintf(format, args...)
	return f
}

// Mask hides a personal value and keeps its shape, by which the sender finds
// the cause: letters become x, digits become 9, the rest stays. At most 40
// characters are shown.
func Mask(s string) string {
	out := make([]rune, 0, 41)
	for _, r := range s {
		if len(out) == 40 {
			out = append(out, '…')
			break
		}
		switch {
		case r >= '0' && r <= '9':
			r = '9'
		case r < 0x20 || r == 0x7f:
			r = '�'
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r > 0x7f:
			r = 'x'
		}
		out = append(out, r)
	}
	return string(out)
}
