package registers_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/extract"
	feeds "github.com/carerecord/carerecord/shared/extract/registers"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/registers"
)

// folder keeps written files in memory.
type folder map[string]*kept

type kept struct {
	bytes.Buffer
	closed bool
}

func (k *kept) Close() error {
	k.closed = true
	return nil
}

func (f folder) create(name string) (io.WriteCloser, error) {
	f[name] = &kept{}
	return f[name], nil
}

func write(t testing.TB, people int, seed uint64) (folder, registers.Counts) {
	t.Helper()
	region, err := population.New(people, seed)
	if err != nil {
		t.Fatal(err)
	}
	files := folder{}
	counts, err := registers.Write(context.Background(), region, files.create)
	if err != nil {
		t.Fatal(err)
	}
	return files, counts
}

const people = 20_000

// written is one region that tests look at, made once.
var written = sync.OnceValue(func() folder {
	region, err := population.New(people, 3)
	if err != nil {
		panic(err)
	}
	files := folder{}
	if _, err := registers.Write(context.Background(), region, files.create); err != nil {
		panic(err)
	}
	return files
})

func rows(t testing.TB, f *kept) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(f.Bytes())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = record[i]
		}
		list = append(list, row)
	}
	return list
}

func TestTheSameBytesOnAnyNumberOfProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(1)
	one, _ := write(t, 9_000, 4)
	runtime.GOMAXPROCS(4)
	four, _ := write(t, 9_000, 4)
	runtime.GOMAXPROCS(before)
	other, _ := write(t, 9_000, 5)
	for name, f := range one {
		if !f.closed {
			t.Errorf("%s is not closed", name)
		}
		if !bytes.Equal(f.Bytes(), four[name].Bytes()) {
			t.Errorf("%s differs", name)
		}
		if strings.HasSuffix(name, ".csv") && bytes.Equal(f.Bytes(), other[name].Bytes()) {
			t.Errorf("%s is the same for another seed", name)
		}
	}
}

// Every row of every register is in the truth, once, and of one of the people.
func TestTruth(t *testing.T) {
	t.Parallel()
	files := written()
	truth, of := map[[2]string]string{}, map[string]int{}
	for _, row := range rows(t, files[registers.TruthFile]) {
		id := [2]string{row["organisation"], row["local_id"]}
		if truth[id] != "" {
			t.Fatalf("two people for one id of %s", id[0])
		}
		truth[id] = row["person"]
		of[row["organisation"]]++
		if row["person"] < "P000000001" || row["person"] > "P000020000" {
			t.Fatalf("person %s is none of the region", row["person"])
		}
	}
	for _, o := range registers.Organisations() {
		list := rows(t, files[o.File])
		for _, row := range list {
			if truth[[2]string{o.ODS, localID(row)}] == "" {
				t.Fatalf("%s: a row without truth", o.File)
			}
		}
		if len(list) == 0 || len(list) != of[o.ODS] {
			t.Errorf("%s has %d rows, the truth %d", o.File, len(list), of[o.ODS])
		}
	}
}

func localID(row map[string]string) string {
	for _, column := range []string{"local_id", "mrn", "client_ref", "person_ref"} {
		if row[column] != "" {
			return row[column]
		}
	}
	return ""
}

func number(row map[string]string) string { return row["nhs_number"] + row["nhs_no"] }

// The product reads every register by the partner register beside it: no row is
// refused, and what is found at fault are the numbers and dates that were
// spoilt on purpose.
func TestTheProductReadsTheFiles(t *testing.T) {
	t.Parallel()
	files := written()
	register, err := partner.Parse(registers.PartnersFile, files[registers.PartnersFile].Bytes())
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{"nhs-number-check-digit": true, "birth-date-placeholder": true}
	for _, o := range registers.Organisations() {
		_, feed, ok := register.Find(o.ODS, o.Feed)
		if !ok {
			t.Fatalf("%s/%s is not in the partner register", o.ODS, o.Feed)
		}
		source := extract.Source{
			Received: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
			Open: func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(files[o.File].Bytes())), nil
			},
		}
		n, named := 0, 0
		for row, err := range (feeds.Reader{Mapping: feed.CSV}).Rows(t.Context(), source) {
			if err != nil {
				t.Fatal(err)
			}
			if row.Number == 0 || row.Rejected() {
				t.Fatalf("%s: row %d is refused: %v", o.File, row.Number, row.Faults)
			}
			for _, f := range row.Faults {
				if !wanted[f.Code] {
					t.Fatalf("%s: row %d has the fault %s", o.File, row.Number, f.Code)
				}
			}
			n++
			if len(row.Details.Names) > 0 {
				named++
			}
		}
		if n != len(rows(t, files[o.File])) || named != n {
			t.Errorf("%s: %d rows are read, %d of them with a name", o.File, n, named)
		}
	}
}

func TestNumbersOfTheRegisters(t *testing.T) {
	t.Parallel()
	files := written()
	owner := map[string]string{}
	for id := range people {
		owner[population.Number(id)] = "P" + pad(id+1)
	}
	person := map[[2]string]string{}
	for _, row := range rows(t, files[registers.TruthFile]) {
		person[[2]string{row["organisation"], row["local_id"]}] = row["person"]
	}
	for _, o := range registers.Organisations() {
		present, mistyped, others := 0, 0, 0
		list := rows(t, files[o.File])
		for _, row := range list {
			n := number(row)
			if n == "" {
				continue
			}
			present++
			if !strings.HasPrefix(n, "999") {
				t.Fatalf("%s has a number outside of the test range", o.File)
			}
			switch {
			case owner[n] == person[[2]string{o.ODS, localID(row)}]:
			case owner[n] != "":
				others++
			default:
				mistyped++
				if _, err := nhs.ParseNumber(n); !errors.Is(err, nhs.ErrNumberCheckDigit) {
					t.Fatalf("%s: a mistyped number passes its check: %v", o.File, err)
				}
			}
		}
		if mistyped == 0 || others == 0 || present == len(list) && o.Feed != "patients" {
			t.Errorf("%s: of %d numbers %d are mistyped and %d another's", o.File, present, mistyped, others)
		}
		if o.ODS == "RZY" { // 97% are there, and 99.5% of those are right
			within(t, "present", present, len(list), .97)
			within(t, "wrong", mistyped+others, present, .005)
		}
	}
}

func pad(n int) string {
	digits := "000000000"
	for i, s := len(digits), n; s > 0; s /= 10 {
		i--
		digits = digits[:i] + string(rune('0'+s%10)) + digits[i+1:]
	}
	return digits
}

func within(t *testing.T, what string, count, n int, share float64) {
	t.Helper()
	want := share * float64(n)
	if d := math.Abs(float64(count) - want); d > 4*math.Sqrt(want*(1-share))+1 {
		t.Errorf("%s: %d of %d, want about %.0f", what, count, n, want)
	}
}

// The hospitals know some people twice; nobody is known without an account of
// where they live now or lived.
func TestSomeAreKnownTwice(t *testing.T) {
	t.Parallel()
	twice := map[string]int{}
	seen := map[[2]string]bool{}
	for _, row := range rows(t, written()[registers.TruthFile]) {
		id := [2]string{row["organisation"], row["person"]}
		if seen[id] {
			twice[id[0]]++
		}
		seen[id] = true
	}
	if twice["NZZ10"] != 0 || twice["RZY"] == 0 || twice["RZX"] == 0 {
		t.Errorf("known twice: %v", twice)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	files, counts := write(t, 500, 8)
	got := registers.Counts{}
	for name, f := range files {
		if strings.HasSuffix(name, ".csv") {
			got[name] = len(rows(t, f))
		}
	}
	if diff := cmp.Diff(got, counts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type full struct{ after int }

func (f *full) Write(b []byte) (int, error) {
	if f.after--; f.after < 0 {
		return 0, errors.New("no space left")
	}
	return len(b), nil
}

func (*full) Close() error { return nil }

// A disk that is full, or a stop in between, is an error and not half a region.
func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	region, err := population.New(30_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []int{0, 1, 3} {
		_, err := registers.Write(t.Context(), region, func(string) (io.WriteCloser, error) { return &full{after}, nil })
		if !failure.Is(err, failure.Unavailable) {
			t.Errorf("full after %d writes: %v, want unavailable", after, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := registers.Write(ctx, region, folder{}.create); err == nil {
		t.Error("a stopped run ends as if it were done")
	}
}
