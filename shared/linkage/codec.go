package linkage

import (
	"encoding/binary"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
)

// appendProfile writes a profile in few bytes: numbers as varints, texts and
// lists with their length before them.
func appendProfile(b []byte, p *demographics.Profile) []byte {
	b = binary.AppendUvarint(b, uint64(len(p.Numbers)))
	for _, n := range p.Numbers {
		b = append(appendText(b, n.Digits), flag(n.Verified))
	}
	b = binary.AppendUvarint(b, uint64(len(p.Names)))
	for _, n := range p.Names {
		b = appendTexts(appendTexts(b, n.Given), n.Family)
		b = append(b, flag(n.Former))
	}
	b = binary.AppendUvarint(b, uint64(len(p.Births)))
	for _, d := range p.Births {
		b = appendDate(b, d)
	}
	b = appendDate(append(b, p.Sex), p.Deceased)
	for _, list := range texts(p) {
		b = appendTexts(b, *list)
	}
	return b
}

// texts are the lists of texts of a profile that have no form of their own.
func texts(p *demographics.Profile) [6]*[]string {
	return [...]*[]string{&p.IDs, &p.Postcodes, &p.Addresses, &p.Phones, &p.Emails, &p.Other}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

func appendDate(b []byte, d demographics.Date) []byte {
	return append(binary.LittleEndian.AppendUint16(b, d.Year), d.Month, d.Day)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// decoder reads what was written. The texts it gives are parts of its own
// text, and the lists parts of slabs, so that a million profiles are few
// objects for the garbage collector.
type decoder struct {
	text    string
	bad     bool
	exact   bool // lists of their own, for a profile alone
	strings []string
	names   []demographics.PersonalName
	numbers []demographics.Number
	births  []demographics.Date
}

// slab is how many elements of a kind are allocated together.
const slab = 4096

// profile reads one profile.
func (d *decoder) profile(p *demographics.Profile) error {
	*p = demographics.Profile{}
	p.Numbers = take(d, &d.numbers)
	for i := range p.Numbers {
		p.Numbers[i] = demographics.Number{Digits: d.string(), Verified: d.byte() != 0}
	}
	p.Names = take(d, &d.names)
	for i := range p.Names {
		p.Names[i] = demographics.PersonalName{Given: d.list(), Family: d.list(), Former: d.byte() != 0}
	}
	p.Births = take(d, &d.births)
	for i := range p.Births {
		p.Births[i] = d.date()
	}
	p.Sex = d.byte()
	p.Deceased = d.date()
	for _, list := range texts(p) {
		*list = d.list()
	}
	if d.bad {
		return failure.New(failure.Internal, "linkage.decode", "a stored profile is damaged")
	}
	return nil
}

// take reads a length and cuts as many elements off a slab; nil for none.
func take[T any](d *decoder, rest *[]T) []T {
	n := d.count()
	switch {
	case n == 0:
		return nil
	case d.exact:
		return make([]T, n)
	case n > len(*rest):
		*rest = make([]T, max(n, slab))
	}
	out := (*rest)[:n:n]
	*rest = (*rest)[n:]
	return out
}

func (d *decoder) uvarint() uint64 {
	var v uint64
	for shift := 0; shift < 64 && len(d.text) > 0; shift += 7 {
		c := d.text[0]
		d.text = d.text[1:]
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	d.bad = true
	return 0
}

// count reads a length, which cannot be more than the bytes that follow.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.text)) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.count()
	s := d.text[:n]
	d.text = d.text[n:]
	return s
}

func (d *decoder) list() []string {
	list := take(d, &d.strings)
	for i := range list {
		list[i] = d.string()
	}
	return list
}

func (d *decoder) byte() byte {
	if d.text == "" {
		d.bad = true
		return 0
	}
	c := d.text[0]
	d.text = d.text[1:]
	return c
}

func (d *decoder) date() demographics.Date {
	low, high := d.byte(), d.byte()
	return demographics.Date{Year: uint16(low) | uint16(high)<<8, Month: d.byte(), Day: d.byte()}
}
