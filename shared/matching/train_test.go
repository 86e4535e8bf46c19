package matching_test

import (
	"encoding/csv"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
)

func train(t *testing.T, profiles []demographics.Profile) *matching.Model {
	t.Helper()
	m, err := matching.Train(profiles, matching.TrainOptions{Source: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := matching.ReadModel(m.Write()); err != nil {
		t.Fatalf("the model is not read again: %v", err)
	}
	return m
}

// m gives the learned share of pairs of one person at a level.
func mOf(m *matching.Model, field, level string) float64 {
	for _, f := range m.Fields {
		for _, l := range f.Levels {
			if f.Name == field && l.Name == level {
				return l.M
			}
		}
	}
	return -1
}

// From a register in which the shares of slips are known, training finds them
// without being told who is who.
func TestTrainFindsTheRatesOfSlips(t *testing.T) {
	t.Parallel()
	g := register{people: 2000, twice: 1400, slips: slips{given: 0.1, family: 0.06, birth: 0.04, postcode: 0.3, sex: 0.02}}
	profiles, who := g.make(1)
	m := train(t, profiles)
	for _, c := range []struct {
		field, level string
		want, within float64
	}{
		{"given", "exact", 0.9, 0.03},
		{"given", "slip", 0.1, 0.03},
		{"family", "exact", 0.94, 0.02},
		{"birthDate", "exact", 0.96, 0.02},
		{"postcode", "exact", 0.7, 0.04},
		{"sex", "exact", 0.98, 0.01},
	} {
		if got := mOf(m, c.field, c.level); math.Abs(got-c.want) > c.within {
			t.Errorf("%s %s: m %.4f, want %.2f", c.field, c.level, got, c.want)
		}
	}
	if math.Abs(m.Training.Matches-1400) > 40 || m.Training.Records != 3400 || m.Training.Pairs == 0 {
		t.Errorf("%+v, want about 1400 matches", m.Training)
	}
	if right, wrong, missed := shares(m, profiles, who); wrong > 4 || missed > 45 {
		t.Errorf("%d right, %d wrong, %d missed", right, wrong, missed)
	}
}

// Of several names the one counts that agrees best, in training too.
func TestTrainKnowsFormerNames(t *testing.T) {
	t.Parallel()
	profiles, _ := register{people: 1500, twice: 1000, slips: slips{married: 0.3}}.make(6)
	m := train(t, profiles)
	if former, differs := mOf(m, "family", "former"), mOf(m, "family", "differs"); math.Abs(former-0.3) > 0.04 || differs > 0.01 {
		t.Errorf("m of a former family name %.3f, of another one %.3f; want 0.30 and next to nothing", former, differs)
	}
}

// A register in which nobody stands twice gives a model that links nobody, also
// where many have one name.
func TestTrainWithoutDuplicates(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]register{"": {people: 800}, ", namesakes": {people: 800, namesakes: true}} {
		profiles, who := g.make(2)
		m := train(t, profiles)
		if _, wrong, _ := shares(m, profiles, who); wrong > 0 || m.Training.Matches > 5 {
			t.Errorf("no duplicates%s: %d links, %.0f expected", name, wrong, m.Training.Matches)
		}
	}
}

func TestTrainOnFewColumns(t *testing.T) {
	t.Parallel()
	for without, most := range map[string]int{"p": 24, "s": 12, "b": 54, "ps": 24} {
		g := register{people: 600, twice: 300, slips: slips{given: 0.05, family: 0.03, birth: 0.02, postcode: 0.1}, without: without}
		profiles, who := g.make(3)
		right, wrong, missed := shares(train(t, profiles), profiles, who)
		if wrong > 5 || missed > most {
			t.Errorf("without %s: %d right, %d wrong, %d missed", without, right, wrong, missed)
		}
	}
}

// A field that the register does not have keeps what is believed of it.
func TestTrainKeepsBeliefsOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	profiles, _ := register{people: 300, twice: 150}.make(4)
	m, believed := train(t, profiles), matching.Expert(matching.Balanced)
	for i, f := range m.Fields {
		if f.Name != "address" && f.Name != "phone" && f.Name != "email" && f.Name != "nhsNumber" {
			continue
		}
		if diff := cmp.Diff(believed.Fields[i].Levels, f.Levels, cmpopts.EquateApprox(0.001, 0)); diff != "" {
			t.Errorf("%s (-believed +learned):\n%s", f.Name, diff)
		}
	}
}

func TestTrainIsTheSameEveryTime(t *testing.T) { // not parallel: it changes the number of processors
	profiles, _ := register{people: 400, twice: 200, slips: slips{given: 0.1, birth: 0.1}}.make(5)
	once := train(t, profiles)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if diff := cmp.Diff(string(once.Write()), string(train(t, profiles).Write())); diff != "" {
		t.Errorf("another model (-once +again):\n%s", diff)
	}
}

// Registers that say next to nothing are no reason to fail.
func TestTrainOnBadRegisters(t *testing.T) {
	t.Parallel()
	same := demographics.Clean(demographics.Details{Names: []demographics.Name{{Given: []string{"Anna"}, Family: "Esterkin"}}, BirthDate: "1989-01-18"})
	for name, profiles := range map[string][]demographics.Profile{
		"nothing known": make([]demographics.Profile, 500), "all the same": slicesOf(same, 500), "two": slicesOf(same, 2),
		"a name alone": slicesOf(demographics.Profile{Names: same.Names}, 300), "other alone": slicesOf(demographics.Profile{Other: []string{"", "x"}}, 300),
	} {
		m := train(t, profiles)
		if s := matching.NewMatcher(m).Score(&profiles[0], &profiles[1]); math.IsNaN(s.Bits) {
			t.Errorf("%s: %v bits", name, s.Bits)
		}
	}
	for n := range 2 {
		if _, err := matching.Train(make([]demographics.Profile, n), matching.TrainOptions{}); !failure.Is(err, failure.Invalid) {
			t.Errorf("%d records: %v", n, err)
		}
	}
}

func slicesOf(p demographics.Profile, n int) []demographics.Profile {
	list := make([]demographics.Profile, n)
	for i := range list {
		list[i] = p
	}
	return list
}

// FEBRL dataset 1 (500 pairs, one record of each spoilt): pair F1 of 1.0000 with
// soc_sec_id and without it, .9889 with names, birth date and postcode alone is
// what a plain Fellegi-Sunter model reaches.
func TestTrainOnFEBRL(t *testing.T) {
	t.Parallel()
	for fields, least := range map[string]float64{"all": 1, "no id": 1, "name, birth date, postcode": 0.9889} {
		t.Run(fields, func(t *testing.T) {
			t.Parallel()
			profiles, who := febrl(t, fields)
			right, wrong, missed := shares(train(t, profiles), profiles, who)
			if f1 := 2 * float64(right) / float64(2*right+wrong+missed); f1 < least {
				t.Errorf("F1 %.4f (%d right, %d wrong, %d missed), want %.4f", f1, right, wrong, missed, least)
			}
		})
	}
}

func febrl(t *testing.T, fields string) (profiles []demographics.Profile, who []int) {
	t.Helper()
	file, err := os.Open("../linkage/testdata/dataset1.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.TrimLeadingSpace = true
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]int{}
	for _, row := range rows[1:] {
		date := row[9]
		if len(date) == 8 {
			date = date[:4] + "-" + date[4:6] + "-" + date[6:]
		}
		p := demographics.Clean(demographics.Details{
			Names: []demographics.Name{{Given: []string{row[1]}, Family: row[2]}}, BirthDate: date, Addresses: []demographics.Address{{Postcode: row[7]}},
		})
		if fields != "name, birth date, postcode" {
			p.Addresses = []string{demographics.ReadAddress(row[4])}
			for _, column := range []int{3, 5, 6, 8} {
				p.Other = append(p.Other, demographics.ReadText(row[column]))
			}
		}
		if fields == "all" {
			p.IDs = []string{demographics.ReadID(row[10])}
		}
		person := strings.Split(row[0], "-")[1]
		if _, known := people[person]; !known {
			people[person] = len(people)
		}
		profiles, who = append(profiles, p), append(who, people[person])
	}
	return profiles, who
}
