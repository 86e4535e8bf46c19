package demographics

import "slices"

// Combine gives the profile of everything that the profiles hold. The first
// one's current values stay current: the postcodes and addresses of the others
// come behind it and count as former. A sex in dispute is none. Lists end at
// the bound that Clean keeps, the first profiles' values first.
func Combine(profiles ...*Profile) Profile {
	var all Profile
	var names []PersonalName
	for _, p := range profiles {
		for _, n := range p.Numbers {
			all.Numbers = addNumber(all.Numbers, n)
		}
		for _, id := range p.IDs {
			all.IDs = addText(all.IDs, id)
		}
		names = append(names, p.Names...)
		for _, b := range p.Births {
			if len(all.Births) < maxNames && !slices.Contains(all.Births, b) {
				all.Births = append(all.Births, b)
			}
		}
		all.Postcodes = addTexts(all.Postcodes, p.Postcodes)
		all.Addresses = addTexts(all.Addresses, p.Addresses)
		all.Phones = addTexts(all.Phones, p.Phones)
		all.Emails = addTexts(all.Emails, p.Emails)
		if all.Deceased == (Date{}) {
			all.Deceased = p.Deceased
		}
		all.Other = fillOther(all.Other, p.Other)
	}
	all.Names = distinctNames(names)
	all.Sex = agreedSex(profiles)
	return all
}

// addNumber adds a number once; verified anywhere is verified.
func addNumber(list []Number, n Number) []Number {
	for i := range list {
		if list[i].Digits == n.Digits {
			list[i].Verified = list[i].Verified || n.Verified
			return list
		}
	}
	if len(list) >= maxNames {
		return list
	}
	return append(list, n)
}

// addTexts adds values that are not there yet. The empty entry, which holds the
// place of an unknown current value, only ever stands first.
func addTexts(list, more []string) []string {
	for i, value := range more {
		if value != "" || i == 0 && len(list) == 0 && len(more) > 1 {
			list = addText(list, value)
		}
	}
	return list
}

// fillOther takes for every column the first text that is known.
func fillOther(list, more []string) []string {
	for i, value := range more {
		if i == len(list) {
			list = append(list, value)
		}
		if list[i] == "" {
			list[i] = value
		}
	}
	return list
}

func agreedSex(profiles []*Profile) byte {
	var sex byte
	for _, p := range profiles {
		if sex != 0 && p.Sex != 0 && p.Sex != sex {
			return 0
		}
		sex = max(sex, p.Sex)
	}
	return sex
}
