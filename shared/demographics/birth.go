package demographics

// Agreement says how far two values of one field agree.
type Agreement uint8

const (
	Absent  Agreement = iota // one of the two is not known
	Differs                  // they disagree
	Partial                  // they agree but for a slip of the pen
	Exact                    // they are the same
)

// CompareBirthDates compares two FHIR dates by the rule of the Personal
// Demographics Service's cross-check (The Person_ID Handbook, technical
// details). Partial is: two of day, month and year agree; or day and month are
// exchanged and the year is the same. A part also agrees when its two digits,
// for the year the last two, are swapped; one of the two agreeing parts must
// then be the very same, as two slips in one date are no evidence.
func CompareBirthDates(a, b string) Agreement {
	p, ok := dateParts(a)
	q, ok2 := dateParts(b)
	if !ok || !ok2 {
		return Absent
	}
	if p == q && p[2] != "" {
		return Exact
	}
	same, agree := 0, 0
	for i := range p {
		if p[i] == "" || q[i] == "" {
			continue
		}
		switch {
		case p[i] == q[i]:
			same++
			agree++
		case p[i] == swapLast(q[i]):
			agree++
		}
	}
	exchanged := p[0] == q[0] && p[2] != "" && p[1] == q[2] && p[2] == q[1]
	if exchanged || agree >= 2 && same >= 1 {
		return Partial
	}
	return Differs
}

// dateParts cuts YYYY, YYYY-MM or YYYY-MM-DD; a part that is not there is
// empty. False for any other form.
func dateParts(date string) (parts [3]string, ok bool) {
	if len(date) != 4 && len(date) != 7 && len(date) != 10 {
		return parts, false
	}
	for i := range len(date) {
		if dash := i == 4 || i == 7; dash != (date[i] == '-') || !dash && (date[i] < '0' || date[i] > '9') {
			return parts, false
		}
	}
	parts[0] = date[:4]
	if len(date) >= 7 {
		parts[1] = date[5:7]
	}
	if len(date) == 10 {
		parts[2] = date[8:]
	}
	return parts, true
}

// swapLast exchanges the last two digits of a part.
func swapLast(part string) string {
	n := len(part)
	return part[:n-2] + part[n-1:] + part[n-2:n-1]
}
