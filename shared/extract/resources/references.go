package resources

import (
	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/fhir"
)

// references makes those to the subject OwnPatient, and those to other
// resources of the source "Type/id".
func (rd *reading) references() {
	own := ""
	if p := rd.row.Subject; p != nil && p.System == "" {
		own = "Patient/" + p.Value
	}
	subject := rd.stated
	var dangling map[string]bool
	for i := range rd.doc.References() {
		stated := rd.doc.Reference(i)
		resolved, open := rd.resolve(stated)
		switch {
		case stated == fhir.OwnPatient && rd.row.Subject == nil:
			continue
		case own != "" && resolved == own, subject != "" && stated == subject:
			resolved = fhir.OwnPatient
		}
		if resolved != stated {
			rd.changes = append(rd.changes, rd.doc.ChangeReference(i, resolved))
		}
		if open && !dangling[stated] {
			if dangling == nil {
				dangling = map[string]bool{}
			}
			dangling[stated] = true
			rd.fault(extract.ReferenceOpen, rd.doc.ReferencePath(i), "")
		}
	}
}

// resolve gives "Type/id" for what can be understood, and anything else as it
// came (R4 bundle, resolving references in Bundles). open: it names a resource
// of the Bundle, and there is none.
func (rd *reading) resolve(reference string) (resolved string, open bool) {
	if reference == "" || reference[0] == '#' {
		return reference, false
	}
	if target, ok := rd.sc.targets.find(reference); ok {
		return target, false
	}
	if fhir.IsURN(reference) {
		return reference, true
	}
	r, ok := fhir.ParseReference(reference)
	if !ok || r.Base != "" && r.Base != rd.base && !rd.sc.targets.bases[r.Base] {
		return reference, false
	}
	return r.Type + "/" + r.ID, false
}
