package population

// Rates are how often two accounts of one person disagree, as shares of pairs
// of accounts.
type Rates struct {
	GivenF, GivenM   NameRates
	FamilyF, FamilyM NameRates
	Swapped          float64 // given and family name stand in each other's place
	Birth            float64 // another birth date
	BirthPartial     float64 // of these: two of day, month and year agree
	Sex              float64 // the other sex
	SexNeither       float64 // neither female nor male
	PostcodeUnit     float64 // another unit of the same sector
	PostcodeOther    float64 // another postcode: they moved
	PostcodePseudo   float64 // ZZ99 3VZ: no fixed abode
}

// NameRates are how names disagree, the most alike first; each excludes the ones before.
type NameRates struct {
	Sound float64 // another spelling that sounds the same
	Start float64 // the first two characters are the same
	Other float64 // neither
}

// Published are the rates that were counted on real NHS data, between records
// of a trust and of the Personal Demographics Service (Cardinal et al., BMC
// Medical Informatics and Decision Making 2023, 23:85; figures as in the
// settings of its program, ucam-department-of-psychiatry/crate).
var Published = Rates{
	GivenF: NameRates{.00894, .00881, .00572}, GivenM: NameRates{.00840, .00688, .00625},
	FamilyF: NameRates{.00551, .00378, .0567}, FamilyM: NameRates{.00471, .00247, .0134},
	Swapped: .00191,
	Birth:   .00492, BirthPartial: .933,
	Sex: .0033, SexNeither: .004,
	PostcodeUnit: .0097, PostcodeOther: .300, PostcodePseudo: .00201,
}

// ShareKnown is the share of former postcodes, and of former family names, that
// the other account knows. That of postcodes is of the region on which the
// baselines were measured; for names there is no figure and it is taken over.
const ShareKnown = .35

// Times gives the rates with each slip so many times as frequent. A half is for
// a register that is compared with others of the same sort: each of the two
// brings its part of the disagreements.
func (r Rates) Times(f float64) Rates {
	for _, n := range []*NameRates{&r.GivenF, &r.GivenM, &r.FamilyF, &r.FamilyM} {
		*n = NameRates{n.Sound * f, n.Start * f, n.Other * f}
	}
	for _, share := range []*float64{&r.Swapped, &r.Birth, &r.Sex, &r.SexNeither, &r.PostcodeUnit, &r.PostcodeOther, &r.PostcodePseudo} {
		*share *= f
	}
	return r
}
