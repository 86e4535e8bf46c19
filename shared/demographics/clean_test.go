package demographics_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
)

func TestCleanNames(t *testing.T) {
	t.Parallel()
	plain := func(given, family string) []demographics.PersonalName {
		return []demographics.PersonalName{{Given: strings.Fields(given), Family: strings.Fields(family)}}
	}
	cases := []struct {
		name, given, family string
		want                []demographics.PersonalName
	}{
		{"plain", "Anna May", "Esterkin", plain("anna may", "esterkin")},
		{"accents, composed", "Zoë", "Núñez", plain("zoe", "nunez")},
		{"accents, combining", "Zoe\u0308", "Nun\u0303ez", plain("zoe", "nunez")},
		{"Arabic with vowel marks", "مُحَمَّد", "الحسن", plain("محمد", "الحسن")},
		{"Chinese", "小明", "王", plain("小明", "王")},
		{"title before", "Mrs Anna", "Dr Esterkin", plain("anna", "esterkin")},
		{"a title alone is a name", "Lord", "Master", plain("lord", "master")},
		{"baby", "Baby", "Smith", plain("", "smith")},
		{"baby girl of", "Baby Girl Of", "Smith", plain("", "smith")},
		{"twin one", "TWIN ONE", "Smith", plain("", "smith")},
		{"twin 2 with a name", "Twin 2 Ella", "Smith", plain("ella", "smith")},
		{"infant", "infant", "Smith", plain("", "smith")},
		{"unknown", "Unknown", "UNKNOWN", nil},
		{"not known", "Not Known", "not known", nil},
		{"test patient", "Test", "Testpatient", nil},
		{"one letter many times", "Xxxx", "ZZZ", nil},
		{"digits", "123", "456", nil},
		{"one letter", "J", "B", plain("j", "b")},
		{"known as", "Robert known as Bob", "Smith", []demographics.PersonalName{
			{Given: []string{"robert"}, Family: []string{"smith"}},
			{Given: []string{"bob"}, Family: []string{"smith"}, Former: true},
		}},
		{"maiden name in the family name", "Mary", "Smith nee Jones", []demographics.PersonalName{
			{Given: []string{"mary"}, Family: []string{"smith"}},
			{Given: []string{"mary"}, Family: []string{"jones"}, Former: true},
		}},
		{"double-barrelled", "Ana", "Garcia-Lopez", plain("ana", "garcia lopez")},
		{"with a no-break hyphen", "Ana", "Garcia‑Lopez", plain("ana", "garcia lopez")},
		{"hyphen in the given name", "Anne-Marie", "Smith", plain("annemarie", "smith")},
		{"particles", "Ana", "de la Cruz", plain("ana", "cruz")},
		{"Arabic article", "Omar", "Al-Hassan", plain("omar", "hassan")},
		{"a name that is a particle", "Van", "Le", plain("van", "le")},
		{"van der", "Jan", "van der Berg", plain("jan", "berg")},
		{"in one word", "Jan", "Vanderberg", plain("jan", "berg")},
		{"Mac and Mc", "Ian", "MacDonald", plain("ian", "mcdonald")},
		{"Mc apart", "Ian", "Mc Donald", plain("ian", "mcdonald")},
		{"Mack is another name", "Ian", "Mackie", plain("ian", "mackie")},
		{"O'", "Sean", "O'Brien", plain("sean", "obrien")},
		{"O apart", "Sean", "O Brien", plain("sean", "obrien")},
		{"St", "Kit", "St. John", plain("kit", "stjohn")},
		{"suffix", "John", "Smith Jr", plain("john", "smith")},
		{"no family name", "Anna", "", plain("anna", "")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := demographics.Clean(demographics.Details{Names: []demographics.Name{{Family: c.family, Given: strings.Fields(c.given)}}})
			for i := range c.want { // no tokens are no list
				c.want[i].Given, c.want[i].Family = none(c.want[i].Given), none(c.want[i].Family)
			}
			if diff := cmp.Diff(c.want, got.Names); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

func none(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

func TestCleanKeepsFormerNames(t *testing.T) {
	t.Parallel()
	got := demographics.Clean(demographics.Details{Names: []demographics.Name{
		{Use: "maiden", Family: "Jones", Given: []string{"Mary"}},
		{Use: "official", Family: "Smith", Given: []string{"Mary"}},
		{Use: "nickname", Given: []string{"Molly"}},
		{Use: "old", Family: "Smith", Given: []string{"Mary"}},
	}}).Names
	want := []demographics.PersonalName{
		{Given: []string{"mary"}, Family: []string{"smith"}},
		{Given: []string{"mary"}, Family: []string{"jones"}, Former: true},
		{Given: []string{"molly"}, Former: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestCleanTheRest(t *testing.T) {
	t.Parallel()
	got := demographics.Clean(demographics.Details{
		NHSNumber: "943 476 5919", NHSStatus: "01", BirthDate: "1989-01-18", Sex: "female", Deceased: "2020-05-01T10:00:00Z",
		Addresses: []demographics.Address{
			{Use: "home", Lines: []string{"Flat 2", "12 Acacia Ave."}, Postcode: "LS1 4AP"},
			{Use: "work", Lines: []string{"1 High St"}, Postcode: "M1 1AE"},
			{Use: "old", Lines: []string{"3 Mill Ln"}, Postcode: "ec1a1bb"},
		},
		Contacts: []demographics.Contact{
			{System: "phone", Use: "home", Value: "+44 (0)113 222 3344"},
			{System: "phone", Use: "mobile", Value: "07123 987654"},
			{System: "phone", Use: "work", Value: "0113 333 4455"},
			{System: "email", Value: "Anna@Mail.Example-Site.Org"},
		},
	})
	want := demographics.Profile{
		Numbers: []demographics.Number{{Digits: "9434765919", Verified: true}},
		Births:  []demographics.Date{{Year: 1989, Month: 1, Day: 18}}, Sex: 'f', Deceased: demographics.Date{Year: 2020, Month: 5, Day: 1},
		Postcodes: []string{"LS1 4AP", "EC1A 1BB"}, Addresses: []string{"flat 2 12 acacia avenue", "3 mill lane"},
		Phones: []string{"132223344", "123987654"}, Emails: []string{"anna@mail.example-site.org"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}
}

// A current value that is no evidence leaves its place empty, so that a former
// one is not taken for it.
func TestCleanHoldsThePlaceOfWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	got := demographics.Clean(demographics.Details{Addresses: []demographics.Address{{Postcode: "ZZ99 3VZ"}, {Use: "old", Postcode: "LS1 4AP"}}})
	if diff := cmp.Diff([]string{"", "LS1 4AP"}, got.Postcodes); diff != "" {
		t.Errorf("postcodes (-want +got):\n%s", diff)
	}
}

func TestCleanLeavesOutWhatCannotBeCompared(t *testing.T) {
	t.Parallel()
	got := demographics.Clean(demographics.Details{
		NHSNumber: "9434765918", BirthDate: "1900-01-01", Sex: "unknown", Deceased: "true",
		Addresses: []demographics.Address{{Postcode: "ZZ99 3VZ", Lines: []string{"No fixed abode"}}},
		Contacts:  []demographics.Contact{{System: "phone", Value: "00000000000"}, {System: "email", Value: "none@example.com"}, {System: "url", Value: "x"}},
	})
	if diff := cmp.Diff(demographics.Profile{}, got); diff != "" {
		t.Errorf("profile of nothing (-want +got):\n%s", diff)
	}
}

// However much one record holds, its profile is small.
func TestCleanIsBounded(t *testing.T) {
	t.Parallel()
	d := demographics.Details{}
	for i := range 5000 {
		long := strings.Repeat(string(rune('a'+i%26))+"é", 5000)
		d.Names = append(d.Names, demographics.Name{Family: long, Given: []string{long, strings.Repeat("b c ", 5000)}})
		d.Addresses = append(d.Addresses, demographics.Address{Postcode: long, Lines: []string{long, long}})
		d.Contacts = append(d.Contacts, demographics.Contact{System: "phone", Value: strings.Repeat("0123", i+2)}, demographics.Contact{System: "email", Value: strconv.Itoa(i) + "@mail.org"})
	}
	p := demographics.Clean(d)
	for name, n := range map[string]int{"names": len(p.Names), "postcodes": len(p.Postcodes), "addresses": len(p.Addresses), "phones": len(p.Phones), "emails": len(p.Emails)} {
		if n == 0 || n > 12 {
			t.Errorf("%d %s", n, name)
		}
	}
	for _, n := range p.Names {
		if len(n.Given) > 6 || len(n.Family) > 6 || len(n.Given[0]) > 160 {
			t.Errorf("a name of %d and %d tokens, %d bytes", len(n.Given), len(n.Family), len(n.Given[0]))
		}
	}
}

func anyDetails(t *rapid.T) demographics.Details {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "Mc", "de la", "Baby", "known as", "O'Brien", "LS1 4AP", "12 High St", "01132223344", "a@b.c", "1989-01-18"}))
	d := demographics.Details{NHSNumber: text.Draw(t, "number"), BirthDate: text.Draw(t, "birth"), Sex: text.Draw(t, "sex"), Deceased: text.Draw(t, "deceased")}
	for range rapid.IntRange(0, 3).Draw(t, "names") {
		d.Names = append(d.Names, demographics.Name{Use: text.Draw(t, "use"), Family: text.Draw(t, "family"), Given: rapid.SliceOfN(text, 0, 3).Draw(t, "given")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "places") {
		d.Addresses = append(d.Addresses, demographics.Address{Lines: rapid.SliceOfN(text, 0, 3).Draw(t, "lines"), Postcode: text.Draw(t, "postcode")})
		d.Contacts = append(d.Contacts, demographics.Contact{System: rapid.SampledFrom([]string{"phone", "email"}).Draw(t, "system"), Value: text.Draw(t, "contact")})
	}
	return d
}

// Tokens are folded and never empty, whatever the source says.
func TestCleanGivesFoldedTokens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, n := range demographics.Clean(anyDetails(t)).Names {
			for _, token := range append(n.Given[:len(n.Given):len(n.Given)], n.Family...) {
				if token == "" || demographics.Fold(token) != token {
					t.Fatalf("the token %q is not folded", token)
				}
			}
			if len(n.Given)+len(n.Family) == 0 {
				t.Fatal("a name of nothing")
			}
		}
	})
}

func FuzzClean(f *testing.F) {
	f.Add("Robert known as", "Mc", "1 St", "ZZ99 3VZ", "+44", "@")
	f.Add("\xff\u0301", "de la", "flat", "I0I 0AA", "00440", "a@b@c")
	f.Fuzz(func(t *testing.T, given, family, line, postcode, phone, email string) {
		p := demographics.Clean(demographics.Details{
			NHSNumber: phone, BirthDate: postcode, Deceased: postcode,
			Names:     []demographics.Name{{Family: family, Given: []string{given}}, demographics.ParseName(given + " " + family)},
			Addresses: []demographics.Address{{Lines: []string{line, given}, Postcode: postcode}},
			Contacts:  []demographics.Contact{{System: "phone", Value: phone}, {System: "email", Value: email}},
		})
		again := demographics.Combine(&p, &p)
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatalf("a profile combined with itself (-once +twice):\n%s", diff)
		}
	})
}
