package linkage

import (
	"encoding/binary"
	"os"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
)

// chunkSize is how many bytes of records lie together. A record longer than
// that has a chunk to itself.
const chunkSize = 1 << 20

// store holds all records, encoded, in the order of input: in memory up to a
// limit, and in a temporary file from there on.
type store struct {
	limit   int64
	folder  string
	chunks  []chunk
	open    []byte
	starts  []uint64 // of each record: its chunk << 32 | its place there
	sources []string
	bySrc   map[string]uint32
	held    int64 // bytes of sealed chunks in memory
	size    int64 // bytes of all records
	file    *os.File
}

// chunk is sealed text; in the file at offset, when it is not in memory.
type chunk struct {
	text   string
	offset int64
	size   int
}

func newStore(limit int64, folder string) *store {
	return &store{limit: limit, folder: folder, bySrc: map[string]uint32{}}
}

// encodeRecord writes a record without its source.
func encodeRecord(b []byte, id string, p *demographics.Profile) []byte {
	return appendProfile(appendText(b, id), p)
}

// add appends an encoded record.
func (s *store) add(source string, encoded []byte) error {
	n, ok := s.bySrc[source]
	if !ok {
		n = uint32(len(s.sources))
		s.sources = append(s.sources, source)
		s.bySrc[source] = n
	}
	if len(s.open) > 0 && len(s.open)+len(encoded)+binary.MaxVarintLen32 > chunkSize {
		if err := s.seal(); err != nil {
			return err
		}
	}
	s.starts = append(s.starts, uint64(len(s.chunks))<<32|uint64(len(s.open)))
	before := len(s.open)
	s.open = append(binary.AppendUvarint(s.open, uint64(n)), encoded...)
	s.size += int64(len(s.open) - before)
	return nil
}

// seal closes the open chunk, and moves what is in memory to the file when it
// is over the limit.
func (s *store) seal() error {
	if len(s.open) == 0 {
		return nil
	}
	s.chunks = append(s.chunks, chunk{text: string(s.open), size: len(s.open)})
	s.held += int64(len(s.open))
	s.open = s.open[:0]
	if s.held <= s.limit {
		return nil
	}
	return s.spill()
}

func (s *store) spill() (err error) {
	if s.file == nil {
		if s.file, err = temporary(s.folder); err != nil {
			return err
		}
	}
	for i := range s.chunks {
		c := &s.chunks[i]
		if c.text == "" {
			continue
		}
		if i > 0 {
			c.offset = s.chunks[i-1].offset + int64(s.chunks[i-1].size)
		}
		if _, err := s.file.WriteString(c.text); err != nil {
			return failure.Wrap(failure.Unavailable, "linkage.store", err)
		}
		c.text = ""
	}
	s.held = 0
	return nil
}

// len gives the number of records.
func (s *store) len() int { return len(s.starts) }

// text gives a chunk, from memory or from the file.
func (s *store) text(i int) (string, error) {
	c := &s.chunks[i]
	if c.text != "" {
		return c.text, nil
	}
	b := make([]byte, c.size)
	if _, err := s.file.ReadAt(b, c.offset); err != nil {
		return "", failure.Wrap(failure.Unavailable, "linkage.store", err)
	}
	return string(b), nil
}

func (s *store) close() {
	if s != nil && s.file != nil {
		s.file.Close()
	}
}

// temporary makes a file that is gone as soon as it is closed, whatever
// happens to the program.
func temporary(folder string) (*os.File, error) {
	file, err := os.CreateTemp(folder, "carerecord-link-")
	if err != nil {
		return nil, failure.Wrap(failure.Unavailable, "linkage.temporary", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		file.Close()
		return nil, failure.New(failure.NotSupported, "linkage.temporary", "%s: an open file cannot be removed there", strings.TrimSpace(folder))
	}
	return file, nil
}
