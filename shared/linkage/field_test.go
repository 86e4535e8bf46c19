package linkage_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/linkage"
)

func TestParseFields(t *testing.T) {
	t.Parallel()
	got, err := linkage.ParseFields(` given = first name , family=surname,"other=Place, of birth"`, "other=occupation,", "given=middle", "id=nin,id=passport")
	want := []linkage.Column{
		{Field: linkage.Given, Header: "first name"},
		{Field: linkage.Family, Header: "surname"},
		{Field: linkage.Other, Header: "Place, of birth"},
		{Field: linkage.Other, Header: "occupation"},
		{Field: linkage.Given, Header: "middle"},
		{Field: linkage.ID, Header: "nin"},
		{Field: linkage.ID, Header: "passport"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestParseFieldsRefuses(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"":                        "no field is mapped",
		" , ":                     "no field is mapped",
		"given":                   "no field=COLUMN",
		"given=":                  "no field=COLUMN",
		"=first":                  `no field ""`,
		"forename=first":          "the fields are nhs, id, given, family, name, dob, sex, postcode, address, phone, email, other, nhs-status",
		"dob=born,dob=birth":      "dob is mapped twice",
		"given=first,given=first": `"first" is mapped to given twice`,
		`given="first`:            "cannot be read",
		"other=a,other=b,other=c,other=d,other=e,other=f,other=g,other=h,other=i,other=j": "10 columns are mapped to other; 9 are the most",
	} {
		if _, err := linkage.ParseFields(spec); !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", spec, err, want)
		}
	}
}

func FuzzParseFields(f *testing.F) {
	f.Add(`given=a,"family=b,c"`)
	f.Add("dob=a|b|,id=\x00")
	f.Fuzz(func(t *testing.T, spec string) {
		columns, err := linkage.ParseFields(spec)
		if err == nil && len(columns) == 0 {
			t.Fatal("neither columns nor an error")
		}
		for _, c := range columns {
			if err == nil && (c.Header == "" || c.Field.String() == "unknown") {
				t.Fatalf("column %+v", c)
			}
		}
	})
}
