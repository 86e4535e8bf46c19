package practicelist

import "strings"

// nicknames are used at the practice where the hospital has the formal name.
var nicknames = map[string]string{
	"Andrew": "Andy", "Anthony": "Tony", "Catherine": "Cathy", "Charles": "Charlie", "Christopher": "Chris",
	"Daniel": "Dan", "Deborah": "Debbie", "Donald": "Don", "Jacqueline": "Jackie", "Jennifer": "Jenny",
	"Jonathan": "Jon", "Joshua": "Josh", "Katherine": "Kate", "Margaret": "Peggy", "Mathew": "Matt",
	"Michael": "Mike", "Michelle": "Shelley", "Natasha": "Tasha", "Richard": "Dick", "Robert": "Bob", "Samantha": "Sam",
	"Stephen": "Steve", "Timothy": "Tim", "William": "Bill",
}

var maidenNames = []string{"Ashworth", "Blackwood", "Cartwright", "Dunmore", "Eastwick", "Fairbairn", "Greenhalgh", "Hollis"}

// sharedRows spell the hospital's patients the practice's own way: as they
// are, in capitals, with a nickname, with a doubled name, with a maiden name,
// or at an earlier address.
func sharedRows(known []patient) []row {
	var rows []row
	for i, p := range known {
		r := asKnown(i, p)
		switch i % 6 {
		case 1:
			r.family, r.given = strings.ToUpper(r.family), strings.ToUpper(r.given)
		case 2:
			if short := nicknames[r.given]; short != "" {
				r.given = short
			}
		case 3:
			r.family = maidenNames[i%len(maidenNames)] + "-" + r.family
		case 4:
			if p.sex == "F" {
				r.family, r.title = maidenNames[i%len(maidenNames)], "Miss"
			}
		case 5:
			r = at(r, i)
		}
		rows = append(rows, r)
	}
	return rows
}

// asKnown is the hospital's own account, with the practice's contact details.
func asKnown(i int, p patient) row {
	return row{
		nhs: p.nhs, status: "01", title: p.title, family: p.family, given: p.given, other: p.other,
		birth: slashed(p.birth), sex: p.sex, lines: p.lines, town: p.town, postcode: p.postcode,
		phone: p.phone, from: registered(p.birth, i),
	}
}

// takeSwappable takes the first n patients whose birth date stays a date with
// day and month swapped, and gives the others back. Number, names and year
// agree, so the cross-check on a partial birth date finds them.
func takeSwappable(known []patient, n int) (rows []row, others []patient) {
	for i, p := range known {
		month, day := p.birth[4:6], p.birth[6:8]
		if len(rows) == n || day > "12" || day == month {
			others = append(others, p)
			continue
		}
		from := registered(p.birth, i)
		p.birth = p.birth[:4] + day + month
		r := asKnown(i, p)
		r.from = from
		rows = append(rows, r)
	}
	return rows, others
}

// impostorRows carry a hospital patient's NHS number on somebody else: another
// name and another day, month and year of birth. They must not be linked.
func impostorRows(known []patient) []row {
	var rows []row
	for i, p := range known {
		r := stranger(200 + i)
		r.nhs = p.nhs
		rows = append(rows, r)
	}
	return rows
}

// unnumberedRows are patients of the hospital whose number the practice does
// not have: only their details could tell.
func unnumberedRows(known []patient) []row {
	var rows []row
	for i, p := range known {
		r := asKnown(i, p)
		r.nhs, r.status = "", "03"
		rows = append(rows, r)
	}
	return rows
}
