package matching

import (
	"maps"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
)

// weights are the term frequencies of a field, as bits that come on top of
// those of its levels: a rare value in common says more than a frequent one.
type weights struct {
	listed   map[string]float64 // bits on top of the exact level's
	unlisted float64            // the same for a value that is not listed
}

// newWeights gives the weights of a field; nil when the model has none.
func newWeights(f *FieldModel, s *spec) *weights {
	if f.Frequencies == nil {
		return nil
	}
	exact := f.Levels[len(s.levels)-2].U
	w := &weights{listed: make(map[string]float64, len(f.Frequencies.Values)), unlisted: bitsOf(exact / f.Frequencies.Unlisted)}
	for value, frequency := range f.Frequencies.Values {
		w.listed[value] = bitsOf(exact / max(frequency, f.Frequencies.Unlisted))
	}
	return w
}

// exact gives the bits on top for a value that both sides have.
func (w *weights) exact(value string) float64 {
	if w == nil {
		return 0
	}
	if bits, ok := w.listed[value]; ok {
		return bits
	}
	return w.unlisted
}

// rarest gives the bits on top of the token that adds most.
func (w *weights) rarest(tokens []string) float64 {
	most := w.exact(tokens[0])
	for _, token := range tokens[1:] {
		most = max(most, w.exact(token))
	}
	return most
}

// fuzzy gives the bits on top for two values that are nearly the same: half of
// those of the more frequent one, which is likely the right one.
func (w *weights) fuzzy(a, b string) float64 {
	if w == nil {
		return 0
	}
	return halve(min(w.exact(a), w.exact(b)))
}

// known says that both values are listed: each is a value in its own right, so
// that one is less likely to be a slip for the other.
func (w *weights) known(a, b string) bool {
	if w == nil {
		return false
	}
	_, ok := w.listed[a]
	_, ok2 := w.listed[b]
	return ok && ok2
}

// fullNames are the weights of given and family name together.
type fullNames struct {
	listed map[[2]string]float64 // bits on top of those of the two names
	most   float64               // the most bits, by frequency, of a full name that is not listed
}

func newFullNames(m *Model) fullNames {
	n := fullNames{most: mostBits, listed: map[[2]string]float64{}}
	if m.FullNames == nil || m.Fields[fieldGiven].Frequencies == nil || m.Fields[fieldFamily].Frequencies == nil {
		return n
	}
	given, family := &m.Fields[fieldGiven], &m.Fields[fieldFamily]
	n.most = bitsOf(given.Levels[givenExact-1].U * family.Levels[familyExact-1].U / m.FullNames.Unlisted)
	for name, share := range m.FullNames.Values {
		first, last, _ := strings.Cut(name, " ")
		apart := given.Frequencies.of(first) * family.Frequencies.of(last)
		n.listed[[2]string{first, last}] = min(0, bitsOf(apart/share))
	}
	return n
}

// extra gives the bits on top for a full name that two records have, of whose
// parts the frequencies add so many; 0 or less.
func (n *fullNames) extra(given, family string, apart float64) float64 {
	if bits, ok := n.listed[[2]string{given, family}]; ok {
		return bits
	}
	return min(0, n.most-apart)
}

// of gives the share of a value.
func (f *Frequencies) of(value string) float64 {
	if f == nil {
		return 1
	}
	return max(f.Unlisted, f.Values[value])
}

// lists says that a value is listed.
func (f *Frequencies) lists(value string) bool {
	_, ok := f.Values[value]
	return ok
}

// halve keeps to the grain.
func halve(bits float64) float64 { return float64(int(bits*grain)/2) / grain }

// birthWeights are the same for birth dates: by year, by day of the year and,
// for dates that are still more frequent than these say, by date.
type birthWeights struct {
	years [yearsEnd - yearsBegin]float64
	days  [maxDay]float64 // by dayOfYear
	dates map[demographics.Date]float64
}

// Birth dates are of these years (demographics.ReadDate), and of any two digits
// for month and day.
const (
	yearsBegin, yearsEnd = 1000, 2200
	maxDay               = 100 * 100
)

func newBirthWeights(f *FieldModel) *birthWeights {
	w := &birthWeights{dates: map[demographics.Date]float64{}}
	if f.Frequencies == nil {
		return w
	}
	exact := f.Levels[birthExact-1].U
	years := 0.0
	for _, value := range slices.Sorted(maps.Keys(f.Frequencies.Values)) { // in order, so that the sum is always the same
		if len(value) == len("2006") {
			years += f.Frequencies.Values[value] * f.Frequencies.Values[value]
		}
	}
	for value, frequency := range f.Frequencies.Values {
		switch d := demographics.ReadDate(value); len(value) {
		case len("2006"):
			w.years[d.Year-yearsBegin] = bitsOf(years / frequency)
		case len("01-02"):
			w.days[dayOfYear(value)] = bitsOf(exact / years / frequency)
		default:
			w.dates[d] = bitsOf(exact / frequency)
		}
	}
	return w
}

// dayOfYear reads "MM-DD" as a number; 0 for any other form.
func dayOfYear(value string) int {
	if len(value) != len("01-02") || value[2] != '-' {
		return 0
	}
	n := 0
	for _, c := range []byte{value[0], value[1], value[3], value[4]} {
		if !digit(c) {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// exact gives the bits on top for a whole birth date that both sides have.
func (w *birthWeights) exact(d demographics.Date) float64 {
	if len(w.dates) > 0 {
		if bits, ok := w.dates[d]; ok {
			return bits
		}
	}
	if d.Year < yearsBegin || d.Year >= yearsEnd || d.Month > 99 || d.Day > 99 {
		return 0
	}
	return w.years[d.Year-yearsBegin] + w.days[int(d.Month)*100+int(d.Day)]
}
