package s3endpoint

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func decode(r io.Reader) (string, map[string]string, error) {
	trailer := map[string]string{}
	c := &chunkReader{r: bufio.NewReaderSize(r, maxLine), trailer: func(name, value string) { trailer[name] = value }}
	b, err := io.ReadAll(c)
	return string(b), trailer, err
}

// FuzzChunkReader looks for a panic or an endless loop in what a client sends,
// and checks that what is well formed comes out as it went in.
func FuzzChunkReader(f *testing.F) {
	for _, seed := range []string{
		"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", "0\r\n\r\n", "", "\r\n", "-1\r\n", "ffffffffffffffff\r\n", "7fffffffffffffff\r\nx",
		"3;chunk-signature=00\r\nabc\r\n0;chunk-signature=00\r\n\r\n", "1\r\na\r\n\r\n0\r\n", "0\r\nno colon\r\n", strings.Repeat("a", 2*maxLine),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if text, _, err := decode(strings.NewReader(s)); err == nil && len(text) > len(s) {
			t.Errorf("%d bytes came out of %d", len(text), len(s))
		}
		half := len(s) / 2
		sent := "0\r\nName: v\r\n\r\n"
		for _, part := range []string{s[half:], s[:half]} {
			if part != "" {
				sent = fmt.Sprintf("%x\r\n%s\r\n", len(part), part) + sent
			}
		}
		for _, r := range []io.Reader{strings.NewReader(sent), iotest.OneByteReader(strings.NewReader(sent))} {
			text, trailer, err := decode(r)
			if err != nil || text != s || trailer["Name"] != "v" {
				t.Errorf("%d bytes came out of %d, trailer %v, %v", len(text), len(s), trailer, err)
			}
		}
	})
}
