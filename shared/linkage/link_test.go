package linkage_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/linkage"
	"github.com/carerecord/carerecord/shared/matching"
)

// save writes files into a folder of the test and gives their names.
func save(t *testing.T, contents ...string) []string {
	t.Helper()
	folder := t.TempDir()
	names := make([]string, len(contents))
	for i, content := range contents {
		names[i] = filepath.Join(folder, fmt.Sprintf("file%d.csv", i+1))
		if err := os.WriteFile(names[i], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func layout(t *testing.T, fields string) linkage.Layout {
	t.Helper()
	columns, err := linkage.ParseFields(fields)
	if err != nil {
		t.Fatal(err)
	}
	return linkage.Layout{Columns: columns, ID: "id"}
}

// plain is the mapping of most tests.
const plain = "given=given,family=family,dob=dob,postcode=postcode"

// linked is what came of a run.
type linked struct {
	people, pairs, reviews [][]string
	summary                linkage.Summary
}

func link(t *testing.T, o linkage.Options) (linked, error) {
	t.Helper()
	if o.Model == nil {
		o.Model = matching.Default()
	}
	o.Folder = t.TempDir()
	var people, pairs, reviews bytes.Buffer
	summary, err := linkage.Link(t.Context(), o, linkage.Outputs{People: &people, Pairs: &pairs, Reviews: &reviews})
	if left, _ := os.ReadDir(o.Folder); len(left) > 0 {
		t.Errorf("%d temporary files are left", len(left))
	}
	return linked{table(t, &people), table(t, &pairs), table(t, &reviews), summary}, err
}

func mustLink(t *testing.T, o linkage.Options) linked {
	t.Helper()
	got, err := link(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func table(t *testing.T, b *bytes.Buffer) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// columns gives some columns of a table, joined.
func columns(rows [][]string, which ...int) []string {
	var list []string
	for _, row := range rows[1:] {
		var parts []string
		for _, i := range which {
			parts = append(parts, row[i])
		}
		list = append(list, strings.Join(parts, " "))
	}
	return list
}

const threeRecords = `id,given,family,dob,postcode
1,Rosalind,Ardenwood,1950-05-21,LS1 4AP
2,Wilhelmina,Thackeray,1971-11-02,BD1 1AA
3,Rosalind,Ardenwod,1950-05-21,LS1 4AP
`

func TestLinkWritesARowForEveryRecord(t *testing.T) {
	t.Parallel()
	got := mustLink(t, linkage.Options{Layout: layout(t, plain), Files: save(t, threeRecords)})
	if diff := cmp.Diff([]string{"id", "person", "probability", "decision"}, got.people[0]); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1 1 link", "2 2 new", "3 1 link"}, columns(got.people, 0, 1, 3)); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1 3"}, columns(got.pairs, 0, 1)); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	s := got.summary
	if s.Records != 3 || s.People != 2 || s.Linked != 2 || s.New != 1 || s.Reviewed != 0 || s.LeftOut != 0 {
		t.Errorf("summary %+v", s)
	}
}

// What a register may look like and still say the same.
func TestLinkReadsManyForms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content, fields string
		delimiter       byte
	}{
		"white space around names and values": {content: " id , given , family , dob , postcode \n 1 , Rosalind , Ardenwood ,19500521, LS1 4AP\n2,  Wilhelmina,Thackeray,19711102,BD1 1AA\n3,Rosalind,Ardenwod,19500521,LS1 4AP\n"},
		"byte order mark, CRLF":               {content: "\xEF\xBB\xBF" + strings.ReplaceAll(threeRecords, "\n", "\r\n")},
		"no line end at the end":              {content: strings.TrimSuffix(threeRecords, "\n")},
		"dates day first":                     {content: "id,given,family,dob,postcode\n1,Rosalind,Ardenwood,21/05/1950,LS1 4AP\n2,Wilhelmina,Thackeray,02/11/1971,BD1 1AA\n3,Rosalind,Ardenwod,21/05/1950,LS1 4AP\n"},
		"full names":                          {content: "id,name,dob,postcode\n1,Mrs Rosalind Ardenwood,1950-05-21,LS1 4AP\n2,\"Thackeray, Wilhelmina\",1971-11-02,BD1 1AA\n3,Rosalind ARDENWOD,1950-05-21,LS1 4AP\n", fields: "name=name,dob=dob,postcode=postcode"},
		"delimiters behind the last column":   {content: strings.ReplaceAll(threeRecords, "AP\n", "AP,,\n")},
		"semicolons and quotes":               {content: "id;\"given\";family;dob;postcode\n1;\"Rosalind\";Ardenwood;1950-05-21;LS1 4AP\n2;Wilhelmina;Thackeray;1971-11-02;BD1 1AA\n3;Rosalind;Ardenwod;1950-05-21;LS1 4AP\n", delimiter: ';'},
		"a column whose name has a comma":     {content: "id,given,\"family, now\",dob,postcode\n1,Rosalind,Ardenwood,1950-05-21,LS1 4AP\n2,Wilhelmina,Thackeray,1971-11-02,BD1 1AA\n3,Rosalind,Ardenwod,1950-05-21,LS1 4AP\n", fields: `given=given,"family=family, now",dob=dob,postcode=postcode`},
		"Windows-1252":                        {content: "id,given,family,dob,postcode\n1,Ros\xe9lind,Ardenwood,1950-05-21,LS1 4AP\n2,Wilhelmina,Thackeray,1971-11-02,BD1 1AA\n3,Rosélind,Ardenwod,1950-05-21,LS1 4AP\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := c.fields
			if fields == "" {
				fields = plain
			}
			l := layout(t, fields)
			l.Delimiter = c.delimiter
			got := mustLink(t, linkage.Options{Layout: l, Files: save(t, c.content)})
			if diff := cmp.Diff([]string{"1 1 link", "2 2 new", "3 1 link"}, columns(got.people, 0, 1, 3)); diff != "" {
				t.Errorf("people (-want +got):\n%s", diff)
			}
		})
	}
}

// Rows that cannot be read are left out and told by their line; the others are
// linked all the same.
func TestLinkLeavesOutWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	const content = `id,given,family,dob,postcode
1,Rosalind,Ardenwood,1950-05-21,LS1 4AP
2,Wilhelmina,Thackeray,1971-11-02
3,Wilhelmina,Thackeray,1971-11-02,BD1 1AA,more
,Wilhelmina,Thackeray,1971-11-02,BD1 1AA
5,"Wilhelmina,Thackeray,1971-11-02,BD1 1AA
6,"Wilhel"mina,Thackeray,1971-11-02,BD1 1AA

` + "8,Wil\x00elmina,Thackeray,1971-11-02,BD1 1AA\n9,Wil\x81elmina,Thackeray,1971-11-02,BD1 1AA\n" + `10,Rosalind,Ardenwod,1950-05-21,LS1 4AP
`
	files := save(t, content)
	got := mustLink(t, linkage.Options{Layout: layout(t, plain), Files: files})
	if diff := cmp.Diff([]string{"1 1 link", "10 1 link"}, columns(got.people, 0, 1, 3)); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	want := []string{
		":3: 4 columns where the header has 5; row left out", ":4: 6 columns where the header has 5; row left out", ":5: no id; row left out",
		":6: something other than a delimiter follows a closing quote; row left out", ":7: something other than a delimiter follows a closing quote; row left out",
		":9: a control character, or a byte that is neither UTF-8 nor Windows-1252; row left out", ":10: a control character, or a byte that is neither UTF-8 nor Windows-1252; row left out",
	}
	var told []string
	for _, p := range got.summary.Problems {
		told = append(told, strings.TrimPrefix(p.String(), files[0]))
	}
	if diff := cmp.Diff(want, told); diff != "" || got.summary.LeftOut != len(want) {
		t.Errorf("%d left out (-want +got):\n%s", got.summary.LeftOut, diff)
	}
}

func TestLinkTellsFewProblems(t *testing.T) {
	t.Parallel()
	got := mustLink(t, linkage.Options{Layout: layout(t, plain), Files: save(t, threeRecords+strings.Repeat("x\n", 1000))})
	if got.summary.LeftOut != 1000 || len(got.summary.Problems) != 20 {
		t.Errorf("%d left out, %d told", got.summary.LeftOut, len(got.summary.Problems))
	}
}

func TestLinkCountsWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	const content = "id,nhs,dob,sex\n1,9434765918,yesterday,Q\n2,,,\n3,9434765919,1950-05-21,9\n"
	got := mustLink(t, linkage.Options{Layout: layout(t, "nhs=nhs,dob=dob,sex=sex"), Files: save(t, content)})
	var told []string
	for _, u := range got.summary.Unread {
		told = append(told, fmt.Sprintf("%s %d", u.Field, u.Values))
	}
	if diff := cmp.Diff([]string{"nhs 1", "dob 1", "sex 1"}, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Records that say nothing of anyone are new, whatever else.
func TestLinkTakesNothingForEvidence(t *testing.T) {
	t.Parallel()
	const header = "id,given,family,dob,postcode\n"
	many := func(n int, row string) string {
		var b strings.Builder
		b.WriteString(header)
		for i := range n {
			fmt.Fprintf(&b, "%d,%s\n", i, row)
		}
		return b.String()
	}
	for name, content := range map[string]string{
		"no records":                       header,
		"one record":                       many(1, "Rosalind,Ardenwood,1950-05-21,LS1 4AP"),
		"all fields missing":               many(50, ",,,"),
		"placeholders":                     many(20000, "unknown,unknown,1900-01-01,ZZ99 3VZ"),
		"a placeholder that nobody knows":  many(20000, "Rosalind,Ardenwood,1950-05-21,LS1 4AP"),
		"a name of one letter":             many(5, "A,,,"),
		"a name alone, and a frequent one": many(5, "John,Smith,,"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := mustLink(t, linkage.Options{Layout: layout(t, plain), Files: save(t, content)})
			if got.summary.Model != matching.Default().Version {
				t.Errorf("model %s", got.summary.Model)
			}
			if got.summary.Linked != 0 || got.summary.People != got.summary.Records {
				t.Errorf("%+v", got.summary)
			}
			if len(got.people)-1 != strings.Count(content, "\n")-1 {
				t.Errorf("%d rows", len(got.people)-1)
			}
		})
	}
}

func TestLinkTakesStrangeNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Wolfeschlegelstein", 600)
	content := "id,given,family,dob,postcode\n" +
		"1,محمد,الفارسي,1980-05-04,LS1 4AP\n2,محمد,الفارسي,1980-05-04,LS1 4AP\n" +
		"3,Zoe\u0301,Lefe\u0300vre,1981-06-05,BD1 1AA\n4,ZOÉ,LEFÈVRE,1981-06-05,BD1 1AA\n" +
		"5," + long + "," + long + ",1982-07-06,HX1 1AA\n6," + long + "," + long + ",1982-07-06,HX1 1AA\n"
	got := mustLink(t, linkage.Options{Layout: layout(t, plain), Files: save(t, content)})
	if diff := cmp.Diff([]string{"1 1", "2 1", "3 3", "4 3", "5 5", "6 5"}, columns(got.people, 0, 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLinkErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files   []string
		options linkage.Options
		kind    failure.Kind
		want    string
	}{
		"a mapping that names no column": {[]string{"id,first,family,dob,postcode\n"}, linkage.Options{}, failure.NotFound, `given= "given": file1.csv has no such column; its header is: id, first, family, dob, postcode`},
		"no id column":                   {[]string{"key,given,family,dob,postcode\n"}, linkage.Options{}, failure.NotFound, `--id "id"`},
		"a column that stands twice":     {[]string{"id,given,given,family,dob,postcode\n"}, linkage.Options{}, failure.NotFound, "two columns of that name"},
		"the second file has it not":     {[]string{threeRecords, "id,given,family,dob\n"}, linkage.Options{}, failure.NotFound, `postcode= "postcode": file2.csv`},
		"an empty file":                  {[]string{""}, linkage.Options{}, failure.Invalid, "file1.csv is empty"},
		"a file of line ends":            {[]string{"\n\r\n\n"}, linkage.Options{}, failure.Invalid, "file1.csv is empty"},
		"a header that cannot be read":   {[]string{"id,\"given,family\n"}, linkage.Options{}, failure.Invalid, "the header cannot be read: a quote that never closes"},
		"UTF-16":                         {[]string{"\xff\xfei\x00d\x00,\x00"}, linkage.Options{}, failure.Invalid, "the header cannot be read"},
		"an id twice":                    {[]string{threeRecords + "\n\n2,A,B,,\n"}, linkage.Options{}, failure.Invalid, "file1.csv:7: the id stands at file1.csv:3 already"},
		"an id in two files":             {[]string{threeRecords, "id,given,family,dob,postcode\nx,,,,,\n3,A,B,,\n"}, linkage.Options{}, failure.Invalid, "file2.csv:3: the id stands at file1.csv:4 already"},
		"an id twice, across files":      {[]string{threeRecords, threeRecords + "3,A,B,,\n"}, linkage.Options{Between: true}, failure.Invalid, "file2.csv:5: the id stands at file2.csv:4 already"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.options.Layout, c.options.Files = layout(t, plain), save(t, c.files...)
			_, err := link(t, c.options)
			if err == nil {
				t.Fatal("no error")
			}
			text := strings.ReplaceAll(err.Error(), filepath.Dir(c.options.Files[0])+string(filepath.Separator), "")
			if !strings.Contains(text, c.want) || failure.KindOf(err) != c.kind {
				t.Errorf("%s error %q, want %s with %q", failure.KindOf(err), text, c.kind, c.want)
			}
		})
	}
}

func TestLinkNeedsFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, file := range map[string]string{"a folder": folder, "nothing": filepath.Join(folder, "missing.csv")} {
		if _, err := link(t, linkage.Options{Layout: layout(t, plain), Files: []string{file}}); !failure.Is(err, failure.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The same id in two sources is two records, and the results say whose.
func TestLinkTellsSourcesApart(t *testing.T) {
	t.Parallel()
	const content = "id,given,family,dob,postcode,org\n" +
		"1,Rosalind,Ardenwood,1950-05-21,LS1 4AP,RZZ\n2,Wilhelmina,Thackeray,1971-11-02,BD1 1AA,RZZ\n1,Rosalind,Ardenwod,1950-05-21,LS1 4AP,NZZ99\n"
	l := layout(t, plain)
	l.Source = "org"
	got := mustLink(t, linkage.Options{Layout: l, Files: save(t, content)})
	want := []string{"1 RZZ/1 link RZZ", "2 RZZ/2 new RZZ", "1 RZZ/1 link NZZ99"}
	if diff := cmp.Diff(want, columns(got.people, 0, 1, 3, 4)); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"left right left_source right_source", "1 1 RZZ NZZ99"}, append([]string{"left right left_source right_source"}, columns(got.pairs, 0, 1, 4, 5)...)); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	l.Source = ""
	if _, err := link(t, linkage.Options{Layout: l, Files: save(t, content)}); !failure.Is(err, failure.Invalid) {
		t.Errorf("without sources: %v", err)
	}
}

// Files whose columns have other names, or of which one has a column that
// another has not.
func TestLinkTakesFilesOfSeveralForms(t *testing.T) {
	t.Parallel()
	files := save(t, threeRecords, "id,first name,surname,born,zip,maiden|name\n7,Wilhelmina,Oakeshott,02/11/1971,BD1 1AA,Thackeray\n")
	l := layout(t, "given=given|first name,family=family|surname,dob=dob|born,postcode=postcode|zip,former-family=maiden|name|,email=email|")
	got := mustLink(t, linkage.Options{Layout: l, Files: files})
	if diff := cmp.Diff([]string{"1 1 link", "2 2 link", "3 1 link", "7 2 link"}, columns(got.people, 0, 1, 3)); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	l = layout(t, "given=given|first name,family=family|surname,dob=dob|born,postcode=postcode")
	if _, err := link(t, linkage.Options{Layout: l, Files: files}); !failure.Is(err, failure.NotFound) {
		t.Errorf("a column that the second file has not: %v", err)
	}
}

// Between files only: two records of one file are never compared, though a
// third may be one person with both.
func TestLinkBetweenFiles(t *testing.T) {
	t.Parallel()
	const header = "id,given,family,dob,postcode\n"
	a := header + "1,Rosalind,Ardenwood,1950-05-21,LS1 4AP\n2,Rosalind,Ardenwod,1950-05-21,LS1 4AP\n3,Wilhelmina,Thackeray,1971-11-02,BD1 1AA\n"
	b := header + "7,Wilhelmina,Thackery,1971-11-02,BD1 1AA\n"
	files := save(t, a, b)
	got := mustLink(t, linkage.Options{Layout: layout(t, plain), Files: files, Between: true})
	if diff := cmp.Diff([]string{"1 1 new", "2 2 new", "3 3 link", "7 3 link"}, columns(got.people, 0, 1, 3)); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"3 7"}, columns(got.pairs, 0, 1)); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}

// The cross-check of the NHS number comes before the model: number and birth
// date are enough, and a number alone is not.
func TestLinkCrossChecksNumbers(t *testing.T) {
	t.Parallel()
	const content = `id,nhs,given,family,dob,postcode
1,943 476 5919,Rosalind,Ardenwood,1950-05-21,LS1 4AP
2,943-476-5919,Bartholomew,Oakeshott,1950-05-21,HX1 2BB
3,9434765919,Wilhelmina,Thackeray,1971-11-02,BD1 1AA
4,9434765870,Rosalind,Ardenwood,1950-05-21,LS1 4AP
5,9434765918,Rosalind,Ardenwood,1950-05-21,LS1 4AP
`
	got := mustLink(t, linkage.Options{Layout: layout(t, "nhs=nhs,"+plain), Files: save(t, content)})
	rows := columns(got.people, 0, 1, 2, 3)
	if rows[0] != "1 1 1.000000 link" || rows[1] != "2 1 1.000000 link" {
		t.Errorf("number and birth date: %q, %q", rows[0], rows[1])
	}
	if !strings.HasPrefix(rows[2], "3 3 ") || strings.HasSuffix(rows[2], "link") {
		t.Errorf("a number alone: %q", rows[2])
	}
	// Two people of one name and birth date, told apart by number, and a record that may be of either.
	for i, id := range []string{"4", "5"} {
		if row := rows[3+i]; !strings.HasPrefix(row, id+" "+id+" ") || !strings.HasSuffix(row, "review") {
			t.Errorf("who may be either of two: %q", row)
		}
	}
}
