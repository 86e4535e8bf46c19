package demographics

import (
	"slices"
	"strings"
)

// contacts gives the telephone numbers and e-mail addresses of a patient.
func contacts(list []Contact) (phones, emails []string) {
	for _, c := range list[:min(len(list), 4*maxNames)] {
		switch c.System {
		case "phone", "sms", "":
			if phone := ReadPhone(c.Value); phone != "" && c.Use != "work" {
				phones = addText(phones, phone)
			}
		case "email":
			if email := ReadEmail(c.Value); email != "" {
				emails = addText(emails, email)
			}
		}
	}
	return phones, emails
}

// ReadPhone gives the last nine digits of a telephone number, which UK numbers
// have in common in every form: "+44 (0)20 7946 0123", "0044 20...", "020...".
// Shorter ones of seven and eight stay whole. Empty for what is no number of
// anyone: fewer than seven digits, six of one digit in a row, digits that count
// up, and the numbers that Ofcom keeps for drama.
func ReadPhone(s string) string {
	var buf [32]byte
	digits := buf[:0]
	for _, r := range truncate(s, maxText) {
		if r >= '0' && r <= '9' && len(digits) < len(buf) {
			digits = append(digits, byte(r))
		}
	}
	number := string(digits)
	number = strings.TrimPrefix(number, "00")
	number = strings.TrimPrefix(strings.TrimPrefix(number, "44"), "0")
	if len(number) > 9 {
		number = number[len(number)-9:]
	}
	if len(number) < 7 || placeholderPhone(number) {
		return ""
	}
	return number
}

// drama are the beginnings, in the last nine digits, of the numbers that Ofcom
// keeps for television and radio ("Telephone numbers for use in TV and radio
// drama programmes"): 07700 900xxx, 01632 960xxx, 0113 496 0xxx and so on.
// Nobody has one.
var drama = []string{
	"700900", "632960", "134960", "144960", "154960", "164960", "174960", "184960", "214960", "314960", "414960", "514960", "614960",
	"079460", "914980", "896496", "920180", "081570", "098790", "069990",
}

// placeholderPhone says that nine digits are nobody's number.
func placeholderPhone(number string) bool {
	run, up := 1, 1
	for i := 1; i < len(number); i++ {
		if number[i] == number[i-1] {
			run++
		} else {
			run = 1
		}
		if number[i] == number[i-1]+1 {
			up++
		} else {
			up = 1
		}
		if run >= 6 || up >= 7 {
			return true
		}
	}
	return len(number) == 9 && slices.Contains(drama, number[:6])
}

// noMailbox are mailboxes that say that there is none, and noMailDomain the
// domains that RFC 2606 keeps for examples.
var (
	noMailbox    = setOf("none noemail no unknown notknown na nil null test noreply patient declined nomail email xx xxx")
	noMailDomain = setOf("example.com example.org example.net test.com email.com none.com noemail.com")
)

// ReadEmail gives an e-mail address in lower case; empty when it has no "@" or
// stands for "none".
func ReadEmail(s string) string {
	s = strings.ToLower(strings.TrimSpace(truncate(s, maxText)))
	s = strings.TrimPrefix(s, "mailto:")
	box, domain, ok := strings.Cut(s, "@")
	plain := strings.NewReplacer(".", "", "-", "", "_", "").Replace(box)
	if !ok || plain == "" || domain == "" || noMailbox[plain] || noMailDomain[domain] || strings.HasSuffix(domain, ".invalid") {
		return ""
	}
	return s
}
