package linkage

import (
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
)

// arrangement is how profiles lie in memory and in which order pairs are compared:
// by birth date, which most pairs have in common, so that what is compared lies
// together. A nil arrangement is that of input, for when not all fit.
type arrangement struct {
	place  []uint32 // of each record
	record []uint32 // at each place
}

// byBirth makes an arrangement by numbers, the same for those born on one day.
func byBirth(births []uint32) *arrangement {
	list := make([]uint64, len(births))
	for i, b := range births {
		list[i] = uint64(b)<<32 | uint64(i)
	}
	slices.Sort(list)
	o := &arrangement{place: make([]uint32, len(list)), record: make([]uint32, len(list))}
	for place, v := range list {
		o.record[place], o.place[uint32(v)] = uint32(v), uint32(place)
	}
	return o
}

func (o *arrangement) placeOf(record uint32) uint32 {
	if o == nil {
		return record
	}
	return o.place[record]
}

func (o *arrangement) recordAt(place uint32) uint32 {
	if o == nil {
		return place
	}
	return o.record[place]
}

// profiles decodes all records of a store into this order.
func (o *arrangement) profiles(s *store) ([]demographics.Profile, error) {
	list := make([]demographics.Profile, s.len())
	var d decoder
	var texts []byte
	for from := 0; from < len(list); {
		to := from
		for texts = texts[:0]; to < len(list) && len(texts) < chunkSize; to++ {
			text, err := s.raw(int(o.recordAt(uint32(to))))
			if err != nil {
				return nil, err
			}
			texts = append(texts, text...)
		}
		d.text = string(texts)
		for ; from < to; from++ {
			if _, _, err := s.head(&d); err != nil {
				return nil, err
			}
			if err := d.profile(&list[from]); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// birthNumber tells birth dates apart; 0 where there is none.
func birthNumber(p *demographics.Profile) uint32 {
	if len(p.Births) == 0 {
		return 0
	}
	b := p.Births[0]
	return uint32(b.Year)<<16 | uint32(b.Month)<<8 | uint32(b.Day)
}
