package demographics_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/demographics"
)

// HL7 v2, chapter 2: an empty field keeps the value, two quotation marks delete it.
func TestAfter(t *testing.T) {
	t.Parallel()
	home := []demographics.Contact{{System: "phone", Use: "home", Value: "01632 960123"}}
	before := demographics.Details{
		NHSNumber: "9434765919", NHSStatus: "01", BirthDate: "1989-01-18", Sex: "female", Practice: "A81001",
		Names: []demographics.Name{{Family: "Grey", Given: []string{"Ann"}}}, Contacts: home,
		Addresses: []demographics.Address{{Postcode: "LS1 4AP"}}, Deceased: "2020-01-01",
	}
	cases := []struct {
		name string
		said demographics.Details
		want func(d *demographics.Details)
	}{
		{"nothing is said", demographics.Details{Partial: true}, func(*demographics.Details) {}},
		{"one part is said", demographics.Details{Partial: true, Sex: "male"}, func(d *demographics.Details) { d.Sex = "male" }},
		{"one part is taken back", demographics.Details{Partial: true, Cleared: []string{demographics.PartContacts}}, func(d *demographics.Details) { d.Contacts = nil }},
		{"a death is taken back", demographics.Details{Partial: true, Cleared: []string{demographics.PartDeceased}}, func(d *demographics.Details) { d.Deceased = "" }},
		{"the number is taken back", demographics.Details{Partial: true, Cleared: []string{demographics.PartNHSNumber}}, func(d *demographics.Details) { d.NHSNumber, d.NHSStatus = "", "" }},
		{"another number has no status of the old one", demographics.Details{Partial: true, NHSNumber: "9434765870"}, func(d *demographics.Details) { d.NHSNumber, d.NHSStatus = "9434765870", "" }},
		{"a complete statement replaces all", demographics.Details{Sex: "male"}, func(d *demographics.Details) { *d = demographics.Details{Sex: "male"} }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := before
			c.want(&want)
			if diff := cmp.Diff(want, c.said.After(&before)); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
		})
	}
	first := demographics.Details{Partial: true, Cleared: []string{demographics.PartSex}, BirthDate: "1989"}
	if diff := cmp.Diff(demographics.Details{BirthDate: "1989"}, first.After(nil)); diff != "" {
		t.Errorf("the first statement (-want +got):\n%s", diff)
	}
}
