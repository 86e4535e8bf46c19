package trial

import (
	"encoding/binary"
	"encoding/json"
	"unsafe"

	"github.com/carerecord/carerecord/shared/demographics"
)

// Body gives the bytes that a posting's body takes of an item.
type Body func(*demographics.Profile) int

// jsonBody is the size of a posting as JSON: {"p":profile,"h":"digest"} with a
// digest of 32 characters.
func jsonBody(p *demographics.Profile) int {
	body, _ := json.Marshal(p) // a Profile always has a form
	return len(`{"p":,"h":""}`) + len(body) + 32
}

// pack appends the parts of a profile that a register of the trial has. Texts
// are short, so that one byte says how long each is.
func pack(b []byte, p *demographics.Profile) []byte {
	b = append(b, p.Sex, byte(len(p.Numbers)), byte(len(p.Names)), byte(len(p.Births)))
	for _, n := range p.Numbers {
		b = append(packText(b, n.Digits), bit(n.Verified))
	}
	for _, n := range p.Names {
		b = packTexts(packTexts(append(b, bit(n.Former)), n.Given), n.Family)
	}
	for _, d := range p.Births {
		b = append(binary.LittleEndian.AppendUint16(b, d.Year), d.Month, d.Day)
	}
	return packTexts(b, p.Postcodes)
}

func packText(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }

func packTexts(b []byte, list []string) []byte {
	b = append(b, byte(len(list)))
	for _, s := range list {
		b = packText(b, s)
	}
	return b
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// unpacker reads packed profiles without allocating: texts are parts of what is
// read, lists are used again. A profile is good until the next one is read.
type unpacker struct {
	b       []byte
	profile demographics.Profile
	texts   []string
}

// read gives the profile that begins b.
func (u *unpacker) read(b []byte) *demographics.Profile {
	p := &u.profile
	u.b, u.texts = b, u.texts[:0]
	if cap(u.texts) == 0 {
		u.texts = make([]string, 0, 256)
	}
	p.Sex = u.byte()
	numbers, names, births := int(u.byte()), int(u.byte()), int(u.byte())
	p.Numbers = p.Numbers[:0]
	for range numbers {
		p.Numbers = append(p.Numbers, demographics.Number{Digits: u.text(), Verified: u.byte() == 1})
	}
	p.Names = p.Names[:0]
	for range names {
		former := u.byte() == 1
		p.Names = append(p.Names, demographics.PersonalName{Former: former, Given: u.list(), Family: u.list()})
	}
	p.Births = p.Births[:0]
	for range births {
		year := binary.LittleEndian.Uint16(u.b)
		p.Births = append(p.Births, demographics.Date{Year: year, Month: u.b[2], Day: u.b[3]})
		u.b = u.b[4:]
	}
	p.Postcodes = u.list()
	return p
}

func (u *unpacker) byte() byte {
	c := u.b[0]
	u.b = u.b[1:]
	return c
}

// text gives a text without copying it; what is read never changes.
func (u *unpacker) text() string {
	n := int(u.byte())
	s := unsafe.String(unsafe.SliceData(u.b), n)
	u.b = u.b[n:]
	return s
}

func (u *unpacker) list() []string {
	n := int(u.byte())
	from := len(u.texts)
	for range n {
		u.texts = append(u.texts, u.text())
	}
	return u.texts[from:len(u.texts):len(u.texts)]
}

// records are the packed profiles of the index, by block of the region. Before
// each stand two bytes: the size of its posting as an item.
type records struct {
	packed [][]byte
	starts [][]uint32 // where each record of a block begins
}

func newRecords(blocks int) records {
	return records{make([][]byte, blocks), make([][]uint32, blocks)}
}

// add puts a record behind those of its block.
func (r *records) add(block int, p *demographics.Profile, size int) {
	r.starts[block] = append(r.starts[block], uint32(len(r.packed[block])))
	r.packed[block] = pack(binary.LittleEndian.AppendUint16(r.packed[block], uint16(min(size, 1<<16-1))), p)
}

func (r *records) whole(person uint32) []byte {
	block, i := person/blockPeople, person%blockPeople
	return r.packed[block][r.starts[block][i]:]
}

func (r *records) at(person uint32) []byte { return r.whole(person)[2:] }

func (r *records) size(person uint32) int { return int(binary.LittleEndian.Uint16(r.whole(person))) }

// blockPeople is how many people a block of the region has.
const blockPeople = 4096
