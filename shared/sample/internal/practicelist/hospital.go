package practicelist

import (
	"bytes"
	"strings"
)

// patient is what the list needs of a PID segment (HL7 v2.3, 3.3.2).
type patient struct {
	nhs, family, given, other, title, birth, sex string // birth is YYYYMMDD
	lines                                        [2]string
	town, postcode, phone                        string
}

// patients reads each patient once, in the order of the file.
func patients(hl7 []byte) []patient {
	seen := map[string]bool{}
	var out []patient
	for segment := range bytes.FieldsFuncSeq(hl7, func(r rune) bool { return r == '\r' || r == '\n' }) {
		fields := strings.Split(string(segment), "|")
		if fields[0] != "PID" || seen[fields[2]] {
			continue
		}
		seen[fields[2]] = true
		out = append(out, read(fields))
	}
	return out
}

func read(pid []string) patient {
	name, address := strings.Split(pid[5], "^"), strings.Split(pid[11], "^")
	p := patient{
		family: name[0], given: name[1], other: name[2], title: name[4],
		birth: pid[7][:8], sex: pid[8],
		lines: [2]string{address[0], address[1]}, town: address[2], postcode: address[4],
	}
	p.phone, _, _ = strings.Cut(pid[13], "^")
	for id := range strings.SplitSeq(pid[3], "~") {
		if value, rest, _ := strings.Cut(id, "^"); strings.Contains(rest, "NHSNBR") {
			p.nhs = value
		}
	}
	return p
}

// ordinary leaves out those whose given name is a label of the simulator.
func ordinary(all []patient) []patient {
	var out []patient
	for _, p := range all {
		if !strings.ContainsAny(p.given, "0123456789 ") && p.given != "Unconscious" {
			out = append(out, p)
		}
	}
	return out
}
