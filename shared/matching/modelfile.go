package matching

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
)

// Bounds of a sensible model. Bits beyond them are a sign of a file that is
// broken, and would drown all other evidence.
const (
	mostBits     = 64
	leastShare   = 1e-12
	digestLength = 12
	versionStart = "fs1-"
)

// ReadModel reads a model file. Errors are failure.Invalid and name the member
// that is wrong: the file is corrupt or truncated, of another format, edited by
// hand without a new version, or its numbers are no model.
func ReadModel(data []byte) (*Model, error) {
	const op = "matching.ReadModel"
	var head struct {
		Format *int `json:"format"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, failure.New(failure.Invalid, op, "not JSON, or cut off: %s", describe(err))
	}
	if head.Format == nil || *head.Format != Format {
		return nil, failure.New(failure.Invalid, op, "format: this program reads %d", Format)
	}
	m := new(Model)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil {
		return nil, failure.New(failure.Invalid, op, "%s", describe(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, failure.New(failure.Invalid, op, "something follows the model")
	}
	if err := m.check(); err != nil {
		return nil, failure.Wrap(failure.Invalid, op, err)
	}
	if m.Version != m.digest() {
		return nil, failure.New(failure.Invalid, op, "version: does not belong to these parameters")
	}
	return m, nil
}

// describe tells where JSON is wrong, without repeating what stands there.
func describe(err error) string {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return kind.Field + ": must be a " + kind.Type.String()
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return "at byte " + strconv.FormatInt(syntax.Offset, 10)
	}
	return "an unknown member or a broken value"
}

// Write gives the model as a file, indented, with its version.
func (m *Model) Write() []byte {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil { // cannot happen: check allows finite numbers alone
		return nil
	}
	return append(data, '\n')
}

// seal rounds the parameters as a file holds them, derives bits and version,
// and checks the whole.
func (m *Model) seal() error {
	for i := range m.Fields {
		f := &m.Fields[i]
		for l := range f.Levels {
			f.Levels[l].M, f.Levels[l].U = short(f.Levels[l].M), short(f.Levels[l].U)
		}
		f.weigh()
		f.Frequencies.short()
	}
	m.FullNames.short()
	for _, names := range m.GivenByDecade {
		(&Frequencies{Values: names}).short()
	}
	for _, bits := range []*float64{&m.Prior, &m.HouseholdBits, &m.TwinBits, &m.LinkBits, &m.ReviewBits, &m.LeadBits} {
		*bits = math.Round(*bits*grain) / grain
	}
	m.Format = Format
	m.Training.Matches = math.Round(m.Training.Matches)
	m.Version = m.digest()
	return m.check()
}

// short rounds to five significant digits.
func short(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 5, 64), 64)
	return y
}

// digest names the parameters: all but the version itself and the description
// of the training.
func (m *Model) digest() string {
	bare := *m
	bare.Version, bare.Training = "", Training{}
	data, err := json.Marshal(&bare)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return versionStart + hex.EncodeToString(sum[:])[:digestLength]
}

// check holds the numbers to what a model can be.
func (m *Model) check() error {
	const op = "matching.Model"
	if m.Policy != Careful && m.Policy != Balanced {
		return failure.New(failure.Invalid, op, "policy: must be %s or %s", Careful, Balanced)
	}
	for name, bits := range map[string]float64{"prior": m.Prior, "householdBits": m.HouseholdBits, "twinBits": m.TwinBits, "linkBits": m.LinkBits, "reviewBits": m.ReviewBits, "leadBits": m.LeadBits} {
		if !(math.Abs(bits) <= mostBits) {
			return failure.New(failure.Invalid, op, "%s: must be a number between -%d and %d", name, mostBits, mostBits)
		}
	}
	if m.Prior >= 0 || m.HouseholdBits <= 0 || m.TwinBits < m.HouseholdBits || m.LeadBits < 0 || m.ReviewBits > m.LinkBits {
		return failure.New(failure.Invalid, op, "prior must be below 0, householdBits above, twinBits not below householdBits, leadBits not below 0, and reviewBits not above linkBits")
	}
	if _, err := m.guards(); err != nil {
		return err
	}
	if m.FullNames != nil && !m.FullNames.shares(func(name string) bool { return strings.Count(name, " ") == 1 }) {
		return failure.New(failure.Invalid, op, "fullNames: must be shares above 0 and at most 1 of two names")
	}
	if err := m.checkFashion(); err != nil {
		return err
	}
	if len(m.Fields) != NumFields {
		return failure.New(failure.Invalid, op, "fields: %d, want %d", len(m.Fields), NumFields)
	}
	for i := range m.Fields {
		if err := m.Fields[i].check(i); err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) checkFashion() error {
	for decade, names := range m.GivenByDecade {
		year, err := strconv.Atoi(decade)
		if _, ok := decadeOf(uint16(max(0, min(year, math.MaxUint16)))); err != nil || !ok || year%10 != 0 {
			return failure.New(failure.Invalid, "matching.Model", "givenByDecade: no decade")
		}
		if f := (Frequencies{Unlisted: 1, Values: names}); !f.shares(func(string) bool { return true }) {
			return failure.New(failure.Invalid, "matching.Model", "givenByDecade: must be shares above 0 and at most 1")
		}
	}
	return nil
}

// guards gives the guards that stand besides vetoes; Invalid where a name is
// not that of one.
func (m *Model) guards() (Guard, error) {
	var g Guard
	for _, name := range m.GuardNames {
		i := slices.Index(guardNames[:], name)
		if i < 0 {
			return 0, failure.New(failure.Invalid, "matching.Model", "guards: an unknown name")
		}
		g |= 1 << i
	}
	return g, nil
}

func (f *FieldModel) check(field int) error {
	s, name := specOf(field), fieldNames[field]
	wrong := func(format string, args ...any) error {
		return failure.New(failure.Invalid, "matching.Model", "fields."+name+": "+format, args...)
	}
	if f.Name != name {
		return wrong("stands in its place under another name")
	}
	if len(f.Levels) != len(s.levels)-1 {
		return wrong("%d levels, want %d", len(f.Levels), len(s.levels)-1)
	}
	m, u := 0.0, 0.0
	for i, l := range f.Levels {
		if l.Name != s.levels[i+1] {
			return wrong("levels.%s: stands in its place under another name", s.levels[i+1])
		}
		if !(l.M >= leastShare && l.M <= 1 && l.U >= leastShare && l.U <= 1) {
			return wrong("levels.%s: m and u must be above 0 and at most 1", l.Name)
		}
		if !(math.Abs(l.Bits-bitsOf(l.M/l.U)) < 2.0/grain) {
			return wrong("levels.%s: bits are not the logarithm of m/u", l.Name)
		}
		m, u = m+l.M, u+l.U
	}
	if math.Abs(m-1) > 0.01 || math.Abs(u-1) > 0.01 {
		return wrong("m and u must each sum to 1")
	}
	for i := 1; i < len(s.rising); i++ {
		if low, high := f.Levels[s.rising[i-1]-1], f.Levels[s.rising[i]-1]; high.Bits < low.Bits-2.0/grain {
			return wrong("levels.%s: worth less than %s", high.Name, low.Name)
		}
	}
	if f.Frequencies == nil {
		return nil
	}
	if !f.Frequencies.shares(func(value string) bool { return field != fieldBirth || birthKey(value) }) {
		return wrong("frequencies: must be shares above 0 and at most 1, of birth dates by year, day and date")
	}
	return nil
}

// shares says that all frequencies are above 0 and at most 1, and all values of
// a form.
func (f *Frequencies) shares(form func(value string) bool) bool {
	is := func(x float64) bool { return x >= leastShare && x <= 1 }
	for value, share := range f.Values {
		if !is(share) || !form(value) {
			return false
		}
	}
	return is(f.Unlisted)
}

// short rounds them as a file holds them.
func (f *Frequencies) short() {
	if f == nil {
		return
	}
	f.Unlisted = short(f.Unlisted)
	for value, share := range f.Values {
		f.Values[value] = short(share)
	}
}

// birthKey says that a value is a year, a day of the year or a date.
func birthKey(value string) bool {
	switch len(value) {
	case len("01-02"):
		return dayOfYear(value) != 0
	case len("2006"), len("2006-01-02"):
		return demographics.ReadDate(value).Year != 0
	}
	return false
}
