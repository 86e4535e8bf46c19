package names

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/carerecord/carerecord/shared/population/chance"
)

func plain(name string) bool {
	return len(name) >= 2 && name[0] >= 'A' && name[0] <= 'Z' && !slices.ContainsFunc([]byte(name[1:]), func(c byte) bool { return c < 'a' || c > 'z' })
}

// What the lists hold is read by tables at the first use: mistakes in them must
// show here.
func TestLists(t *testing.T) {
	t.Parallel()
	years := map[string]int{}
	for _, words := range lines(givenText) {
		year, err := strconv.Atoi(words[1])
		if err != nil || words[0] != "f" && words[0] != "m" || year <= years[words[0]] {
			t.Errorf("the line %s %s has no sex, or years go back", words[0], words[1])
		}
		years[words[0]] = year
		for _, name := range words[2:] {
			if !plain(name) {
				t.Errorf("%q is no name of the list", name)
			}
		}
		if len(words) < 90 {
			t.Errorf("%s %s has only %d names", words[0], words[1], len(words)-2)
		}
	}
	communities := 0
	for _, words := range lines(communitiesText) {
		if words[0][0] == '[' {
			communities++
			continue
		}
		if !slices.Contains([]string{"family", "familyf", "f", "m"}, words[0]) || communities == 0 {
			t.Errorf("a line begins with %q", words[0])
		}
	}
	if communities != len(communityShares) {
		t.Errorf("%d communities, shares of %d", communities, len(communityShares))
	}
	seen := map[string]bool{}
	for _, words := range lines(familyText) {
		for _, name := range words {
			if !plain(name) || seen[name] {
				t.Errorf("%q is no family name, or stands twice", name)
			}
			seen[name] = true
		}
	}
}

// Forms of a community that women or children would be without.
func TestCommunitiesAreWhole(t *testing.T) {
	t.Parallel()
	total := 0.0
	for i, c := range all().communities {
		total += communityShares[i].share
		if len(c.family.names) < 15 || len(c.given['F'].names) < 25 || len(c.given['M'].names) < 25 || (c.ownName > 0) != (len(c.women.names) > 0) {
			t.Errorf("community %d lacks names", i+1)
		}
	}
	if math.Abs(total-1) > 1e-9 {
		t.Errorf("the shares come to %v", total)
	}
}

// The curve goes through what is said of England and Wales: 1.2% Smith, 0.75%
// Jones, about 0.27% the twentieth and 0.09% the hundredth.
func TestHeadShare(t *testing.T) {
	t.Parallel()
	for rank, want := range map[float64]float64{1: .012, 2: .0075, 20: .0027, 100: .0009} {
		if got := headShare(rank); math.Abs(got-want) > 1e-9 {
			t.Errorf("rank %v has %v, want %v", rank, got, want)
		}
	}
	for rank := 2.0; rank <= 420; rank++ {
		if headShare(rank) >= headShare(rank-1) {
			t.Errorf("rank %v is more usual than the one before", rank)
		}
	}
}

func TestFashionsGoBy(t *testing.T) {
	t.Parallel()
	s := chance.New(1)
	born := func(year int, name string) (n int) {
		for range 20_000 {
			if Given(s, 'F', year, 0) == name {
				n++
			}
		}
		return n
	}
	if old, young := born(1935, "Margaret"), born(2015, "Margaret"); old < 500 || young > 20 {
		t.Errorf("of 20,000 women Margaret are %d born in 1935 and %d in 2015", old, young)
	}
	if old, young := born(1935, "Olivia"), born(2015, "Olivia"); old > 20 || young < 150 {
		t.Errorf("of 20,000 women Olivia are %d born in 1935 and %d in 2015", old, young)
	}
}

func TestFamilyTail(t *testing.T) {
	t.Parallel()
	list := all().family.names
	seen := map[string]bool{}
	for _, name := range list {
		if !plain(name) || seen[name] {
			t.Fatalf("%q is no name, or stands twice", name)
		}
		seen[name] = true
	}
	if len(list) < tailLength {
		t.Errorf("%d family names", len(list))
	}
}

func TestWomenOfSomeCommunitiesHaveTheirOwnName(t *testing.T) {
	t.Parallel()
	s := chance.New(2)
	for i, c := range communityShares {
		own := 0
		for range 2_000 {
			if Family(s, 'F', i+1, "Other") != "Other" {
				own++
			}
			if Family(s, 'M', i+1, "Other") != "Other" {
				t.Fatal("a man has a woman's name")
			}
		}
		if math.Abs(float64(own)-2_000*c.ownName) > 4*math.Sqrt(2_000*c.ownName*(1-c.ownName))+1e-9 {
			t.Errorf("community %d: %d of 2000 women, want %.0f", i+1, own, 2_000*c.ownName)
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"William": "Bill", "Elizabeth": "Liz", "Olivia": ""} {
		if got := Short(given); got != want {
			t.Errorf("%s is known as %q, want %q", given, got, want)
		}
	}
	for given, short := range shorts {
		if !plain(given) || !plain(short) {
			t.Errorf("%q: %q", given, short)
		}
	}
}
