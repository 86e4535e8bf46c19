package messages

import (
	"slices"
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
	"github.com/carerecord/carerecord/shared/nhs"
)

// names reads a field of XPN: family, given, further given, suffix, prefix,
// degree, type.
func names(field hl7v2.Value) []demographics.Name {
	var out []demographics.Name
	for _, v := range field.Repetitions() {
		n := demographics.Name{
			Use:    nameUses[strings.ToUpper(text(v.Component(7)))],
			Family: text(v.Component(1).Subcomponent(1)),
			Prefix: text(v.Component(5)),
		}
		for _, g := range []int{2, 3} {
			if given := text(v.Component(g)); given != "" {
				n.Given = append(n.Given, given)
			}
		}
		if n.Family != "" || len(n.Given) > 0 {
			out = append(out, n)
		}
	}
	return out
}

// currentFirst puts names that are in use before those that were.
func currentFirst(names []demographics.Name) {
	rank := map[string]int{"usual": 0, "official": 0, "": 0, "nickname": 1, "temp": 1, "anonymous": 1, "maiden": 2, "old": 2}
	slices.SortStableFunc(names, func(a, b demographics.Name) int { return rank[a.Use] - rank[b.Use] })
}

func (b *builder) names(names []demographics.Name) {
	b.list("name")
	for _, n := range names {
		b.open("")
		b.text("use", n.Use)
		b.text("family", n.Family)
		b.list("given")
		for _, g := range n.Given {
			b.text("", g)
		}
		b.shut()
		b.list("prefix")
		b.text("", n.Prefix)
		b.shut()
		b.shut()
	}
	b.shut()
}

// addresses reads a field of XAD: line, second line, city, state, postcode,
// country, type, further line, county. What UK senders put into "state" is the
// county.
func (r *row) addresses(field hl7v2.Value, path string) []demographics.Address {
	var out []demographics.Address
	for i, v := range field.Repetitions() {
		a := demographics.Address{
			Use:      addressUses[strings.ToUpper(text(v.Component(7)))],
			City:     text(v.Component(3)),
			District: joined(", ", text(v.Component(9)), text(v.Component(4))),
			Postcode: text(v.Component(5)),
			Country:  text(v.Component(6)),
		}
		for _, line := range []hl7v2.Value{v.Component(1).Subcomponent(1), v.Component(2), v.Component(8)} {
			if t := text(line); t != "" {
				a.Lines = append(a.Lines, t)
			}
		}
		if postcode, ok := nhs.ParsePostcode(a.Postcode); ok {
			a.Postcode = postcode
		} else if a.Postcode != "" && isUK(a.Country) {
			r.fault(extract.PostcodeForm, v.Component(5), path+"("+strconv.Itoa(i)+").5", extract.Mask(a.Postcode))
		}
		if a.City != "" || a.Postcode != "" || len(a.Lines) > 0 || a.District != "" {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b demographics.Address) int { return addressRank(a) - addressRank(b) })
	return out
}

// addressRank puts where somebody lives before other addresses.
func addressRank(a demographics.Address) int {
	switch a.Use {
	case "home", "":
		return 0
	case "old":
		return 2
	}
	return 1
}

// isUK says that a postcode of the country should have the form of the UK's. No
// country means this one.
func isUK(country string) bool {
	switch strings.ToUpper(country) {
	case "", "GB", "GBR", "UK", "GREAT BRITAIN", "UNITED KINGDOM", "ENGLAND", "SCOTLAND", "WALES", "NORTHERN IRELAND":
		return true
	}
	return false
}

func (b *builder) addresses(addresses []demographics.Address) {
	b.list("address")
	for _, a := range addresses {
		b.open("")
		b.text("use", a.Use)
		b.list("line")
		for _, l := range a.Lines {
			b.text("", l)
		}
		b.shut()
		b.text("city", a.City)
		b.text("district", a.District)
		b.text("postalCode", a.Postcode)
		b.text("country", a.Country)
		b.shut()
	}
	b.shut()
}

// contacts reads a field of XTN: number, use, equipment, e-mail, ... A number
// of nothing but zeros is no number.
func (r *row) contacts(field hl7v2.Value, path, use string) []demographics.Contact {
	var out []demographics.Contact
	for i, v := range field.Repetitions() {
		c := contact(v, use)
		switch {
		case c.Value == "":
		case strings.Trim(c.Value, "0()+- ") == "":
			f := r.fault(extract.FieldValue, v, path+"("+strconv.Itoa(i)+").1", c.Value)
			*f = f.Want("a telephone number, or none")
		default:
			out = append(out, c)
		}
	}
	return out
}

// contact reads one XTN. Before v2.7 the number is the first component; later
// it comes in parts, or unformatted in component 12.
func contact(v hl7v2.Value, use string) demographics.Contact {
	c := demographics.Contact{System: "phone", Use: use, Value: text(v.Component(1))}
	if c.Value == "" {
		c.Value = text(v.Component(12))
	}
	if c.Value == "" {
		c.Value = joined(" ", text(v.Component(6)), text(v.Component(7)))
	}
	mail := text(v.Component(4))
	useCode, equipment := strings.ToUpper(text(v.Component(2))), strings.ToUpper(text(v.Component(3)))
	if c.Value == "" || useCode == "NET" && mail != "" {
		c.Value = mail
	}
	switch {
	case strings.Contains(c.Value, "@"), useCode == "NET", equipment == "INTERNET":
		c.System = "email"
	case equipment == "FX":
		c.System = "fax"
	case equipment == "BP":
		c.System = "pager"
	}
	if u, ok := contactUses[useCode]; ok {
		c.Use = u
	}
	if equipment == "CP" && c.System == "phone" {
		c.Use = "mobile"
	}
	return c
}

func (b *builder) contacts(contacts []demographics.Contact) {
	b.list("telecom")
	for _, c := range contacts {
		b.open("")
		b.text("system", c.System)
		b.text("value", c.Value)
		b.text("use", c.Use)
		b.shut()
	}
	b.shut()
}
