package matching_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
)

func TestModelIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*matching.Model{
		"default": matching.Default(), "careful": matching.Expert(matching.Careful), "balanced": matching.Expert(matching.Balanced),
	} {
		file := m.Write()
		got, err := matching.ReadModel(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(m, got, cmpopts.IgnoreUnexported(matching.Model{})); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
		if !bytes.Equal(got.Write(), file) || !strings.HasPrefix(got.Version, "fs1-") || len(got.Version) != 16 {
			t.Errorf("%s: version %s, or another file", name, got.Version)
		}
	}
	if matching.Default().Policy != matching.Careful || matching.Default().Training.Records == 0 {
		t.Error("the default model is not careful, or not trained")
	}
}

// object is a JSON object of a model file.
type object = map[string]any

// broken gives the default model's file after a change.
func broken(t *testing.T, change func(m object)) []byte {
	t.Helper()
	var m object
	if err := json.Unmarshal(matching.Expert(matching.Careful).Write(), &m); err != nil {
		t.Fatal(err)
	}
	change(m)
	file, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func given(m object) object          { return m["fields"].([]any)[2].(object) }
func level(f object, i int) object   { return f["levels"].([]any)[i].(object) }
func values(v object) map[string]any { return object{"unlisted": 1e-5, "values": v} }

func TestReadModelRefuses(t *testing.T) {
	t.Parallel()
	whole := matching.Default().Write()
	cases := []struct {
		name, member string // what the error must say
		file         []byte
	}{
		{"nothing", "cut off", nil},
		{"no JSON", "not JSON", []byte("fs1\n")},
		{"truncated", "cut off", whole[:len(whole)/2]},
		{"two models", "cut off", append(append([]byte{}, whole...), whole...)},
		{"something behind", "not JSON", append(append([]byte{}, whole...), 'x')},
		{"a list", "format", []byte("[]")},
		{"no format", "format", broken(t, func(m object) { delete(m, "format") })},
		{"older", "format", broken(t, func(m object) { m["format"] = 0 })},
		{"newer", "format", broken(t, func(m object) { m["format"] = 2 })},
		{"an unknown member", "unknown member", broken(t, func(m object) { m["threshold"] = 3 })},
		{"a text for a number", "prior", broken(t, func(m object) { m["prior"] = "low" })},
		{"another policy", "policy", broken(t, func(m object) { m["policy"] = "bold" })},
		{"an endless number", "linkBits", broken(t, func(m object) { m["linkBits"] = 1e30 })},
		{"a prior for", "prior", broken(t, func(m object) { m["prior"] = 3 })},
		{"review above link", "reviewBits", broken(t, func(m object) { m["reviewBits"] = 30 })},
		{"twins below household", "twinBits", broken(t, func(m object) { m["twinBits"] = 1 })},
		{"an unknown guard", "guards", broken(t, func(m object) { m["guards"] = []string{"luck"} })},
		{"a field too few", "fields", broken(t, func(m object) { m["fields"] = m["fields"].([]any)[1:] })},
		{"fields in another order", "fields.nhsNumber", broken(t, func(m object) {
			f := m["fields"].([]any)
			f[0], f[1] = f[1], f[0]
		})},
		{"a level too few", "fields.given", broken(t, func(m object) { given(m)["levels"] = given(m)["levels"].([]any)[1:] })},
		{"another level", "fields.given: levels.differs", broken(t, func(m object) { level(given(m), 0)["name"] = "other" })},
		{"m of nothing", "fields.given: levels.differs", broken(t, func(m object) { level(given(m), 0)["m"] = 0 })},
		{"u above 1", "fields.given: levels.exact", broken(t, func(m object) { level(given(m), 9)["u"] = 1.5 })},
		{"bits by hand", "fields.given: levels.exact: bits", broken(t, func(m object) { level(given(m), 9)["bits"] = 20 })},
		{"shares beyond 1", "fields.given: m and u", broken(t, func(m object) {
			level(given(m), 1)["m"], level(given(m), 1)["u"], level(given(m), 1)["bits"] = 0.5, 0.5, 0
		})},
		{"alike worth less than weak", "fields.given: levels.alike", broken(t, func(m object) {
			level(given(m), 3)["m"], level(given(m), 3)["bits"] = 0.0003, -5.3219 // u is .012
		})},
		{"a negative frequency", "fields.given: frequencies", broken(t, func(m object) { given(m)["frequencies"] = values(object{"anna": -1}) })},
		{"a birth date of no form", "fields.birthDate: frequencies", broken(t, func(m object) {
			m["fields"].([]any)[5].(object)["frequencies"] = values(object{"1 Jan": 0.1})
		})},
		{"a day of the year of no form", "fields.birthDate: frequencies", broken(t, func(m object) {
			m["fields"].([]any)[5].(object)["frequencies"] = values(object{"9999-": 0.1})
		})},
		{"half a full name", "fullNames", broken(t, func(m object) { m["fullNames"] = values(object{"anna": 0.1}) })},
		{"a changed parameter", "version", broken(t, func(m object) { m["prior"] = -19 })},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := matching.ReadModel(c.file)
			if !failure.Is(err, failure.Invalid) || m != nil {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(err.Error(), c.member) {
				t.Errorf("%v: does not name %q", err, c.member)
			}
		})
	}
}

// NaN and infinity have no form in JSON; written as other programs write them
// they are refused as a broken file.
func TestReadModelRefusesWhatIsNoNumber(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"NaN", "Infinity", "1e999"} {
		file := bytes.Replace(matching.Expert(matching.Careful).Write(), []byte(`"prior": -20`), []byte(`"prior": `+word), 1)
		if _, err := matching.ReadModel(file); !failure.Is(err, failure.Invalid) {
			t.Errorf("%s: %v", word, err)
		}
	}
}

func FuzzReadModel(f *testing.F) {
	f.Add(matching.Expert(matching.Careful).Write())
	f.Add([]byte(`{"format":1,"fields":[{"levels":[{"m":1}]}],"guards":[""]}`))
	f.Add([]byte(`{"format":1,"fullNames":{}}`))
	a, b := who(f, "Anna/Esterkin/1989-01-18/f/LS1 4AP"), who(f, "Ana/Esterkin/1989-01-19/f/LS1 4AQ")
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := matching.ReadModel(file)
		if (m == nil) != failure.Is(err, failure.Invalid) {
			t.Fatalf("a model and %v", err)
		}
		if err != nil {
			return
		}
		if s := matching.NewMatcher(m).Score(a, b); s.Bits != s.Bits || s.Bits > 1000 || s.Bits < -1000 {
			t.Fatalf("a model that scores %v", s.Bits)
		}
		if _, err := matching.ReadModel(m.Write()); err != nil {
			t.Fatalf("what was read and written is not read again: %v", err)
		}
	})
}
