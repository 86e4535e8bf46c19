package matching

import "strconv"

// The fields of the model, in the order of Score.Levels.
const (
	fieldNumber = iota
	fieldID
	fieldGiven
	fieldMiddle
	fieldFamily
	fieldBirth
	fieldSex
	fieldNamedSex
	fieldPostcode
	fieldAddress
	fieldPhone
	fieldEmail
	fieldOther // the first of MaxOther
)

// MaxOther is how many further columns of text a profile may have (Profile.Other).
const MaxOther = 9

// NumFields is the number of fields of a model.
const NumFields = fieldOther + MaxOther

// maxLevels is the most levels that a field has.
const maxLevels = 12

// Level 0 of every field says that it is not known on one side at least: no
// evidence. Level 1 says that the two disagree in every way.
const (
	levelMissing = 0
	levelDiffers = 1
)

const (
	numberVetoed = iota + 1 // both verified, and not the same
	numberDiffers
	numberSame
	numberVerified
)

const (
	idSlip = iota + 2 // one edit apart
	idSame
)

const (
	givenWeak     = iota + 2 // Jaro-Winkler from .70
	givenInitial             // one is the first letter of the other
	givenAlike               // Jaro-Winkler from .80
	givenMiddle              // one's first name is a middle name of the other's
	givenSimilar             // one slip or Jaro-Winkler from .92, and both are names in their own right
	givenNickname            //
	givenSwapped             // given and family name exchanged; all the evidence of both
	givenSlip                // one slip or Jaro-Winkler from .92
	givenExact
)

const (
	familyWeak    = iota + 2 // Jaro-Winkler from .70
	familyAlike              // Jaro-Winkler from .80
	familySimilar            // one slip or Jaro-Winkler from .92, and both are names in their own right
	familyToken              // a part of a double-barrelled name
	familySwapped            // counted with the given name
	familySlip               // one slip or Jaro-Winkler from .92
	familyFormer             // exact, with a previous name
	familyExact
)

const (
	birthYear     = iota + 2 // the year, or one next to it or ten away from it with the month or the day
	birthPart                // all that is known, which is not the whole
	birthTwoParts            // two of year, month and day
	birthSlip                // one digit wrong, or two neighbours exchanged
	birthSwapped             // day and month exchanged
	birthExact
)

const sexSame = 2

const (
	postcodeArea = iota + 2
	postcodeOutward
	postcodeSector
	postcodeSlip
	postcodeFormer
	postcodeExact
)

const (
	addressStreet = iota + 2 // the same but for the numbers, or Jaro-Winkler from .80
	addressClose             // Jaro-Winkler from .92 and the same numbers
	addressFormer
	addressExact
)

const (
	phoneSlip = iota + 2
	phoneExact
)

const (
	closeText = iota + 2 // of e-mail and middle name: one slip, the start, Jaro-Winkler from .92
	exactText
)

const (
	otherAlike = iota + 2 // Jaro-Winkler from .80
	otherClose            // one slip or Jaro-Winkler from .92
	otherExact
)

// spec describes a field: its name, and the names of its levels from 0 on.
// rising lists levels of which each must be worth at least as much as the one
// before.
type spec struct {
	name   string
	levels []string
	rising []uint8
}

var specs = [...]spec{
	fieldNumber:   {FieldNHSNumber, []string{LevelAbsent, "bothVerifiedDiffer", LevelDiffers, "same", "sameVerified"}, []uint8{1, 2, 3, 4}},
	fieldID:       {"id", []string{LevelAbsent, LevelDiffers, "slip", LevelExact}, []uint8{1, 2, 3}},
	fieldGiven:    {"given", []string{LevelAbsent, LevelDiffers, "weak", "initial", "alike", "middle", "similar", "nickname", "swapped", "slip", LevelExact}, []uint8{1, 2, 4, 9, 10}},
	fieldMiddle:   {"middle", []string{LevelAbsent, LevelDiffers, "close", LevelExact}, []uint8{1, 2, 3}},
	fieldFamily:   {"family", []string{LevelAbsent, LevelDiffers, "weak", "alike", "similar", "token", "swapped", "slip", "former", LevelExact}, []uint8{1, 2, 3, 7, 9}},
	fieldBirth:    {FieldBirthDate, []string{LevelAbsent, LevelDiffers, "year", "part", "twoParts", "slip", "dayMonthSwapped", LevelExact}, []uint8{1, 2, 4, 5, 7}},
	fieldSex:      {"sex", []string{LevelAbsent, LevelDiffers, LevelExact}, []uint8{1, 2}},
	fieldNamedSex: {"sexWithGiven", []string{LevelAbsent, LevelDiffers, LevelExact}, []uint8{1, 2}}, // where the given names agree, which says nearly as much
	fieldPostcode: {"postcode", []string{LevelAbsent, LevelDiffers, "area", "outward", "sector", "slip", "former", LevelExact}, []uint8{1, 2, 3, 4, 7}},
	fieldAddress:  {"address", []string{LevelAbsent, LevelDiffers, "street", "close", "former", LevelExact}, []uint8{1, 2, 3, 5}},
	fieldPhone:    {"phone", []string{LevelAbsent, LevelDiffers, "slip", LevelExact}, []uint8{1, 2, 3}},
	fieldEmail:    {"email", []string{LevelAbsent, LevelDiffers, "close", LevelExact}, []uint8{1, 2, 3}},
	fieldOther:    {"other", []string{LevelAbsent, LevelDiffers, "alike", "close", LevelExact}, []uint8{1, 2, 3, 4}},
}

// specOf gives the description of any field.
func specOf(field int) *spec { return &specs[min(field, fieldOther)] }

// fieldNames are the names of the fields in models and decisions; those of
// further columns are "other1" to "other9".
var fieldNames = func() (names [NumFields]string) {
	for f := range names {
		names[f] = specOf(f).name
		if f >= fieldOther {
			names[f] += strconv.Itoa(f - fieldOther + 1)
		}
	}
	return names
}()
