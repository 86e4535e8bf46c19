package linkage

import (
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
)

// walker reads records in their order; those of one chunk share its text.
type walker struct {
	store   *store
	chunk   int
	text    string
	decoder decoder
}

func (s *store) walk() *walker { return &walker{store: s, chunk: -1} }

// open goes to a record and gives its id and source.
func (w *walker) open(i int) (id, source string, err error) {
	start := w.store.starts[i]
	if c := int(start >> 32); c != w.chunk {
		if w.text, err = w.store.text(c); err != nil {
			return "", "", err
		}
		w.chunk = c
	}
	w.decoder.text = w.text[uint32(start):]
	return w.store.head(&w.decoder)
}

// profiles decodes the records from one to before another.
func (s *store) profiles(from, to int) ([]demographics.Profile, error) {
	list := make([]demographics.Profile, to-from)
	w := s.walk()
	for i := range list {
		if _, _, err := w.open(from + i); err != nil {
			return nil, err
		}
		if err := w.decoder.profile(&list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// raw gives what is stored of one record, and nothing else.
func (s *store) raw(i int) (string, error) {
	at, from := int(s.starts[i]>>32), int64(uint32(s.starts[i]))
	c := &s.chunks[at]
	end := int64(c.size)
	if i+1 < len(s.starts) && int(s.starts[i+1]>>32) == at {
		end = int64(uint32(s.starts[i+1]))
	}
	if c.text != "" {
		return c.text[from:end], nil
	}
	b := make([]byte, end-from)
	if _, err := s.file.ReadAt(b, c.offset+from); err != nil {
		return "", failure.Wrap(failure.Unavailable, "linkage.store", err)
	}
	return string(b), nil
}

// name gives the id and the source of a record.
func (s *store) name(i uint32) (id, source string, err error) {
	text, err := s.raw(int(i))
	if err != nil {
		return "", "", err
	}
	return s.head(&decoder{text: text})
}

// head reads what stands before a profile.
func (s *store) head(d *decoder) (id, source string, err error) {
	n := d.uvarint()
	id = d.string()
	if d.bad || n >= uint64(len(s.sources)) {
		return "", "", failure.New(failure.Internal, "linkage.store", "a stored record is damaged")
	}
	return id, s.sources[n], nil
}

// profile gives the profile of a record.
func (s *store) profile(i int) (*demographics.Profile, error) {
	text, err := s.raw(i)
	if err != nil {
		return nil, err
	}
	d := decoder{text: text, exact: true}
	if _, _, err := s.head(&d); err != nil {
		return nil, err
	}
	p := new(demographics.Profile)
	return p, d.profile(p)
}
