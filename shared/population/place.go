package population

import (
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/population/chance"
)

// Place is an address: a postcode, by number, and a house in it. The zero Place
// is the first house of the first postcode.
type Place struct {
	Unit  int32
	House int16 // 0: an institution
}

// How postcodes are laid out: a unit has some forty people, an area about as
// many as a real one.
const (
	peopleOfUnit  = 40
	unitsOfSector = 150
	sectors       = 7  // of a district
	districts     = 18 // of an area
	unitsOfArea   = unitsOfSector * sectors * districts
	housesOfUnit  = 18
	institutions  = 500 // one in so many units is a care home or a hall
)

// land is what postcodes the region has.
type land struct{ units int }

func newLand(people int) land { return land{max(4, people/peopleOfUnit)} }

// home draws an address. People of communities live closer together: most of
// them in one unit out of eight.
func (l *land) home(s *chance.Source, community bool) Place {
	unit := s.Below(l.units)
	if community && s.Happens(.6) {
		unit -= unit % 8
	}
	return Place{int32(unit), int16(1 + s.Below(housesOfUnit))}
}

// near draws an address not far from another.
func (l *land) near(s *chance.Source, from Place) Place {
	unit := int(from.Unit) + s.Between(-unitsOfSector*2, unitsOfSector*2)
	return Place{int32((unit%l.units + l.units) % l.units), int16(1 + s.Below(housesOfUnit))}
}

// elsewhere draws an address outside of the region.
func (l *land) elsewhere(s *chance.Source) Place {
	return Place{int32(l.units + s.Below(2*l.units)), int16(1 + s.Below(housesOfUnit))}
}

// institution draws a house in which many live who are not related.
func (l *land) institution(s *chance.Source) Place {
	return Place{int32(s.Below(l.units/institutions+1) * institutions % l.units), 0}
}

// Postcode gives the postcode, in areas that no real postcode has.
func (p Place) Postcode() string {
	var buf [8]byte
	out := append(buf[:0], areas[int(p.Unit)/unitsOfArea%len(areas)]...)
	rest := int(p.Unit) % unitsOfArea
	district, sector := 1+rest/unitsOfSector/sectors, 1+rest/unitsOfSector%sectors
	if district >= 10 {
		out = append(out, '1')
	}
	unit := (rest%unitsOfSector*7 + 3) % (len(unitLetters) * len(unitLetters))
	out = append(out, byte('0'+district%10), ' ', byte('0'+sector), unitLetters[unit/len(unitLetters)], unitLetters[unit%len(unitLetters)])
	return string(out)
}

// unitLetters are those that end a postcode: no C, I, K, M, O and V.
const unitLetters = "ABDEFGHJLNPQRSTUWXYZ"

// realAreas are the postcode areas of Royal Mail, those of the Crown
// dependencies, and pairs of letters with a meaning of their own.
const realAreas = " AB AL BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY EC EH EN EX FK FY GL GU GY HA HD HG " +
	"HP HR HS HU HX IG IM IP IV JE KA KT KW KY LA LD LE LL LN LS LU ME MK ML NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM SA SE SG " +
	"SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB WA WC WD WF WN WR WS WV YO ZE AI AS BF BI BX FI GI GX PC QC SI TK XX ZZ "

// areas are the pairs of letters that could be an area and are none.
var areas = func() []string {
	var list []string
	for _, a := range "ABCDEFGHKLMNOPRSTUWY" {
		for _, b := range "ABCDEFGHKLMNOPQRSTUVWXY" {
			if area := string(a) + string(b); !strings.Contains(realAreas, " "+area+" ") {
				list = append(list, area)
			}
		}
	}
	return list
}()

var (
	streets = []string{
		"Mill", "Church", "Station", "Orchard", "Kiln", "Weavers", "Chapel", "Quarry", "Meadow", "Priory", "Tannery", "Larch", "Heron",
		"Saddlers", "Juniper", "Lock", "Granary", "Abbots", "Coopers", "Willow", "Beacon", "Foundry", "Hazel", "Rookery", "Ferry",
	}
	ways  = []string{"Lane", "Street", "Road", "Close", "Hill", "Row", "Way", "Drive", "Gardens", "Avenue", "Crescent", "Court"}
	towns = []string{
		"Lower Sample", "Sampleford", "Great Exampling", "Exampling St Mary", "Fictham", "Little Mocking", "Specimen Magna",
		"Trialworth", "Instance-on-Sea", "Upper Sample", "Patternby", "Mocking Regis", "Testbury", "Modelthorpe", "Fictham Green",
	}
)

// Lines gives the house and its street.
func (p Place) Lines() (first, second string) {
	mixed := chance.New(uint64(p.Unit))
	street := chance.One(mixed, streets) + " " + chance.One(mixed, ways)
	switch {
	case p.House == 0:
		return chance.One(mixed, []string{"Rowan House", "Elm Court", "Riverside Lodge", "Fairview"}), street
	case mixed.Happens(.15): // a house of flats
		return "Flat " + strconv.Itoa(int(p.House)), strconv.Itoa(mixed.Between(1, 90)) + " " + street
	}
	return strconv.Itoa(int(p.House)+2*mixed.Below(40)) + " " + street, ""
}

// Town gives the place's town; a district has one.
func (p Place) Town() string {
	return towns[int(p.Unit)/(unitsOfSector*sectors)%len(towns)]
}
