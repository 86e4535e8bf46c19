package matching

import "github.com/carerecord/carerecord/shared/demographics"

// A parent is between these many years older than a child.
const (
	leastGeneration = 14
	mostGeneration  = 55
)

// guards gives the guards that stand against a link, of those that the model's
// policy keeps.
func (m *Matcher) guards(s *Score, a, b *demographics.Profile) Guard {
	var g Guard
	switch s.Levels[fieldNumber] {
	case numberVetoed:
		g |= VetoNumber
	case numberDiffers:
		if !s.sameByDetails(verified(a.Numbers) != verified(b.Numbers)) {
			g |= GuardNumber
		}
	}
	if a.Deceased.Year != 0 || b.Deceased.Year != 0 {
		g |= deceased(a, b) | deceased(b, a)
	}
	certain := s.Levels[fieldNumber] >= numberSame || s.Levels[fieldID] == idSame
	g |= s.disagreements(certain)
	if s.Levels[fieldNumber] >= numberSame && s.sameNames() && !generation(a.Births, b.Births) && (s.Levels[fieldNumber] == numberVerified || s.samePlace()) {
		g &^= GuardBirth // one number, one name, and either both sources have had it confirmed or they live in one place
	}
	if !certain {
		g |= s.patterns(a, b)
	}
	return g & (m.kept | Vetoes)
}

// disagreements are the guards that ask for agreement where both sides are
// known.
func (s *Score) disagreements(certain bool) Guard {
	var g Guard
	given, family, birth, postcode := s.Levels[fieldGiven], s.Levels[fieldFamily], s.Levels[fieldBirth], s.Levels[fieldPostcode]
	if given == levelDiffers || given == givenWeak {
		g |= GuardGiven
	}
	if birth == levelDiffers || birth == birthYear {
		g |= GuardBirth
	}
	elsewhere := postcode != levelMissing && postcode <= postcodeOutward
	if (family == levelDiffers || family == familyWeak) && elsewhere && !certain && !s.reachable() {
		g |= GuardPlace
	}
	if !certain && s.thin() {
		g |= GuardThin
	}
	return g
}

// verified says that one of the numbers is.
func verified(numbers []demographics.Number) bool {
	for i := range numbers {
		if numbers[i].Verified {
			return true
		}
	}
	return false
}

// sameByDetails says that the names agree, and the birth date or the place with
// most of it: then of two numbers of which one is verified the other may well be
// somebody else's. Where neither is, it takes a middle name, a telephone number
// or an e-mail address in common besides: two people of one name born on one day
// have nothing but their numbers to be told apart by. The bits that two
// different numbers take away must still be made up for.
func (s *Score) sameByDetails(oneVerified bool) bool {
	birth := s.Levels[fieldBirth]
	more := oneVerified || s.Levels[fieldMiddle] == exactText || s.Levels[fieldPhone] == phoneExact || s.Levels[fieldEmail] == exactText
	return more && s.sameNames() && (birth == birthExact || birth >= birthTwoParts && s.samePlace())
}

// sameNames says that given and family name agree.
func (s *Score) sameNames() bool {
	given := s.Levels[fieldGiven]
	return (given >= givenNickname || given == givenMiddle) && s.Levels[fieldFamily] >= familyToken
}

// samePlace says that they live, or have lived, in one place.
func (s *Score) samePlace() bool {
	return s.Levels[fieldPostcode] >= postcodeSlip || s.Levels[fieldAddress] >= addressClose
}

// reachable says that a telephone number, e-mail address or address line is the
// same.
func (s *Score) reachable() bool {
	return s.Levels[fieldPhone] == phoneExact || s.Levels[fieldEmail] == exactText || s.Levels[fieldAddress] >= addressClose
}

// thin says that given name or birth date is not known: names and places alone
// do not tell the members of a family apart.
func (s *Score) thin() bool {
	return s.Levels[fieldGiven] == levelMissing || s.Levels[fieldBirth] == levelMissing || s.Levels[fieldBirth] == birthPart
}

// patterns are the guards against those who are alike because they are of one
// family.
func (s *Score) patterns(a, b *demographics.Profile) Guard {
	var g Guard
	related := s.Levels[fieldFamily] >= familyToken || s.samePlace()
	if related && s.Levels[fieldBirth] >= birthSlip && s.otherGiven() {
		g |= GuardTwin
	}
	if s.sameNames() && generation(a.Births, b.Births) {
		g |= GuardParent
	}
	return g
}

// otherGiven says that the given names are not clearly the same.
func (s *Score) otherGiven() bool {
	switch s.Levels[fieldGiven] {
	case levelDiffers, givenWeak, givenAlike, givenSimilar:
		return true
	}
	return false
}

// generation says that all birth dates of one side are a generation from all of
// the other.
func generation(a, b []demographics.Date) bool {
	for _, x := range a {
		for _, y := range b {
			d := int(x.Year) - int(y.Year)
			if x.Year == 0 || y.Year == 0 || max(d, -d) < leastGeneration || max(d, -d) > mostGeneration {
				return false
			}
		}
	}
	return len(a) > 0 && len(b) > 0
}

// deceased says that a was born after b had died.
func deceased(a, b *demographics.Profile) Guard {
	for _, born := range a.Births {
		if b.Deceased.Before(born) {
			return GuardDeceased
		}
	}
	return 0
}
