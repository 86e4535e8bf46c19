package linkage

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
)

// fill sets every exported field that can be reached, so that one which the
// codec does not know is missed after a round trip.
func fill(v reflect.Value, n *uint64) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.String:
		v.SetString(string(rune('a'+*n%26)) + "é")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8, reflect.Uint16:
		v.SetUint(*n%200 + 1)
	}
}

func TestCodecKeepsEveryField(t *testing.T) {
	t.Parallel()
	var want, got demographics.Profile
	var n uint64
	fill(reflect.ValueOf(&want).Elem(), &n)
	d := decoder{text: string(appendProfile(nil, &want))}
	if err := d.profile(&got); err != nil || d.text != "" {
		t.Fatalf("%v, %d bytes left", err, len(d.text))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("written and read again (-want +got):\n%s", diff)
	}
}

func drawProfile(t *rapid.T) demographics.Profile {
	word := rapid.StringOfN(rapid.RuneFrom([]rune("abé王 ")), 0, 5, -1)
	words := rapid.SliceOfN(word, 0, 3)
	date := rapid.Custom(func(t *rapid.T) demographics.Date {
		return demographics.Date{Year: rapid.Uint16().Draw(t, "year"), Month: rapid.Uint8().Draw(t, "month"), Day: rapid.Uint8().Draw(t, "day")}
	})
	name := rapid.Custom(func(t *rapid.T) demographics.PersonalName {
		return demographics.PersonalName{Given: words.Draw(t, "given"), Family: words.Draw(t, "family"), Former: rapid.Bool().Draw(t, "former")}
	})
	number := rapid.Custom(func(t *rapid.T) demographics.Number {
		return demographics.Number{Digits: word.Draw(t, "digits"), Verified: rapid.Bool().Draw(t, "verified")}
	})
	p := demographics.Profile{
		Numbers: rapid.SliceOfN(number, 0, 2).Draw(t, "numbers"), Names: rapid.SliceOfN(name, 0, 2).Draw(t, "names"),
		Births: rapid.SliceOfN(date, 0, 2).Draw(t, "births"), Sex: rapid.Byte().Draw(t, "sex"), Deceased: date.Draw(t, "deceased"),
	}
	for _, list := range texts(&p) {
		*list = words.Draw(t, "list")
	}
	return p
}

func TestCodecRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		profiles := rapid.SliceOfN(rapid.Custom(drawProfile), 1, 4).Draw(t, "profiles")
		var b []byte
		for i := range profiles {
			b = appendProfile(b, &profiles[i])
		}
		d := decoder{text: string(b)}
		for i := range profiles {
			var got demographics.Profile
			if err := d.profile(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(profiles[i], got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("profile %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

func FuzzDecoder(f *testing.F) {
	f.Add(appendProfile(nil, &demographics.Profile{Names: []demographics.PersonalName{{Given: []string{"anna"}}}}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(_ *testing.T, b []byte) {
		var p demographics.Profile
		d := decoder{text: string(b)}
		_ = d.profile(&p) // an error or a profile, never a panic nor memory without bound
	})
}
