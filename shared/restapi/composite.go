package restapi

import (
	"cmp"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/nhs"
)

// localPrefix begins the identifier system of an organisation's own patient
// ids: urn:carerecord:patient:<ODS>:<assigning authority, percent-encoded>.
const localPrefix = "urn:carerecord:patient:"

func localSystem(organisation, authority string) string {
	return localPrefix + organisation + ":" + url.PathEscape(authority)
}

// parseLocalSystem undoes localSystem.
func parseLocalSystem(system string) (organisation, authority string, ok bool) {
	rest, ok := strings.CutPrefix(system, localPrefix)
	if !ok {
		return "", "", false
	}
	organisation, escaped, ok := strings.Cut(rest, ":")
	if !ok {
		return "", "", false
	}
	authority, err := url.PathUnescape(escaped)
	code, known := nhs.ParseODS(organisation)
	return code, authority, err == nil && known
}

// composite is the Patient of a person: what their sources say, those that
// stand before those that their organisation merged away (HL7 v2 ADT A34, A40),
// and of each the newest first. Lists keep every different value; where there
// can be one only, the first that says anything is taken.
func composite(p index.Person) fhir.Patient {
	out := fhir.Patient{ID: p.ID}
	var numbers []index.SourcePatient
	var former []string
	for _, s := range ranked(p.Sources) {
		if s.MergedInto != "" {
			s.Details.Names = formerNames(out.Details.Names, s.Details.Names)
		}
		fold(&out.Details, s.Details)
		if s.Details.NHSNumber != "" {
			numbers = append(numbers, s)
		}
		former = append(former, s.Former...)
		if s.At.Time.After(out.LastUpdated) {
			out.LastUpdated = s.At.Time
		}
		if s.Value != "" {
			out.Identifiers = append(out.Identifiers, fhir.Identifier{
				System: localSystem(s.Organisation, s.System), Value: s.Value, Assigner: s.Organisation,
			})
		}
	}
	if out.Details.Sex == "" {
		out.Details.Sex = "unknown" // gender is 1..1 in UKCoreAccessPatientIndexPatient
	}
	numberOf(&out, numbers, former)
	return out
}

// ranked gives the sources in the order in which they are believed.
func ranked(sources []index.SourcePatient) []index.SourcePatient {
	return slices.SortedStableFunc(slices.Values(sources), func(a, b index.SourcePatient) int {
		return cmp.Or(mergedAway(a)-mergedAway(b), b.At.Compare(a.At), cmp.Compare(a.Key, b.Key))
	})
}

func mergedAway(s index.SourcePatient) int {
	if s.MergedInto != "" {
		return 1
	}
	return 0
}

// formerNames marks the names of a patient that was merged away as old ones, and
// leaves out what a standing source says too. Where none names the person, they
// stay as they are: a person's only name is not a former one.
func formerNames(standing, names []demographics.Name) []demographics.Name {
	if len(standing) == 0 {
		return names
	}
	var list []demographics.Name
	for _, n := range names {
		same := func(have demographics.Name) bool {
			return have.Family == n.Family && slices.Equal(have.Given, n.Given)
		}
		if !slices.ContainsFunc(standing, same) {
			n.Use = "old"
			list = append(list, n)
		}
	}
	return list
}

func fold(into *demographics.Details, d demographics.Details) {
	into.BirthDate = cmp.Or(into.BirthDate, d.BirthDate)
	into.Sex = cmp.Or(into.Sex, d.Sex)
	into.Deceased = cmp.Or(into.Deceased, d.Deceased)
	into.Practice = cmp.Or(into.Practice, d.Practice)
	into.Names = distinct(into.Names, d.Names)
	into.Addresses = distinct(into.Addresses, d.Addresses)
	into.Contacts = distinct(into.Contacts, d.Contacts)
}

func distinct[T any](into, from []T) []T {
	for _, v := range from {
		if !slices.ContainsFunc(into, func(have T) bool { return reflect.DeepEqual(have, v) }) {
			into = append(into, v)
		}
	}
	return into
}

// numberOf takes the best NHS number as the patient's: that of a standing source
// before that of one that was merged away, a verified one (status 01) before
// others, one whose status says that it may not be the patient's last, the newest
// before older ones. Different ones that other sources hold stay visible behind
// it, and behind those the ones that sources stated formerly, as old.
func numberOf(out *fhir.Patient, numbers []index.SourcePatient, former []string) {
	slices.SortStableFunc(numbers, func(a, b index.SourcePatient) int {
		return cmp.Or(mergedAway(a)-mergedAway(b), cmp.Compare(statusRank(a.Details), statusRank(b.Details)))
	})
	var others []fhir.Identifier
	add := func(number, use string) {
		known := func(id fhir.Identifier) bool { return id.Value == number }
		if number != out.Details.NHSNumber && !slices.ContainsFunc(others, known) {
			others = append(others, fhir.Identifier{Use: use, System: nhs.NumberSystem, Value: number})
		}
	}
	for i, s := range numbers {
		if i == 0 {
			out.Details.NHSNumber, out.Details.NHSStatus = s.Details.NHSNumber, s.Details.NHSStatus
			continue
		}
		add(s.Details.NHSNumber, "")
	}
	for _, number := range former {
		add(number, oldIdentifier)
	}
	out.Identifiers = append(others, out.Identifiers...)
}

// oldIdentifier is the identifier-use of a number that is the patient's no more.
const oldIdentifier = "old"

func statusRank(d demographics.Details) int {
	_, usable := matching.UsableNumber(d)
	switch {
	case d.NHSStatus == nhs.NumberVerified:
		return 0
	case !usable:
		return 3
	case d.NHSStatus == "":
		return 2
	}
	return 1
}

// superseded is what reading a merged id answers with (IHE PIXm, ITI-104): an
// inactive Patient that names the one who took its place.
func superseded(old, survivor string) fhir.Patient {
	return fhir.Patient{
		ID: old, Inactive: true,
		Links: []fhir.PatientLink{{Reference: "Patient/" + survivor, Type: "replaced-by"}},
	}
}
