package strictyaml_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

func TestValuesAreGivenAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	file, v, ok := strictyaml.Parse("f.yaml", []byte("list: [01, no, NULL, 'a b', 2020-01-01, 0x1F]\n"))
	if !ok {
		t.Fatal(file.Problems())
	}
	got := v.Object("list")["list"].Texts()
	if diff := cmp.Diff([]string{"01", "no", "NULL", "a b", "2020-01-01", "0x1F"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := file.Problems(); err != nil {
		t.Error(err)
	}
}

func TestProblemsComeInTheOrderOfTheLines(t *testing.T) {
	t.Parallel()
	file, v, ok := strictyaml.Parse("f.yaml", []byte("b: {x: 1}\na: []\nc: 1\n"))
	if !ok {
		t.Fatal(file.Problems())
	}
	object := v.Object("a", "b")
	object["a"].List()
	object["b"].Text()
	want := "f.yaml:1: b: must be a single value\nf.yaml:2: a: must not be empty\nf.yaml:3: c: unknown: want a or b"
	if diff := cmp.Diff(want, file.Problems().Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSyntaxErrorsNameTheirLine has one case for each of the two ways in which
// the YAML library counts lines.
func TestSyntaxErrorsNameTheirLine(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, yaml, want string }{
		{"open list", "a: 1\nb: [1\n", "f.yaml:2: no valid YAML: did not find expected ',' or ']'"},
		{"tab", "a: 1\nb:\n\t- c: 3\n", "f.yaml:3: no valid YAML: found character that cannot start any token"},
		{"colon in a value", "a: 1\nb: c: d\n", "f.yaml:2: no valid YAML: mapping values are not allowed in this context"},
		{"bad second document", "a: 1\n---\nb: [1\n", "f.yaml:3: no valid YAML: did not find expected ',' or ']'"},
		{"control character", "a: \x01\n", "f.yaml:1: no valid YAML: control characters are not allowed"},
	}
	for _, c := range cases {
		file, _, ok := strictyaml.Parse("f.yaml", []byte(c.yaml))
		if ok {
			t.Errorf("%s: taken", c.name)
			continue
		}
		if diff := cmp.Diff(c.want, file.Problems().Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestOr(t *testing.T) {
	t.Parallel()
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := strictyaml.Or(words); got != want {
			t.Errorf("Or(%v) = %q, want %q", words, got, want)
		}
	}
}
