package partner_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/partner"
)

// csvFeed puts a mapping into a register; its first line is line 7.
func csvFeed(mapping string) string {
	return "partners:\n- ods: Z99901\n  name: S\n  feeds:\n  - name: patients\n    format: csv\n" + mapping
}

const at = "partners[0].feeds[0].mapping"

var badRegisters = []struct{ name, yaml, want string }{
	{"empty file", "", "p.yaml:1: the file is empty"},
	{"comment alone", "# nothing\n", "p.yaml:1: the file is empty"},
	{"no YAML", "partners:\n  - ods: [RZZ\n", "p.yaml:2: no valid YAML: did not find expected ',' or ']'"},
	{"tab for indentation", "partners:\n\t- ods: RZZ\n", "p.yaml:2: no valid YAML: found character that cannot start any token"},
	{"two documents", "partners: []\n---\npartners: []\n", "p.yaml:2: a second YAML document: a file holds one"},
	{"a list", "- a\n", "p.yaml:1: must be an object of keys and values"},
	{"other key", "partner:\n  - ods: RZZ\n", "p.yaml:1: partners: missing\np.yaml:2: partner: unknown: want partners"},
	{"no partner", "partners: []\n", "p.yaml:1: partners: must not be empty"},
	{"key twice", "partners:\n- {ods: RZZ, name: A, name: B, feeds: [{name: a, format: fhir}]}\n", "p.yaml:2: partners[0].name: stands here twice"},
	{"nothing of a partner", "partners:\n- {}\n", "p.yaml:2: partners[0].ods: missing\np.yaml:2: partners[0].name: missing\np.yaml:2: partners[0].feeds: missing"},
	{"bad code", "partners:\n- ods: R-1\n  name: A\n  feeds: [{name: a, format: fhir}]\n", `p.yaml:2: partners[0].ods: "R-1" is no ODS code: want 3 to 10 capital letters and digits`},
	{"small letters", "partners:\n- ods: rzz\n  name: A\n  feeds: [{name: a, format: fhir}]\n", `p.yaml:2: partners[0].ods: "rzz" is no ODS code: want 3 to 10 capital letters and digits`},
	{"same code", "partners:\n- {ods: RZZ, name: A, feeds: [{name: a, format: fhir}]}\n- {ods: RZZ, name: B, feeds: [{name: a, format: fhir}]}\n", `p.yaml:3: partners[1].ods: "RZZ" stands in the register twice`},
	{"same feed", "partners:\n- ods: RZZ\n  name: A\n  feeds:\n  - {name: a, format: fhir}\n  - {name: a, format: hl7v2}\n", `p.yaml:6: partners[0].feeds[1].name: the partner has a feed "a" already`},
	{"feed name", "partners:\n- {ods: RZZ, name: A, feeds: [{name: a/b, format: fhir}]}\n", `p.yaml:2: partners[0].feeds[0].name: "a/b" is no name of a feed: want letters, digits, dots, hyphens and underscores, at most 64`},
	{"format", "partners:\n- {ods: RZZ, name: A, feeds: [{name: a, format: xml}]}\n", `p.yaml:2: partners[0].feeds[0].format: "xml" is unknown: want hl7v2, fhir or csv`},
	{"no format", "partners:\n- {ods: RZZ, name: A, feeds: [{name: a}]}\n", "p.yaml:2: partners[0].feeds[0].format: missing"},
	{"csv without a mapping", "partners:\n- {ods: RZZ, name: A, feeds: [{name: a, format: csv}]}\n", "p.yaml:2: partners[0].feeds[0].mapping: missing"},
	{"mapping of another feed", "partners:\n- {ods: RZZ, name: A, feeds: [{name: a, format: fhir, mapping: {}}]}\n", "p.yaml:2: partners[0].feeds[0].mapping: only a csv feed takes a mapping; this one is fhir"},
	{"name of a partner", "partners:\n- {ods: RZZ, name: [A], feeds: [{name: a, format: fhir}]}\n", "p.yaml:2: partners[0].name: must be a single value"},
	{"empty name", "partners:\n- {ods: RZZ, name: , feeds: [{name: a, format: fhir}]}\n", "p.yaml:2: partners[0].name: must not be empty"},

	{"mapping: empty", csvFeed("    mapping: {}\n"), "p.yaml:7: " + at + ".header: missing\np.yaml:7: " + at + ".fields: missing"},
	{"mapping: text", csvFeed("    mapping: x\n"), "p.yaml:7: " + at + ": must be an object of keys and values"},
	{
		"mapping: several things at once",
		csvFeed("    mapping:\n      delimiter: colon\n      encoding: utf-16\n      quote: x\n      header: [id, id]\n      fields:\n        nhsnumber: nhs\n"),
		"p.yaml:8: " + at + `.delimiter: "colon" is unknown: want comma, pipe, tab or semicolon` + "\n" +
			"p.yaml:9: " + at + `.encoding: "utf-16" is unknown: want auto, utf-8 or windows-1252` + "\n" +
			"p.yaml:10: " + at + ".quote: unknown: want delimiter, encoding, header, nulls or fields\n" +
			"p.yaml:11: " + at + `.header[1]: "id" stands here twice` + "\n" +
			"p.yaml:13: " + at + ".fields.nhsnumber: unknown: want addressLines, birthDate, city, deceased, district, email, family, given, localId, mobile, nhsNumber, nhsStatus, otherGiven, phone, postcode, practice, registeredFrom, registeredTo, sex or title\n" +
			"p.yaml:13: " + at + ".fields.localId: missing",
	},
	{"unknown column", csvFeed("    mapping:\n      header: [id]\n      fields:\n        localId: id\n        family: name\n"), "p.yaml:11: " + at + `.fields.family: the header has no column "name"`},
	{"unknown column of several", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        addressLines: [a, b]\n"), "p.yaml:11: " + at + `.fields.addressLines[1]: the header has no column "b"`},
	{"two columns of one", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: [id, a]\n"), "p.yaml:10: " + at + ".fields.localId: takes one column"},
	{"no format of a date", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        birthDate: a\n"), "p.yaml:11: " + at + ".fields.birthDate: needs a format: {column: ..., format: DD/MM/YYYY}"},
	{"no format in the object", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        birthDate: {column: a}\n"), "p.yaml:11: " + at + ".fields.birthDate.format: missing"},
	{"no column in the object", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        birthDate: {format: YYYY-MM-DD}\n"), "p.yaml:11: " + at + ".fields.birthDate.column: missing"},
	{"format of a text", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        family: {column: a, format: x}\n"), "p.yaml:11: " + at + ".fields.family.format: unknown: want column"},
	{"wrong format", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        birthDate: {column: a, format: dd/MM/YYYY}\n"), "p.yaml:11: " + at + `.fields.birthDate.format: "dd/MM/YYYY" is no part of a date format: want YYYY, MM, M, MMM, DD, D, hh, mm, ss and / - . : T or space between them`},
	{"year of two digits", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        birthDate: {column: a, format: DD/MM/YY}\n"), "p.yaml:11: " + at + `.fields.birthDate.format: "YY" is no part of a date format: want YYYY, MM, M, MMM, DD, D, hh, mm, ss and / - . : T or space between them`},
	{"no year", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        birthDate: {column: a, format: DD/MM}\n"), "p.yaml:11: " + at + `.fields.birthDate.format: "DD/MM" must hold YYYY, and a month where it holds a day`},
	{"month twice", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        birthDate: {column: a, format: MM/MM/YYYY}\n"), "p.yaml:11: " + at + `.fields.birthDate.format: "MM/MM/YYYY" names the same part of a date twice`},
	{"wrong meaning of a code", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        sex: {column: a, codes: {M: man}}\n"), "p.yaml:11: " + at + `.fields.sex.codes.M: "man" is unknown: want male, female, other or unknown`},
	{"no codes", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        sex: {column: a, codes: {}}\n"), "p.yaml:11: " + at + ".fields.sex.codes: must name at least one code"},
	{"bare deceased", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        deceased: a\n"), "p.yaml:11: " + at + ".fields.deceased: needs a format or codes: {column: ..., format: DD/MM/YYYY} or {column: ..., codes: {Y: true, N: false}}"},
	{"deceased both ways", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        deceased: {column: a, format: YYYY, codes: {Y: true}}\n"), "p.yaml:11: " + at + ".fields.deceased.codes: stands beside a format: want one of them"},
	{"end without start", csvFeed("    mapping:\n      header: [id, a]\n      fields:\n        localId: id\n        registeredTo: {column: a, format: YYYY-MM-DD}\n"), "p.yaml:11: " + at + ".fields.registeredTo: needs registeredFrom beside it"},
	{"system", csvFeed("    mapping:\n      header: [id]\n      fields:\n        localId: {column: id, system: ours}\n"), "p.yaml:10: " + at + `.fields.localId.system: "ours" is no URI`},
}

func TestABadRegisterSaysWhatWhereAndWhy(t *testing.T) {
	t.Parallel()
	for _, c := range badRegisters {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := partner.Parse("p.yaml", []byte(c.yaml))
			var problems partner.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(strings.Split(c.want, "\n"), strings.Split(problems.Error(), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMappingMayBeSharedByAnAlias(t *testing.T) {
	t.Parallel()
	text := csvFeed("    mapping: &system\n      header: [id]\n      fields: {localId: id}\n") +
		"- ods: Z99902\n  name: S\n  feeds: [{name: patients, format: csv, mapping: *system}]\n"
	r, err := partner.Parse("p.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Partners[0].Feeds, r.Partners[1].Feeds); diff != "" {
		t.Errorf("the two feeds (-first +second):\n%s", diff)
	}
}
