package trial

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/population"
)

// Report asks all queries and writes what came of it, for people to read.
func Report(ctx context.Context, out io.Writer, t *Trial) error {
	m, err := t.Search(ctx)
	if err != nil {
		return err
	}
	r := report{tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight), t, m}
	r.head()
	if t.Numbers {
		r.numbers()
	} else {
		r.curve()
		r.guards()
		mps, err := t.MPS(ctx)
		if err != nil {
			return err
		}
		r.others(mps)
	}
	r.cost()
	return r.Flush()
}

type report struct {
	*tabwriter.Writer
	*Trial
	measured *Measured
}

func (r *report) line(format string, args ...any) { fmt.Fprintf(r, format+"\n", args...) }

// text writes a line that is no part of a table.
func (r *report) text(format string, args ...any) {
	_ = r.Flush() // the Flush at the end tells
	r.line(format, args...)
	_ = r.Flush()
}

func (r *report) head() {
	about := "no NHS numbers, telephones or address lines"
	if r.Numbers {
		about = "NHS numbers in 97% of records, right in 99.5%"
	}
	r.text("\n%d people in the index, %d queries, seed %d: %s.", r.People, len(r.queries), r.Seed, about)
	if r.Slips != 1 {
		r.text("Slips are %g times as frequent as published.", r.Slips)
	}
	r.text("Model %s: link from %.1f bits with a lead of %.1f, review from %.1f.\n", r.Model.Version, r.Model.LinkBits, r.Model.LeadBits, r.Model.ReviewBits)
	r.columns("")
	r.row("this model", r.measured.Tally(RuleOf(r.Model)))
}

func (r *report) columns(first string) {
	r.line("%s\tprecision\trecall\tF1\treview\tmissed\twrong: twins\tsiblings\tnamesakes\tstrangers\tindexed\t", first)
}

func (r *report) row(name string, t Tally) {
	p, c := t.Precision(), t.Recall()
	r.line("%s\t%.5f\t%.4f\t%.4f\t%.2f%%\t%.2f%%\t%d\t%d\t%d\t%d\t%d\t", name, p, c, 2*p*c/max(p+c, 1e-9), 100*t.ReviewShare(), 100*t.MissedShare(),
		t.WrongBy[population.Twin], t.WrongBy[population.Sibling], t.WrongBy[population.Namesake], t.WrongBy[0], t.WrongIndexed)
}

// curve shows the thresholds around the model's.
func (r *report) curve() {
	r.text("\nThe curve: bits from which the model would link.")
	r.columns("bits")
	for bits := 2.0; bits <= 20; bits++ {
		rule := RuleOf(r.Model)
		rule.LinkBits = bits
		r.row(fmt.Sprintf("%.0f", bits), r.measured.Tally(rule))
	}
}

// guardsOf are the guards that can stand against a link here.
var guardsOf = []matching.Guard{
	matching.GuardGiven, matching.GuardBirth, matching.GuardPlace, matching.GuardTwin, matching.GuardParent, matching.GuardThin,
}

// guards shows what would be without each guard.
func (r *report) guards() {
	r.text("\nWhat each guard buys: without it.")
	r.columns("without")
	rule := RuleOf(r.Model)
	for _, g := range guardsOf {
		rule.Ignore = g
		r.row(g.Names()[0], r.measured.Tally(rule))
	}
	rule.Ignore = ^matching.Vetoes
	r.row("any guard", r.measured.Tally(rule))
	rule = RuleOf(r.Model)
	rule.LeadBits = 0
	r.row("the lead", r.measured.Tally(rule))
}

// plainBits are those of a probability of .9.
const plainBits = 3.17

func (r *report) others(mps Tally) {
	r.text("\nOther rules on the same queries.")
	r.columns("")
	r.row("plain Fellegi-Sunter, p >= .9", r.measured.Tally(Rule{LinkBits: plainBits, ReviewBits: plainBits, Ignore: ^matching.Guard(0)}))
	r.row("and a lead of 3 bits", r.measured.Tally(Rule{LinkBits: plainBits, ReviewBits: plainBits, LeadBits: 3, Ignore: ^matching.Guard(0)}))
	r.row("Master Person Service", mps)
}

// numbers shows what the veto is for.
func (r *report) numbers() {
	settled, vetoed := 0, 0
	rule := RuleOf(r.Model)
	for i := range r.measured.Findings {
		f, q := &r.measured.Findings[i], &r.queries[i]
		if f.Number {
			settled++
		}
		if rule.Decide(f) == matching.Link && r.twoVerified(q, f.Best) {
			vetoed++
		}
	}
	r.text("\n%.2f%% were settled by the number and its cross-check, in one read.", 100*share(settled, len(r.queries)))
	r.text("%d links of two different verified numbers.", vetoed)
}

// twoVerified says whether query and person have different verified numbers.
func (r *report) twoVerified(q *Query, person int) bool {
	known := r.Known(person)
	if len(q.Profile.Numbers) == 0 || len(known.Numbers) == 0 {
		return false
	}
	a, b := q.Profile.Numbers[0], known.Numbers[0]
	return a.Verified && b.Verified && a.Digits != b.Digits
}

// cost shows what the look-ups read and a new person writes.
func (r *report) cost() {
	var sum Cost
	var reads, units []int
	found, indexed := 0, 0
	for i := range r.measured.Findings {
		f := &r.measured.Findings[i]
		sum.add(f.Cost)
		reads, units = append(reads, f.Cost.Reads), append(units, f.Cost.Units)
		if r.queries[i].Person != Nobody {
			indexed++
			if f.Found {
				found++
			}
		}
	}
	slices.Sort(reads)
	slices.Sort(units)
	n := float64(len(units))
	at := func(list []int, share float64) int { return list[int(share*(n-1))] }
	r.text("\nWhat a look-up reads, and a new person writes.")
	r.line("\tmean\tp95\tp99\tmost\t")
	r.line("key reads\t%.2f\t%d\t%d\t%d\t", float64(sum.Reads)/n, at(reads, .95), at(reads, .99), at(reads, 1))
	r.line("read units, strongly consistent\t%.2f\t%d\t%d\t%d\t", float64(sum.Units)/n, at(units, .95), at(units, .99), at(units, 1))
	r.line("postings read\t%.2f\t\t\t\t", float64(sum.Items)/n)
	r.line("postings written\t%.2f\t\t\t%d\t", float64(r.Postings)/float64(r.People), r.MostPostings)
	if !r.Numbers { // who is settled by a number is not looked for
		r.text("\nThe keys found %.3f%% of those in the index; %.4f keys a query were too wide and read narrowed.", 100*share(found, indexed), float64(sum.Wide)/n)
	}
	r.text("%.0f look-ups a second on %d processors.", n/r.measured.Took.Seconds(), workers(r.Workers))
}
