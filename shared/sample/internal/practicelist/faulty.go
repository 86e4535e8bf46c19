package practicelist

// Faults says how many rows the faults add, and how many of them are refused
// whole (those too short to tell the columns apart).
const (
	Faults  = 7
	Refused = 1
)

// faulty puts rows with honest faults between the others, so that a report
// shows what a partner sees.
func faulty(rows []row) [][]string {
	var out [][]string
	next := 0
	add := func(r row, mend func(record []string) []string) {
		out = append(out, mend(r.record(len(out))))
	}
	for i, r := range rows {
		add(r, func(record []string) []string { return record })
		if i%16 == 11 && next < len(mends) {
			add(stranger(300+next), mends[next])
			next++
		}
	}
	return out
}

// mends each spoil one record.
var mends = [Faults]func(record []string) []string{
	func(r []string) []string { r[1] = wrongCheckDigit(r[1]); return r },
	func(r []string) []string { r[7] = "31/02/1974"; return r },
	func(r []string) []string { r[8] = "Q"; return r }, // no code of the mapping
	func(r []string) []string { return r[:12] },        // a short row
	func(r []string) []string { r[7] = "01/01/1900"; return r },
	func(r []string) []string { r[1] = "9999999999"; return r },
	func(r []string) []string { r[12] = "not known"; return r },
}

// wrongCheckDigit changes the last digit by one.
func wrongCheckDigit(number string) string {
	last := number[9]
	return number[:9] + string('0'+(last-'0'+1)%10)
}
