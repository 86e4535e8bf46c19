package index

import (
	"encoding/json"
	"fmt"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/table"
)

// Items of the index. <spk> is a source patient's key, <claim> a keyed hash of
// an NHS number.
//
//	S#<spk>      S              the source patient: details, merge, link, latest events
//	S#<spk>      E#<number>     an earlier event
//	P#<person>   M#<spk>        a member of the person, all that a view needs
//	P#<person>   A              an id that is no longer in use: points to the person joined
//	N#<claim>    N              who states an NHS number or did before a merge, and whose it is
//	R#<kind>#<c> <spk>          something for a human to look at; <c>: first character of <spk>
func patientKey(spk string) table.Key { return table.Key{Partition: "S#" + spk, Sort: "S"} }

func eventKey(spk string, number int) table.Key {
	return table.Key{Partition: "S#" + spk, Sort: fmt.Sprintf("E#%08d", number)}
}

const memberPrefix = "M#"

func memberKey(person, spk string) table.Key {
	return table.Key{Partition: "P#" + person, Sort: memberPrefix + spk}
}

func aliasKey(person string) table.Key { return table.Key{Partition: "P#" + person, Sort: "A"} }

func claimKey(id string) table.Key { return table.Key{Partition: "N#" + id, Sort: "N"} }

func reviewKey(kind ReviewKind, spk string) table.Key {
	return table.Key{Partition: fmt.Sprintf("R#%s#%.1s", kind, spk), Sort: spk}
}

// claimID gives the id of the claim on an NHS number.
func (x *Index) claimID(number string) string { return x.hasher.ID("nhs-number", number) }

// encode gives the stored form. The types of this package have one; should that
// ever fail, it is a defect that the caller's test meets at once.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic("index: a stored type without a stored form: " + err.Error())
	}
	return body
}

func decode[T any](item table.Item, what string) (v T, err error) {
	if item.Version == 0 {
		return v, nil
	}
	if err := json.Unmarshal(item.Body, &v); err != nil {
		return v, failure.Wrap(failure.Internal, "index.decode "+what, err)
	}
	return v, nil
}

func decodePatient(item table.Item) (patient, error) { return decode[patient](item, "patient") }
func decodeClaim(item table.Item) (claim, error)     { return decode[claim](item, "claim") }

// SourceKey gives the key of a source patient: the organisation's ODS code, the
// assigning authority of the patient's id there, and the id.
func SourceKey(h *opaque.Hasher, organisation, system, value string) string {
	return h.ID("source-patient", organisation, system, value)
}
