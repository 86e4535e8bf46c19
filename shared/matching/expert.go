package matching

// expert is what is believed of every field before a register is seen: for
// each level, from "differs" up, the share of pairs of one person (m) and of
// two people (u) that reach it. m of names, birth date, sex and postcode follow
// the error rates found in the records of an NHS trust (Cardinal et al. 2023,
// BMC Med Inform Decis Mak 23:85): given name differs .006, family name .035
// (women .057, men .013), birth date .005 of which .93 in part, sex .0033,
// postcode .30. u are those of a region of a million people.
//
// Training starts from these and moves as far as the register's pairs carry.
var expert = [...][][2]float64{
	fieldNumber:   {{.00002, .2}, {.02, .8}, {.2, 1e-7}, {.77998, 1e-7}},
	fieldID:       {{.03, .99999}, {.02, 1e-5}, {.95, 1e-6}},
	fieldGiven:    {{.004, .915}, {.002, .05}, {.006, .0004}, {.004, .012}, {.006, .003}, {.003, .005}, {.02, .004}, {.0019, 2e-6}, {.014, .001}, {.9391, .0085}},
	fieldMiddle:   {{.03, .93}, {.1, .05}, {.87, .02}},
	fieldFamily:   {{.03, .9523}, {.002, .035}, {.003, .005}, {.002, .0025}, {.008, .0015}, {1e-9, 1e-9}, {.012, .0006}, {.02, .0011}, {.923, .0015}},
	fieldBirth:    {{.0004, .9815}, {.0006, .014}, {.001, .0005}, {.0015, .003}, {.003, .0009}, {.0006, .00007}, {.9929, .000035}},
	fieldSex:      {{.0033, .5}, {.9967, .5}},
	fieldNamedSex: {{.0033, .02}, {.9967, .98}},
	fieldPostcode: {{.16, .74}, {.09, .25}, {.035, .008}, {.0097, .0015}, {.006, .0002}, {.1, .00005}, {.5993, .00005}},
	fieldAddress:  {{.27, .93}, {.03, .07}, {.06, 1e-6}, {.08, 1e-6}, {.56, 2e-6}},
	fieldPhone:    {{.35, .999997}, {.01, 1e-6}, {.64, 2e-6}},
	fieldEmail:    {{.4, .999998}, {.02, 1e-6}, {.58, 1e-6}},
	fieldOther:    {{.12, .9}, {.02, .04}, {.06, .01}, {.8, .05}},
}

// expertModel gives a model of what is believed, with the thresholds of a
// policy, for a population of a million.
func expertModel(policy Policy) *Model {
	m := &Model{Policy: policy, Prior: -20, HouseholdBits: 18.8, TwinBits: 27.5, Training: Training{Source: "expert"}}
	for f := range NumFields {
		s := specOf(f)
		field := FieldModel{Name: fieldNames[f]}
		for i, share := range expert[min(f, fieldOther)] {
			field.Levels = append(field.Levels, LevelModel{Name: s.levels[i+1], M: share[0], U: share[1]})
		}
		field.weigh()
		m.Fields = append(m.Fields, field)
	}
	m.decide(policy)
	return m
}

// decide sets thresholds and guards for a policy.
func (m *Model) decide(policy Policy) {
	m.Policy = policy
	m.GuardNames = Guard(GuardGiven | GuardBirth | GuardPlace | GuardTwin | GuardParent | GuardDeceased | GuardNumber | GuardThin).Names()
	m.LinkBits, m.ReviewBits, m.LeadBits = 4.5, 0, 3
	if policy == Balanced {
		m.GuardNames = Guard(GuardDeceased | GuardNumber).Names()
		m.LinkBits, m.ReviewBits, m.LeadBits = 0, -3.5, 0
	}
}
