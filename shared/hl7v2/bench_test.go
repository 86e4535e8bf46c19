package hl7v2_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/carerecord/carerecord/shared/hl7v2"
)

// simhospital reads the messages of a simulated hospital that lie beside the
// project; a benchmark without them is skipped.
func simhospital(b *testing.B) []byte {
	for dir, _ := os.Getwd(); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		for _, at := range []string{"shared/sample/hl7/simhospital.hl7", "shared/data/hl7/simhospital.hl7"} {
			if data, err := os.ReadFile(filepath.Join(dir, at)); err == nil {
				return data
			}
		}
	}
	b.Skip("simhospital.hl7 is not here")
	return nil
}

func BenchmarkSplitter(b *testing.B) {
	data := simhospital(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s := hl7v2.NewSplitter(bytes.NewReader(data))
		for _, err := s.Next(); err == nil; _, err = s.Next() {
		}
	}
}

// BenchmarkFields splits and touches every field of every segment.
func BenchmarkFields(b *testing.B) {
	data := simhospital(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s := hl7v2.NewSplitter(bytes.NewReader(data))
		n := 0
		for m, err := s.Next(); err == nil; m, err = s.Next() {
			for _, seg := range m.Segments {
				for i := range seg.Fields() {
					n += len(seg.Field(i + 1).Component(1).Raw())
				}
			}
		}
	}
}
