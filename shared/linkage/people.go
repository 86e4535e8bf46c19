package linkage

import (
	"math"
	"sync"

	"github.com/carerecord/carerecord/shared/matching"
)

// decision is what is said of a record.
type decision uint8

const (
	decidedNew decision = iota
	decidedReview
	decidedLink
)

var decisionNames = [...]string{"new", "review", "link"}

// people is who is whom.
type people struct {
	person   []uint32 // of each record: the first record of its person
	decision []decision
	bits     []float64 // of the best evidence for the decision

	mu      sync.Mutex
	reviews []review
}

// review is a pair that a human should see.
type review struct {
	pair     pair
	decision matching.Decision
}

// noEvidence are the bits of a record that resembles no other.
const noEvidence = -1000

func newPeople(n int) *people {
	p := &people{person: make([]uint32, n), decision: make([]decision, n), bits: make([]float64, n)}
	for i := range p.person {
		p.person[i], p.bits[i] = uint32(i), noEvidence
	}
	return p
}

// note takes down what was resolved of some records.
func (p *people) note(g *gathering, edges []edge, found matching.Resolution) {
	for i, record := range g.records {
		unit := g.unit[i]
		p.person[record] = g.first[found.Person[unit]]
		if g.certain[i] {
			p.better(record, decidedLink, math.Inf(1))
		}
		if best := found.Best[unit]; best.B >= 0 {
			p.better(record, decidedLink, best.Decision.Bits)
		}
	}
	var reviews []review
	for _, f := range found.Reviews {
		reviews = append(reviews, review{pairOf(g.first[f.A], g.first[f.B]), f.Decision})
		for i, record := range g.records {
			if g.unit[i] == f.A || g.unit[i] == f.B {
				p.better(record, decidedReview, f.Decision.Bits)
			}
		}
	}
	for _, e := range edges {
		a, b := e.pair.records()
		p.better(a, decidedNew, e.bits)
		p.better(b, decidedNew, e.bits)
	}
	if len(reviews) > 0 {
		p.mu.Lock()
		p.reviews = append(p.reviews, reviews...)
		p.mu.Unlock()
	}
}

// better keeps the stronger decision of a record, and the best evidence for it.
func (p *people) better(record uint32, d decision, bits float64) {
	switch {
	case d > p.decision[record]:
		p.decision[record], p.bits[record] = d, bits
	case d == p.decision[record]:
		p.bits[record] = max(p.bits[record], bits)
	}
}
