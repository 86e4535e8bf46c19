package s3endpoint

import (
	"crypto/sha1" // a checksum that S3 clients may choose; nothing is secured by it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

const checksumHeader = "X-Amz-Checksum-"

// crc64NVME is the reversed polynomial of CRC-64/NVME, which S3 calls
// CRC64NVME (NVM Express NVM Command Set Specification, section 5.2.1).
const crc64NVME = 0x9a6c9329ac4bc9b5

// algorithms are the checksums of S3 that are checked, by the end of their
// header's name (Amazon S3 User Guide, "Checking object integrity").
var algorithms = map[string]func() hash.Hash{
	"CRC32":     func() hash.Hash { return crc32.NewIEEE() },
	"CRC32C":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"CRC64NVME": func() hash.Hash { return crc64.New(crc64.MakeTable(crc64NVME)) },
	"SHA1":      sha1.New,
	"SHA256":    sha256.New,
	"SHA512":    sha512.New,
}

// algorithmOf gives the algorithm that a header or trailer field is named for.
func algorithmOf(field string) string {
	if len(field) <= len(checksumHeader) || !strings.EqualFold(field[:len(checksumHeader)], checksumHeader) {
		return ""
	}
	name := strings.ToUpper(field[len(checksumHeader):])
	if algorithms[name] == nil {
		return ""
	}
	return name
}

// verifier passes a body on and fails at its end, instead of ending, when its
// length or one of the checksums that the client gave does not fit.
type verifier struct {
	inner  io.Reader
	size   int64 // -1: not known
	read   int64
	hashes map[string]hash.Hash
	want   map[string]string // base64, by algorithm
}

// newVerifier reads which checksums come in the headers or are announced to
// follow the body.
func newVerifier(h http.Header) (*verifier, error) {
	v := &verifier{hashes: map[string]hash.Hash{}, want: map[string]string{}}
	for field := range h {
		if name := algorithmOf(field); name != "" {
			v.expect(name, h.Get(field))
		}
	}
	for _, line := range h.Values("X-Amz-Trailer") {
		for field := range strings.SplitSeq(line, ",") {
			if name := algorithmOf(strings.TrimSpace(field)); name != "" {
				v.hashes[name] = algorithms[name]()
			}
		}
	}
	// A plain body's SHA-256 is part of its signature.
	if sha := h.Get("X-Amz-Content-Sha256"); len(sha) == hex.EncodedLen(sha256.Size) {
		sum, err := hex.DecodeString(sha)
		if err != nil {
			return nil, errPayload
		}
		v.expect("SHA256", base64.StdEncoding.EncodeToString(sum))
	}
	return v, nil
}

func (v *verifier) expect(name, want string) {
	v.hashes[name], v.want[name] = algorithms[name](), want
}

// trailer takes a field that came behind the body.
func (v *verifier) trailer(field, value string) {
	if name := algorithmOf(field); v.hashes[name] != nil {
		v.want[name] = value
	}
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.inner.Read(p)
	v.read += int64(n)
	for _, h := range v.hashes {
		h.Write(p[:n])
	}
	if errors.Is(err, io.EOF) {
		return n, v.verdict()
	}
	return n, err
}

// verdict is io.EOF when all is well. A checksum that was announced and did
// not come is a body cut short.
func (v *verifier) verdict() error {
	if v.size >= 0 && v.read != v.size {
		return gofakes3.ErrIncompleteBody
	}
	for name, h := range v.hashes {
		want, ok := v.want[name]
		if !ok {
			return gofakes3.ErrIncompleteBody
		}
		if base64.StdEncoding.EncodeToString(h.Sum(nil)) != want {
			return gofakes3.ErrBadDigest
		}
	}
	return io.EOF
}
