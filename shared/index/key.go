package index

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/nhs"
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
//	K#<key>      <narrow>#<spk> posting: a source patient under a blocking key
//	V#<review>   V              a review, open or not
//	R#<kind>#<c> <when>#<id>    the queue of open reviews; <c>: first character of the review's id
//	H#<day>      <when>#<id>    decisions of a day
//	U#<person>   U              somebody has asked that an id given up be taken up again
const patientPrefix = "S#"

func patientKey(spk string) table.Key { return table.Key{Partition: patientPrefix + spk, Sort: "S"} }

func eventKey(spk string, number int) table.Key {
	return table.Key{Partition: "S#" + spk, Sort: fmt.Sprintf("E#%08d", number)}
}

const memberPrefix = "M#"

func memberKey(person, spk string) table.Key {
	return table.Key{Partition: "P#" + person, Sort: memberPrefix + spk}
}

func aliasKey(person string) table.Key { return table.Key{Partition: "P#" + person, Sort: "A"} }

func claimKey(id string) table.Key { return table.Key{Partition: "N#" + id, Sort: "N"} }

func reviewKey(id string) table.Key { return table.Key{Partition: "V#" + id, Sort: "V"} }

func queuePartition(kind ReviewKind, shard string) string {
	return fmt.Sprintf("R#%s#%.1s", kind, shard)
}

func queueKey(r *Review) table.Key {
	return table.Key{Partition: queuePartition(r.Kind, r.ID), Sort: stamp(r.Opened) + "#" + r.ID}
}

func dayKey(r *Review) table.Key {
	return table.Key{Partition: "H#" + r.Act.At.In(nhs.London).Format(time.DateOnly), Sort: stamp(r.Act.At) + "#" + r.ID}
}

func unmergeKey(person string) table.Key { return table.Key{Partition: "U#" + person, Sort: "U"} }

// stamp gives a time so that its text sorts by time.
func stamp(t time.Time) string { return t.UTC().Format(stampForm) }

const stampForm = "20060102T150405.000Z"

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
