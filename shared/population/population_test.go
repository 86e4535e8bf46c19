package population_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/population"
)

func region(t testing.TB, people int, seed uint64) *population.Region {
	t.Helper()
	r, err := population.New(people, seed)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// everybody gives the people of a region that tests look at, made once.
var everybody = sync.OnceValue(func() []population.Person {
	r, err := population.New(200_000, 7)
	if err != nil {
		panic(err)
	}
	var all []population.Person
	for block := range r.Blocks() {
		all = r.Block(block, all)
	}
	return all
})

func TestSizesOfRegions(t *testing.T) {
	t.Parallel()
	for _, people := range []int{0, -1, population.MostPeople + 1} {
		if _, err := population.New(people, 1); !failure.Is(err, failure.Invalid) {
			t.Errorf("%d people: %v, want invalid", people, err)
		}
	}
}

func TestEveryoneIsThereOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.IntRange(1, 20_000).Draw(t, "people")
		r, err := population.New(people, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		id := 0
		for block := range r.Blocks() {
			for _, p := range r.Block(block, nil) {
				if p.ID != id || p.Household > id {
					t.Fatalf("person %d of household %d stands at %d", p.ID, p.Household, id)
				}
				id++
			}
		}
		if id != people {
			t.Fatalf("%d people, want %d", id, people)
		}
	})
}

func TestASeedIsARegion(t *testing.T) {
	t.Parallel()
	a, b, other := region(t, 30_000, 5), region(t, 30_000, 5), region(t, 30_000, 6)
	var all sync.WaitGroup
	blocks := make([][]population.Person, a.Blocks())
	for i := range blocks { // in any order, at the same time
		all.Go(func() { blocks[i] = a.Block(i, nil) })
	}
	all.Wait()
	same := 0
	for i := range blocks {
		if !slices.Equal(blocks[i], b.Block(i, nil)) {
			t.Errorf("block %d differs from itself", i)
		}
		for j, p := range other.Block(i, nil) {
			if q := blocks[i][j]; p.Given == q.Given && p.Family == q.Family && p.Born == q.Born {
				same++
			}
		}
	}
	if same > 3 {
		t.Errorf("%d people of another seed are the same", same)
	}
}

// within holds a count to a share of n, by four standard deviations.
func within(t *testing.T, what string, count, n int, share float64) {
	t.Helper()
	want := share * float64(n)
	if d := math.Abs(float64(count) - want); d > 4*math.Sqrt(want*(1-share))+1 {
		t.Errorf("%s: %d of %d, want about %.0f", what, count, n, want)
	}
}

func TestTwins(t *testing.T) {
	t.Parallel()
	all := everybody()
	twins, younger := 0, 0
	for i := 1; i < len(all); i++ {
		p, before := &all[i], &all[i-1]
		if p.Household == before.Household && isChild(p) && isChild(before) {
			younger++
		}
		if !p.Twin {
			continue
		}
		if isChild(p) {
			twins++
		}
		if p.Born != before.Born || p.Household != before.Household || p.Home != before.Home || p.Family != before.Family {
			t.Fatalf("twins %d and %d share too little", before.ID, p.ID)
		}
		if p.Given == before.Given {
			t.Fatalf("twins %d and %d have one name", before.ID, p.ID)
		}
	}
	// 3% of younger siblings.
	within(t, "twins", twins, younger, .03)
}

// isChild says whether they are of the youngest who can live with parents here.
func isChild(p *population.Person) bool { return p.Born.Year > 2007 }

func TestNamesakesLiveWithTheirParent(t *testing.T) {
	t.Parallel()
	all := everybody()
	namesakes, children := 0, 0
	for i := range all {
		p := &all[i]
		if isChild(p) && !p.Twin {
			children++
		}
		if !p.Namesake {
			continue
		}
		if isChild(p) {
			namesakes++
		}
		if !slices.ContainsFunc(all[p.Household:i], func(q population.Person) bool {
			return q.Given == p.Given && q.Sex == p.Sex && q.Home == p.Home && q.Born.Year+15 < p.Born.Year
		}) {
			t.Fatalf("nobody at home has the name of %d", p.ID)
		}
	}
	if namesakes == 0 || float64(namesakes) > .015*float64(children)+4*math.Sqrt(.015*float64(children)) {
		t.Errorf("%d of %d children, want at most 1.5%%", namesakes, children)
	}
}

func TestHouseholds(t *testing.T) {
	t.Parallel()
	all := everybody()
	for i := range all {
		if p, head := &all[i], &all[all[i].Household]; p.Home != head.Home || p.Community != head.Community {
			t.Fatalf("%d lives elsewhere than %d", p.ID, head.ID)
		}
	}
}

func TestCommunities(t *testing.T) {
	t.Parallel()
	all := everybody()
	people, newYear, households, ofCommunity := 0, 0, 0, 0
	for i := range all {
		p := &all[i]
		if p.Household == p.ID {
			households++
			if p.Community > 0 {
				ofCommunity++
			}
		}
		if p.Community > 0 && !p.Twin {
			people++
			if p.Born.Month == 1 && p.Born.Day == 1 {
				newYear++
			}
		}
	}
	within(t, "households of communities", ofCommunity, households, .10)
	within(t, "born on 1 January", newYear, people, .06+.94/365.25)
}

// Smith is borne by about 1.2% in England and Wales; no name by many more.
func TestFamilyNamesHaveTheShapeOfEngland(t *testing.T) {
	t.Parallel()
	all := everybody()
	count, n := map[string]int{}, 0
	for i := range all {
		if p := &all[i]; p.Community == 0 && p.Household == p.ID {
			count[p.Birth]++
			n++
		}
	}
	within(t, "Smith", count["Smith"], n, .012)
	most := 0
	for _, c := range count {
		most = max(most, c)
	}
	if most != count["Smith"] {
		t.Errorf("a name is borne by %d, Smith by %d", most, count["Smith"])
	}
	if len(count) < 10_000 {
		t.Errorf("only %d family names", len(count))
	}
}

func TestDatesAreDays(t *testing.T) {
	t.Parallel()
	for _, p := range everybody() {
		if nhs.CheckBirthDate(p.Born.String(), population.Today()) != nhs.BirthDateOK {
			t.Fatalf("person %d was born on no day", p.ID)
		}
	}
}

func TestPostcodesAreOfNoRealArea(t *testing.T) {
	t.Parallel()
	// The areas of Royal Mail and the Crown dependencies with two letters.
	const areas = "AB AL BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY EC EH EN EX FK FY GL GU GY HA " +
		"HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY LA LD LE LL LN LS LU ME MK ML NE NG NN NP NR NW OL OX PA PE PH PL PO PR " +
		"RG RH RM SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB WA WC WD WF WN WR WS WV YO ZE"
	seen := map[string]bool{}
	for unit := int32(0); unit < 280*18_900; unit++ {
		if unit > 2*18_900 && unit%211 != 0 { // two areas whole, of the others some
			continue
		}
		postcode := population.Place{Unit: unit}.Postcode()
		if parsed, ok := nhs.ParsePostcode(postcode); !ok || parsed != postcode {
			t.Fatalf("%q is no postcode", postcode)
		}
		if seen[postcode] {
			t.Fatalf("%q stands for two units", postcode)
		}
		seen[postcode] = true
		if slices.Contains(strings.Fields(areas), postcode[:2]) {
			t.Fatalf("%q is of a real area", postcode)
		}
	}
}

func TestNumbersAreOfTheTestRange(t *testing.T) {
	t.Parallel()
	seen := make([]bool, 1_000_000)
	for id := range population.Numbers() {
		number := population.Number(id)
		ending, err := strconv.Atoi(number[3:9])
		if err != nil || number[:3] != "999" || seen[ending] {
			t.Fatalf("the number of %d is not of the range 999, or another's", id)
		}
		seen[ending] = true
		if id%17 > 0 {
			continue
		}
		if parsed, err := nhs.ParseNumber(number); err != nil || parsed != number {
			t.Fatalf("the number of %d is none: %v", id, err)
		}
	}
	// Of a million endings one in eleven has no check digit.
	if n := population.Numbers(); n < 909_000 || n > 909_100 {
		t.Errorf("%d numbers", n)
	}
	if population.Number(population.Numbers()) != "" {
		t.Error("a number beyond the range")
	}
}

// Ofcom, "Telephone numbers for use in TV and radio drama programmes".
func TestTelephonesAreOfTheRangesForDrama(t *testing.T) {
	t.Parallel()
	starts := strings.Fields("01632960 01134960 01144960 01154960 01164960 01174960 01184960 01214960 01314960 01414960 01514960 01614960 01914980 02079460")
	for i := range 30_000 {
		phone := strings.ReplaceAll(population.Phone(i), " ", "")
		if len(phone) != 11 || !slices.ContainsFunc(starts, func(s string) bool { return strings.HasPrefix(phone, s) }) {
			t.Fatalf("%q is not for drama", phone)
		}
		if mobile := population.Mobile(i); len(mobile) != 12 || !strings.HasPrefix(mobile, "07700 900") {
			t.Fatalf("%q is not for drama", mobile)
		}
	}
}
