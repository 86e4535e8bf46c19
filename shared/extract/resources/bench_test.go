package resources_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/extract/resources"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/sample"
)

const (
	sampleBundle = "fhir/synthea/b3e8d121-f742-438c-92e3-02135e4543d5.json"
	sampleLines  = "fhir/bulk/Condition.ndjson"
)

func read(b *testing.B, path string) []byte {
	b.Helper()
	content, err := sample.FS.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return content
}

func BenchmarkReader(b *testing.B) {
	for name, path := range map[string]string{"bundle": sampleBundle, "ndjson": sampleLines} {
		b.Run(name, func(b *testing.B) {
			content := read(b, path)
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range (resources.Reader{}).Rows(b.Context(), source(content)) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkRewrite(b *testing.B) {
	for name, path := range map[string]string{"pretty": sampleBundle, "compact": sampleLines} {
		b.Run(name, func(b *testing.B) {
			resource := read(b, path)
			if name == "compact" {
				line, _, _ := strings.Cut(string(resource), "\n")
				resource = []byte(line)
			}
			b.SetBytes(int64(len(resource)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := fhir.Rewrite(resource, "id", func(r string) string { return r }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// endless is a source that is never held in memory: a head, the same part as
// often as asked, and a tail.
func endless(head, part, tail string, times int) (open func(context.Context) (io.ReadCloser, error), size int64) {
	open = func(context.Context) (io.ReadCloser, error) {
		readers := []io.Reader{strings.NewReader(head), &repeat{part: part, left: times}, strings.NewReader(tail)}
		return io.NopCloser(io.MultiReader(readers...)), nil
	}
	return open, int64(len(head) + len(part)*times + len(tail))
}

type repeat struct {
	part     string
	left, at int
}

func (r *repeat) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.left == 0 {
			return n, io.EOF
		}
		c := copy(p[n:], r.part[r.at:])
		n += c
		if r.at += c; r.at == len(r.part) {
			r.at, r.left = 0, r.left-1
		}
	}
	return n, nil
}
