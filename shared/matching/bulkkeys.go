package matching

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
)

// The further kinds of bulk linking, where all postings are at hand and wide
// blocks can be measured before they are compared.
const (
	KeyNumber       KeyKind = iota + 101 // NHS number
	KeyID                                // identifier of another scheme
	KeyPhone                             // telephone number
	KeyEmail                             // mailbox of an e-mail address
	KeyPostcodeName                      // postcode, and the sound of a name
	KeyAddressName                       // address line, and the sound of a name
	KeyNamesDay                          // the sounds of the names, sorted, with day and month of birth
	KeyNamesPlace                        // the sounds of the names, sorted, with the outward code
	KeyFamilyMonth                       // the sound of a family name, the initial, month and year of birth
	KeyGivenMonth                        // the sound of the given name, the family name's initial, month and year of birth
	KeyBirthPlace                        // birth date and outward code
	KeyNames                             // the sounds of the names, sorted
	KeyBirth                             // birth date
	KeyOtherName                         // a further column, and the sounds of the names, sorted
	KeyStarts                            // the first three letters of given and family name, sorted
	KeyTexts                             // two of postcode, address and further columns
	KeyBirthText                         // birth date, and a further column
	KeyDigitsName                        // the digits of birth date or postcode in order, and a name: for exchanged digits
)

// wide are the kinds of which a block may be wide and most pairs are of two
// people: they are for registers in which little else is known.
func (k KeyKind) wide() bool {
	return k == KeyNames || k == KeyBirth || k == KeyStarts || k == KeyTexts || k == KeyNamesPlace || k == KeyOtherName || k == KeyBirthText
}

// BulkKey is a blocking key for bulk linking: a hash of kind and value. Narrow
// parts a block that is too wide, as in Key; 0 belongs to every part. The last
// bit of the hash is 1 for a kind that finds little among many: its blocks are
// worth comparing only as long as they are small (WidestOf).
type BulkKey struct {
	Kind   KeyKind
	Narrow uint32
	Hash   uint64
}

// WidestOf gives the most records that a block, or the part of one, should have
// to be compared: 400 for telling keys, 40 for those that find little. In a
// region of 14 million people the widest block of a telling key holds about 350
// records.
func WidestOf(hash uint64) int {
	if hash&1 == 1 {
		return 40
	}
	return 400
}

// mostBulkNames is how many names of a profile give keys.
const mostBulkNames = 4

// AppendBulkKeys adds the keys of a profile for bulk linking to keys: those of
// Keys and further ones, about sixteen for a plain record. A key may come
// twice. Two records with a key in common are to be compared.
func AppendBulkKeys(keys []BulkKey, p *demographics.Profile) []BulkKey {
	b := bulkKeys{keys: keys, narrow: decade(p)}
	for _, n := range p.Numbers {
		b.add(KeyNumber, hashOf(n.Digits))
	}
	for _, id := range p.IDs {
		b.add(KeyID, hashOf(id))
	}
	for _, phone := range p.Phones {
		b.add(KeyPhone, hashOf(phone))
	}
	for _, email := range p.Emails {
		mailbox, _, _ := strings.Cut(email, "@")
		b.add(KeyEmail, hashOf(mailbox))
	}
	for _, born := range p.Births {
		b.birth(p, born)
	}
	for i := range p.Names[:min(len(p.Names), mostBulkNames)] {
		b.name(p, &p.Names[i])
	}
	b.texts(p)
	return b.keys
}

type bulkKeys struct {
	keys   []BulkKey
	narrow uint32
}

func (b *bulkKeys) add(kind KeyKind, parts ...uint64) {
	h := uint64(kind)
	for _, part := range parts {
		h = mix(h ^ part)
	}
	h &^= 1
	if kind.wide() {
		h |= 1
	}
	b.keys = append(b.keys, BulkKey{kind, b.narrow, h})
}

func (b *bulkKeys) birth(p *demographics.Profile, d demographics.Date) {
	if !d.Whole() {
		return
	}
	b.add(KeyBirth, dateHash(d))
	for _, postcode := range p.Postcodes {
		if postcode != "" {
			b.add(KeyBirthPlace, dateHash(d), hashOf(outward(postcode)))
		}
	}
}

// name adds the keys of one name. A given name stands under its own sound and a
// family name of several tokens under each.
func (b *bulkKeys) name(p *demographics.Profile, n *demographics.PersonalName) {
	given, initial := uint64(0), uint64(0)
	if len(n.Given) > 0 {
		given, initial = soundHash(n.Given[0]), hashOf(firstRune(n.Given[0]))
		b.sound(p, given)
		b.slips(p, given)
	}
	for _, token := range n.Family {
		family := soundHash(token)
		b.sound(p, family)
		b.slips(p, family)
		if given == 0 {
			continue
		}
		low, high := min(given, family), max(given, family)
		b.pair(p, low, high)
		x, y := firstRunes(n.Given[0], 3), firstRunes(token, 3)
		b.add(KeyStarts, hashOf(min(x, y)), hashOf(max(x, y)))
		for _, d := range p.Births {
			if d.Month != 0 {
				month := uint64(d.Year)<<8 | uint64(d.Month)
				b.add(KeyFamilyMonth, family, initial, month)
				b.add(KeyGivenMonth, given, hashOf(firstRune(token)), month)
			}
		}
	}
}

// sound adds the keys that one name gives with date and place.
func (b *bulkKeys) sound(p *demographics.Profile, name uint64) {
	for _, d := range p.Births {
		if d.Whole() {
			b.add(KeyBirthName, dateHash(d), name)
		}
	}
	for _, postcode := range p.Postcodes {
		if postcode != "" {
			b.add(KeyPostcodeName, hashOf(postcode), name)
		}
	}
	for _, address := range p.Addresses {
		if address != "" {
			b.add(KeyAddressName, hashOf(address), name)
		}
	}
}

// slips adds the keys that find a name again when digits beside it are
// exchanged.
func (b *bulkKeys) slips(p *demographics.Profile, name uint64) {
	for _, d := range p.Births {
		if d.Whole() {
			digits := d.Digits()
			b.add(KeyDigitsName, sorted(digits[:]), name)
		}
	}
	var buf [8]byte
	for _, postcode := range p.Postcodes {
		if n := copy(buf[:], postcode); n > 0 && n < len(buf) {
			b.add(KeyDigitsName, sorted(buf[:n]), name)
		}
	}
}

// sorted gives a hash of characters whatever their order.
func sorted(chars []byte) uint64 {
	slices.Sort(chars)
	return hashOf(string(chars))
}

// texts adds the keys of any two texts beside the names, for registers with
// further columns.
func (b *bulkKeys) texts(p *demographics.Profile) {
	if len(p.Other) == 0 {
		return
	}
	var list [MaxOther + 2]uint64
	list[0], list[1] = firstKey(p.Postcodes), firstKey(p.Addresses)
	for i := range min(len(p.Other), MaxOther) {
		if p.Other[i] != "" {
			list[i+2] = hashOf(p.Other[i])
		}
	}
	for i, x := range list {
		for j := i + 1; j < len(list); j++ {
			if x != 0 && list[j] != 0 {
				b.add(KeyTexts, uint64(i), x, uint64(j), list[j])
			}
		}
		if birth := birthKeyOf(p); i >= 2 && x != 0 && birth != 0 {
			b.add(KeyBirthText, uint64(i), x, birth)
		}
	}
}

// pair adds the keys that both names give.
func (b *bulkKeys) pair(p *demographics.Profile, low, high uint64) {
	b.add(KeyNames, low, high)
	for _, d := range p.Births {
		if d.Year != 0 {
			b.add(KeyNamesYear, low, high, uint64(d.Year))
		}
		if d.Month != 0 && d.Day != 0 {
			b.add(KeyNamesDay, low, high, uint64(d.Month)<<8|uint64(d.Day))
		}
	}
	for _, postcode := range p.Postcodes {
		if postcode != "" {
			b.add(KeyNamesPlace, low, high, hashOf(outward(postcode)))
		}
	}
	for i, text := range p.Other {
		if text != "" {
			b.add(KeyOtherName, low, high, uint64(i)+1, hashOf(text))
		}
	}
}

// decade gives the decade of birth, by which wide blocks are parted.
func decade(p *demographics.Profile) uint32 {
	if len(p.Births) == 0 {
		return 0
	}
	return uint32(p.Births[0].Year) / 10
}

// outward gives the outward code of a UK postcode and the first two characters
// of any other.
func outward(postcode string) string {
	for i := range len(postcode) {
		if postcode[i] == ' ' {
			return postcode[:i]
		}
	}
	return firstRunes(postcode, 2)
}

func dateHash(d demographics.Date) uint64 {
	return uint64(d.Year)<<16 | uint64(d.Month)<<8 | uint64(d.Day)
}

func soundHash(name string) uint64 { return hashOf(soundex(name)) }

// hashOf is FNV-1a: the same in every run.
func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

// mix spreads the bits of a sum (the finisher of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
