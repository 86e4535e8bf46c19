package chance

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The first values of SplitMix64 from the seed 1234567, as Vigna's program
// prng.di.unimi.it/splitmix64.c gives them.
func TestSplitMix64(t *testing.T) {
	t.Parallel()
	s := Source{1234567}
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := s.Uint64(); got != want {
			t.Errorf("value %d is %d, want %d", i, got, want)
		}
	}
}

func TestStreamsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[uint64]bool{}
	for seed := range uint64(20) {
		for a := range uint64(20) {
			for _, s := range []*Source{New(seed, a), New(seed, a, 0), New(seed, 0, a+1)} {
				seen[s.Uint64()] = true
			}
		}
	}
	if len(seen) != 1200 {
		t.Errorf("of 1200 streams %d begin differently", len(seen))
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := New(rapid.Uint64().Draw(t, "seed"))
		n := rapid.IntRange(1, 1<<40).Draw(t, "n")
		if got := s.Below(n); got < 0 || got >= n {
			t.Fatalf("below %d is %d", n, got)
		}
		if got := s.Between(-n, n); got < -n || got > n {
			t.Fatalf("%d is not between %d and %d", got, -n, n)
		}
		if got := s.Share(); got < 0 || got >= 1 {
			t.Fatalf("a share of %v", got)
		}
		if s.Happens(0) || !s.Happens(1) {
			t.Fatal("what is impossible happens, or what is certain does not")
		}
	})
}

// Each number is drawn as often as its weight says, within four standard deviations.
func TestWeights(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0, 10), 1, 12).Draw(t, "weights")
		total := 0.0
		for i := range weights {
			weights[i] = math.Floor(weights[i])
			total += weights[i]
		}
		if total == 0 {
			weights[0], total = 1, 1
		}
		const n = 20_000
		count := make([]int, len(weights))
		s, d := New(rapid.Uint64().Draw(t, "seed")), NewWeighted(weights)
		for range n {
			count[d.Draw(s)]++
		}
		for i, w := range weights {
			p := w / total
			if off := math.Abs(float64(count[i]) - p*n); off > 5*math.Sqrt(n*p*(1-p))+1e-6 {
				t.Fatalf("%d of weight %v in %v is drawn %d times", i, w, weights, count[i])
			}
		}
	})
}
