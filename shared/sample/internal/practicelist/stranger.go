package practicelist

import (
	"fmt"
	"strings"
)

var (
	families = []string{
		"Abernathy", "Begum", "Ó Briain", "Chaudhry", "Davies", "Edwards", "Featherstone", "Gwynne-Jones",
		"Hussain", "Ingleby", "Jankowska", "Khan", "Llewellyn", "Müller", "Nowak", "O’Connor",
		"Patel", "Quigley", "Rossi", "St. John", "Thackeray", "Usman", "van der Berg", "Wójcik",
	}
	women   = []string{"Zoë", "Aaliyah", "Siân", "Renée", "Margaret", "Chloe", "Agnieszka", "Fatima", "Ngozi"}
	men     = []string{"Seán", "Mohammed", "Oliver", "Gethin", "Piotr", "José", "Harpreet", "Wei", "Alasdair"}
	others  = []string{"", "Lee", "", "", "Robin", "", "Jo Marie"}
	streets = []string{"Mill Lane", "Church Street", "Station Road", "The Green", "Orchard Close", "Kiln Hill", "Weavers Row"}
	towns   = []string{"Lower Sample", "Sampleford", "Great Exampling", "Exampling St Mary"}
)

// stranger makes the i-th person that the hospital does not know. The numbers
// are of the test range that is never issued (999), the phone numbers of
// Ofcom's range for drama, and no postcode area is LX.
func stranger(i int) row {
	birth := fmt.Sprintf("%04d%02d%02d", 1928+i*13%92, 1+i*5%12, 1+i*11%28)
	r := row{
		nhs: testNumber(i), status: "01", title: "Mrs", family: families[i%len(families)],
		given: women[i/2%len(women)], other: others[i/2%len(others)], birth: slashed(birth), sex: "F",
		from: registered(birth, i),
	}
	if i%2 == 1 {
		r.title, r.given, r.sex = "Mr", men[i/2%len(men)], "M"
	}
	return at(r, i)
}

// at gives the row an address and contacts of the practice's own town.
func at(r row, i int) row {
	street := streets[i%len(streets)]
	r.lines = [2]string{fmt.Sprintf("%d %s", 1+i*7%98, street), ""}
	switch i % 9 {
	case 2:
		r.lines = [2]string{fmt.Sprintf("Flat %d, Sampler House", 1+i%30), fmt.Sprintf("%d %s", 1+i*7%98, street)}
	case 4:
		r.lines[0] = `"Rose Cottage", ` + street
	case 6:
		r.lines[0] = "The Old Rectory\n" + street // a line break inside a quoted field
	}
	r.town = towns[i%len(towns)]
	r.postcode = fmt.Sprintf("LX%d %d%c%c", 1+i%19, 1+i%9, "ABDEFGHJ"[i%8], "LNPQRSTUWXYZ"[i%12])
	r.phone = fmt.Sprintf("07700 900%03d", i*17%1000)
	if i%3 == 0 {
		r.email = fmt.Sprintf("patient%03d@example.org", i)
	}
	return r
}

func strangerRows(n int) []row {
	var rows []row
	for i := range n {
		r := stranger(i)
		if i%15 == 7 {
			r.status = "02"
		}
		if i%20 == 9 {
			r.to = "31/03/2020"
		}
		if i%23 == 11 {
			r.sex, r.title = "U", ""
		}
		rows = append(rows, r)
	}
	return rows
}

// namelessRows are strangers without an NHS number, as the practice writes it.
func namelessRows() []row {
	var rows []row
	for i := range Nameless {
		r := stranger(100 + i)
		r.nhs, r.status = [...]string{"", "NULL"}[i%2], "07"
		rows = append(rows, r)
	}
	return rows
}

// testNumber is the i-th valid NHS number of the test range: 999, six digits
// and the Modulus 11 check digit (NHS Data Dictionary, NHS NUMBER).
func testNumber(i int) string {
	for nine := 999_400_000 + 41*i; ; nine++ {
		sum := 0
		for n, weight := nine, 2; n > 0; n, weight = n/10, weight+1 {
			sum += n % 10 * weight
		}
		if check := (11 - sum%11) % 11; check < 10 {
			return fmt.Sprintf("%d%d", nine, check)
		}
	}
}

// slashed turns YYYYMMDD into DD/MM/YYYY.
func slashed(day string) string { return strings.Join([]string{day[6:8], day[4:6], day[:4]}, "/") }

// registered is a day on which the i-th patient joined the practice: some
// years after birth, not after 2020.
func registered(birth string, i int) string {
	var year int
	fmt.Sscanf(birth[:4], "%d", &year)
	return fmt.Sprintf("%02d/%02d/%04d", 1+i*3%28, 1+i*7%12, min(year+1+i*9%30, 2020))
}
