package client

import (
	"github.com/carerecord/carerecord/shared/matching"
)

// Evidence reads the extension match-evidence: a decision with its waterfall.
// False when there is none.
func Evidence(all []Extension) (d matching.Decision, ok bool) {
	e, ok := Find(all, "/match-evidence")
	for _, part := range e.Extension {
		number, _ := part.ValueDecimal.Float64()
		switch part.URL {
		case "outcome":
			d.Outcome = matching.Outcome(part.ValueCode)
		case "rule":
			d.Rule = part.ValueCode
		case "model":
			d.Version = part.ValueString
		case "prior":
			d.Prior = number
		case "bits":
			d.Bits = number
		case "lead":
			d.Lead = &number
		case "guard":
			d.Guards = append(d.Guards, part.ValueCode)
		case "field":
			d.Fields = append(d.Fields, field(part.Extension))
		}
	}
	return d, ok
}

func field(parts []Extension) (f matching.Field) {
	for _, part := range parts {
		switch part.URL {
		case "name":
			f.Name = part.ValueCode
		case "level":
			f.Level = part.ValueCode
		case "bits":
			f.Bits, _ = part.ValueDecimal.Float64()
		}
	}
	return f
}
