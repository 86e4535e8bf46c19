package linkage_test

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/linkage"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table/embedded"
	"github.com/carerecord/carerecord/shared/version"
)

// numbers pass the Modulus 11 check.
var numbers = []string{"9434765919", "9434765870", "9876543210"}

// online gives the records of FEBRL's first register, some with an NHS number,
// as a register and as what the index is told.
func online(t *testing.T) (content string, ids []string, said []demographics.Details) {
	t.Helper()
	file, err := os.Open("testdata/dataset1.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("id,nhs,given,family,dob,postcode\n")
	for i, row := range rows[1:] {
		for j := range row {
			row[j] = strings.TrimSpace(row[j])
		}
		number := ""
		if i%300 < 2 { // of two people, who must not become one by it
			number = numbers[i/300%3]
		}
		if strings.Contains(row[0], "rec-10-") || strings.Contains(row[0], "rec-11-") {
			number = numbers[0]
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s\n", row[0], number, row[1], row[2], row[9], row[7])
		d := demographics.Details{NHSNumber: number, Names: []demographics.Name{{Given: strings.Fields(row[1]), Family: row[2]}}, Addresses: []demographics.Address{{Postcode: row[7]}}}
		if date := row[9]; len(date) == 8 {
			d.BirthDate = date[:4] + "-" + date[4:6] + "-" + date[6:]
		}
		ids, said = append(ids, row[0]), append(said, d)
	}
	return b.String(), ids, said
}

// partition tells who is one person with whom: the place of the first record of
// each record's person.
func partition(people []string) []int {
	first := map[string]int{}
	list := make([]int, len(people))
	for i, p := range people {
		if _, ok := first[p]; !ok {
			first[p] = i
		}
		list[i] = first[p]
	}
	return list
}

// meet says whether the index compares two records at all: they share a key.
func meet(a, b demographics.Details) bool {
	p, q := demographics.Clean(a), demographics.Clean(b)
	theirs := map[matching.Key]bool{}
	for _, k := range matching.Keys(&q) {
		k.Narrow = ""
		theirs[k] = true
	}
	for _, k := range matching.Keys(&p) {
		k.Narrow = ""
		if theirs[k] {
			return true
		}
	}
	return a.NHSNumber != "" && a.NHSNumber == b.NHSNumber
}

// inIndex gives the person of each of the details by the patient index, each
// stated by an organisation of its own.
func inIndex(t *testing.T, said []demographics.Details) []string {
	t.Helper()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	h, err := opaque.NewHasher([]byte(strings.Repeat("k", opaque.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	x := index.New(db.Table("index"), h, matching.NewMatcher(matching.Default()))
	keys := make([]string, len(said))
	var statements []index.Statement
	for i := range said {
		org := fmt.Sprintf("R%04d", i)
		keys[i] = fmt.Sprintf("0spk%05d", i)
		statements = append(statements, index.Statement{
			Key: keys[i], Organisation: org, System: "mrn", Value: keys[i], Details: &said[i],
			At: version.Instant{Time: time.Unix(int64(i), 0).UTC(), Row: i}, Origin: record.Origin{Organisation: org, Feed: "pas", Delivery: "d", Row: i},
		})
	}
	for part := range slices.Chunk(statements, 50) {
		if err := x.Apply(t.Context(), time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC), part); err != nil {
			t.Fatal(err)
		}
	}
	links, err := x.Links(t.Context(), keys...)
	if err != nil {
		t.Fatal(err)
	}
	people := make([]string, len(keys))
	for i, key := range keys {
		people[i] = cmp.Or(links[key], key)
	}
	return people
}

// A register linked offline with the model that ships has the people that the
// patient index makes of the same records. Offline there are further keys, so
// that a pair which the index never compares may be one person here.
func TestLinkIsTheMatcherOfTheIndex(t *testing.T) {
	t.Parallel()
	content, ids, said := online(t)
	got := mustLink(t, linkage.Options{Layout: layout(t, "nhs=nhs,"+plain), Files: save(t, content)})
	if got.summary.Linked < 500 || got.summary.Linked == got.summary.Records {
		t.Fatalf("%d of %d records are linked: too few or too many to tell", got.summary.Linked, got.summary.Records)
	}
	index, link := partition(inIndex(t, said)), partition(columns(got.people, 1))
	further := 0
	for i := range ids {
		if index[i] == link[i] {
			continue
		}
		if index[i] != i || meet(said[i], said[link[i]]) {
			t.Errorf("%s is one person with %s by the index, with %s by link", ids[i], ids[index[i]], ids[link[i]])
		}
		further++
	}
	if further > 20 {
		t.Errorf("%d records have another person for want of a key in the index", further)
	}
}
