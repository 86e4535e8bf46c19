package messages

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
	"github.com/carerecord/carerecord/shared/nhs"
)

// row is the mapping of one patient of one message.
type row struct {
	*file
	msg  *hl7v2.Message
	out  extract.Row
	kind kind

	seen    map[string]int // segments met, by name: OBX[3] is the third
	repeats map[string]int // entries of an id met
	seg     hl7v2.Segment  // the segment being mapped
	nth     int            // its number among those of its name

	pid     pid
	prior   hl7v2.Segment // MRG
	pv1     hl7v2.Segment // of a message about a visit
	pv2     hl7v2.Segment
	control hl7v2.Segment // ORC
	visit   string        // source id of the Encounter that the message is about; empty: none
	order   *order        // the OBR that OBX and NTE belong to
	result  *result       // the Observation that notes may still be added to; it is what the builder holds
	doc     *document     // TXA
}

// patientGroups parts the segments at each PID after the first: a merge or a
// result message may speak of several patients, and each is a row. The MSH and
// the EVN after it belong to all of them.
func patientGroups(segments []hl7v2.Segment) [][]hl7v2.Segment {
	var starts []int
	for i, s := range segments {
		if s.Name() == "PID" {
			starts = append(starts, i)
		}
	}
	if len(starts) < 2 {
		return [][]hl7v2.Segment{segments}
	}
	header := segments[:1:1]
	if segments[1].Name() == "EVN" {
		header = segments[:2:2]
	}
	groups := [][]hl7v2.Segment{segments[:starts[1]]}
	for i, from := range starts[1:] {
		to := len(segments)
		if i+2 < len(starts) {
			to = starts[i+2]
		}
		groups = append(groups, slices.Concat(header, segments[from:to]))
	}
	return groups
}

// row maps the segments of one patient.
func (f *file) row(m *hl7v2.Message, segments []hl7v2.Segment) extract.Row {
	place := extract.Place{Line: m.Line, Offset: m.Offset}
	if len(segments) != len(m.Segments) { // one patient of several
		place = firstOf(segments, "PID")
	}
	r := &row{file: f, msg: m, out: f.next(place, kindOf(m)), seen: map[string]int{}, repeats: map[string]int{}}
	// Patients are administered by ADT messages (HL7 v2.4, chapter 3); others
	// repeat of the patient what their own purpose needs.
	r.out.Passing = !strings.HasPrefix(r.out.Kind, "ADT")
	r.recoding()
	r.header(segments)
	r.takeAll(segments)
	if r.out.Rejected() { // what was made before the fault was met does not count
		r.out.Details, r.out.Merge, r.out.Entries = nil, nil, nil
	}
	slices.SortStableFunc(r.out.Faults, func(a, b extract.Fault) int { return cmp.Compare(a.Place.Offset, b.Place.Offset) })
	return r.out
}

// takeAll maps the segments, the PID first wherever it stands: every other
// segment is about its patient.
func (r *row) takeAll(segments []hl7v2.Segment) {
	for _, first := range []bool{true, false} {
		for _, s := range segments {
			if r.out.Rejected() {
				return
			}
			if first == (s.Name() == "PID") {
				r.take(s)
			}
		}
	}
	if !r.out.Rejected() {
		r.finish()
	}
}

// firstOf is the place of the first segment of a name.
func firstOf(segments []hl7v2.Segment, name string) extract.Place {
	for _, s := range segments {
		if s.Name() == name {
			return extract.Place{Line: s.Line, Offset: s.Offset}
		}
	}
	return extract.Place{}
}

// recoding reports, once a file, that text was not what MSH-18 says it is.
func (r *row) recoding() {
	if r.msg.Windows1252() && !r.recoded {
		r.recoded = true
		r.out.Faults = append(r.out.Faults, extract.FileEncoding.At(r.out.Number, r.out.Place, "Windows-1252"))
	}
}

// messageKind is the form of a message type and its trigger event.
var messageKind = regexp.MustCompile(`^[A-Z]{3}(\^[A-Z][0-9]{2})?$`)

// header reads the time and kind of the message and refuses kinds that are not
// taken and messages without a patient.
func (r *row) header(segments []hl7v2.Segment) {
	msh := segments[0]
	r.seg = msh
	if at, ok := r.time(msh.Field(7), "7"); ok {
		r.out.At = at.Time
	}
	if r.out.Kind == "" {
		r.fault(extract.FieldMissing, msh.Field(9), "9", "")
		return
	}
	var known bool
	if r.kind, known = kinds[r.out.Kind]; !known {
		found := r.out.Kind
		if !messageKind.MatchString(found) { // not a kind at all, so it may be anything
			found = extract.Mask(found)
		}
		r.fault(extract.KindUnknown, msh.Field(9), "9", found)
		return
	}
	for _, required := range append([]string{"PID"}, r.kind.needs...) {
		if (firstOf(segments, required) == extract.Place{}) {
			fault := extract.FieldMissing.At(r.out.Number, extract.Place{Line: r.out.Place.Line, Offset: r.out.Place.Offset, Path: required}, "")
			r.out.Faults = append(r.out.Faults, fault.Want("a segment %s", required))
		}
	}
}

// enter makes s the segment that faults are found in.
func (r *row) enter(s hl7v2.Segment) {
	r.seg = s
	r.seen[s.Name()]++
	r.nth = r.seen[s.Name()]
}

// take maps one segment.
func (r *row) take(s hl7v2.Segment) {
	if name := s.Name(); name != "NTE" { // a note belongs to what stands before it
		r.finishObservation()
	}
	r.enter(s)
	switch s.Name() {
	case "MSH": // header has read it
	case "EVN":
		if at, ok := r.time(s.Field(2), "2"); ok && r.out.At.IsZero() {
			r.out.At = at.Time
		}
	case "PID":
		r.patient(s)
	case "PD1":
		r.practice(s)
	case "MRG":
		r.prior = s
	case "PV1":
		r.encounter(s)
	case "PV2":
		r.visitReason(s)
	case "NK1":
		r.relatedPerson(s)
	case "AL1":
		r.allergy(s)
	case "DG1":
		r.diagnosis(s)
	case "PR1":
		r.procedure(s)
	case "ORC", "OBR":
		r.orderSegment(s)
	case "OBX":
		r.observation(s)
	case "NTE":
		r.note(s)
	case "TXA":
		r.transcription(s)
	default:
		r.unmapped(s)
	}
}

// unmapped reports, once a file, a segment that has no mapping.
func (r *row) unmapped(s hl7v2.Segment) {
	if name := s.Name(); !r.kept[name] {
		r.kept[name] = true
		place := extract.Place{Line: s.Line, Offset: s.Offset, Path: name}
		r.out.Faults = append(r.out.Faults, extract.SegmentKept.At(r.out.Number, place, name))
	}
}

// finish makes the entries that need more than one segment.
func (r *row) finish() {
	r.finishObservation()
	r.finishOrder()
	r.finishDocument()
	r.finishEncounter()
	r.finishPatient()
	if r.kind.merge {
		r.mergePatients()
	}
}

// fault notes what is wrong with a value of the segment being mapped. path is
// the value's place after the segment's name: "3(2).1".
func (r *row) fault(code extract.Code, v hl7v2.Value, path, found string) *extract.Fault {
	place := extract.Place{Line: r.seg.Line, Offset: r.seg.OffsetOf(v), Path: r.path(path)}
	r.out.Faults = append(r.out.Faults, code.At(r.out.Number, place, found))
	return &r.out.Faults[len(r.out.Faults)-1]
}

// path names a place: OBX[3]-5.1 for a segment that repeats, PID-7 for one that
// does not.
func (r *row) path(field string) string {
	name := r.seg.Name()
	if repeating[name] {
		name += "[" + strconv.Itoa(r.nth) + "]"
	}
	if field == "" {
		return name
	}
	return name + "-" + field
}

// repeating are the segments of which a message may hold several.
var repeating = map[string]bool{"NK1": true, "AL1": true, "DG1": true, "PR1": true, "ORC": true, "OBR": true, "OBX": true, "NTE": true}

// time reads a time stamp and notes a fault when there is one that cannot be
// read.
func (r *row) time(v hl7v2.Value, path string) (hl7v2.Timestamp, bool) {
	first := v.Component(1)
	if first.Empty() {
		return hl7v2.Timestamp{}, false
	}
	t, err := hl7v2.ParseTimestamp(first.Text(), nhs.London)
	if err != nil {
		f := r.fault(extract.FieldValue, first, path, extract.Mask(first.Text()))
		*f = f.Want("a time as YYYY[MM[DD[HHMM[SS]]]]")
		return hl7v2.Timestamp{}, false
	}
	return t, true
}

// add completes the resource in the builder as an entry. date is its clinical
// date; id must be unique among the organisation's entries of the type.
func (r *row) add(resourceType, id, date string) {
	r.out.Entries = append(r.out.Entries, extract.Entry{Type: resourceType, ID: id, Date: date, Resource: r.json.finish()})
}

// unique numbers the second and later entries of an id in one message, so that
// none is lost and a resend gives the same ids.
func (r *row) unique(resourceType, id string) string {
	key := resourceType + "|" + id
	r.repeats[key]++
	if n := r.repeats[key]; n > 1 {
		return id + "#" + strconv.Itoa(n)
	}
	return id
}
