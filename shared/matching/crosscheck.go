package matching

import "github.com/carerecord/carerecord/shared/demographics"

var _ Rule = CrossCheck

// CrossCheck confirms that two sets of details with one NHS number are of one
// person: the number and the exact birth date; or the number and part of the
// birth date, with the first letter of the given name and the first three of
// the family name; or, where a name is not known, the outward code. The query
// is taken by its current name and address, the candidate by all it ever had.
// The same number without this is a Conflict, another number or none is New.
func CrossCheck(query, candidate demographics.Details) Decision {
	d := Decision{Outcome: New, Rule: RuleNone, Version: Version}
	a, ok := UsableNumber(query)
	b, ok2 := UsableNumber(candidate)
	switch {
	case !ok || !ok2:
		return d.with(FieldNHSNumber, LevelAbsent)
	case a != b:
		return d.with(FieldNHSNumber, LevelDiffers)
	}
	d.Outcome = Conflict
	d = d.with(FieldNHSNumber, LevelEqual)
	switch demographics.CompareBirthDates(query.BirthDate, candidate.BirthDate) {
	case demographics.Exact:
		d.Outcome, d.Rule = Link, RuleExact
		return d.with(FieldBirthDate, LevelExact)
	case demographics.Partial:
		return nameOrPlace(d.with(FieldBirthDate, LevelPartial), query, candidate)
	case demographics.Differs:
		return d.with(FieldBirthDate, LevelDiffers)
	default:
		return d.with(FieldBirthDate, LevelAbsent)
	}
}

// nameOrPlace decides when the birth date agrees in part.
func nameOrPlace(d Decision, query, candidate demographics.Details) Decision {
	initial, family := compareNames(query.Names, candidate.Names)
	d = d.with(FieldInitial, initial).with(FieldFamily, family)
	if initial == LevelEqual && family == LevelEqual {
		d.Outcome, d.Rule = Link, RuleName
		return d
	}
	// The place stands in for a name that is not known, never for one that differs.
	if initial == LevelDiffers || family == LevelDiffers {
		return d
	}
	outward := compareOutward(query.Addresses, candidate.Addresses)
	if outward == LevelEqual {
		d.Outcome, d.Rule = Link, RuleOutward
	}
	return d.with(FieldOutward, outward)
}

// compareNames takes the candidate's name that agrees best with the query's
// current one. Both parts must agree within one name.
func compareNames(query, candidate []demographics.Name) (initial, family string) {
	initial, family = LevelAbsent, LevelAbsent
	if len(query) == 0 {
		return initial, family
	}
	best := -1
	for _, name := range candidate {
		i := level(query[0].Initial(), name.Initial())
		f := level(query[0].FamilyPrefix(), name.FamilyPrefix())
		if rank := weight(i) + weight(f); rank > best {
			best, initial, family = rank, i, f
		}
	}
	return initial, family
}

// weight ranks levels: a name that agrees in full wins, one that is silent
// comes last, so that a name known to differ is never passed over.
func weight(level string) int {
	switch level {
	case LevelEqual:
		return 3
	case LevelDiffers:
		return 1
	}
	return 0
}

func compareOutward(query, candidate []demographics.Address) string {
	if len(query) == 0 {
		return LevelAbsent
	}
	found := LevelAbsent
	for _, address := range candidate {
		switch level(query[0].Outward(), address.Outward()) {
		case LevelEqual:
			return LevelEqual
		case LevelDiffers:
			found = LevelDiffers
		}
	}
	return found
}

func level(a, b string) string {
	switch {
	case a == "" || b == "":
		return LevelAbsent
	case a == b:
		return LevelEqual
	}
	return LevelDiffers
}

func (d Decision) with(name, level string) Decision {
	d.Fields = append(d.Fields[:len(d.Fields):len(d.Fields)], Field{Name: name, Level: level})
	return d
}
