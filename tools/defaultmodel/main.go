// Command defaultmodel trains the model that ships with the project, on a
// synthetic region (package population), and writes it to the file named.
//
// The region stands in for real registers, which cannot be shipped: each person
// is in one register with a memory of former names and addresses, and most in a
// second one that disagrees as often as NHS records were found to. It has no NHS
// numbers, addresses, telephone numbers or e-mail addresses: their parameters
// are what is believed of them. Neither are the slips that the region does not
// have taken for impossible (matching.TrainOptions, Beliefs), nor the rare names
// that it makes up listed (LeastTerm).
//
// The seed is not one that anything is measured with. The same program gives the
// same file.
package main

import (
	"fmt"
	"os"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/chance"
)

const (
	people = 1_000_000
	seed   = 20_260_101
	second = 0.6 // share of people in the second register

	beliefs   = 0.05   // of the pairs of one person
	leastTerm = 2.5e-4 // about the share of the four hundredth family name
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: defaultmodel FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(file string) error {
	profiles, err := region()
	if err != nil {
		return err
	}
	model, err := matching.Train(profiles, matching.TrainOptions{
		Policy: matching.Careful, Source: "synthetic region", Beliefs: beliefs * second * people, LeastTerm: leastTerm,
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d records, %.0f expected matches\n", model.Version, model.Training.Records, model.Training.Matches)
	return os.WriteFile(file, model.Write(), 0o644)
}

// region gives the records of both registers.
func region() ([]demographics.Profile, error) {
	r, err := population.New(people, seed)
	if err != nil {
		return nil, err
	}
	profiles := make([]demographics.Profile, 0, people*8/5)
	for block := range r.Blocks() {
		s := chance.New(seed, uint64(block))
		for _, p := range r.Block(block, nil) {
			a := p.Account()
			a.Know(s, &p)
			profiles = append(profiles, demographics.Clean(a.Details()))
			if s.Happens(second) {
				rates := population.Published
				other := rates.Account(s, &p)
				profiles = append(profiles, demographics.Clean(other.Details()))
			}
		}
	}
	return profiles, nil
}
