package s3endpoint

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

var errPayload = errors.New("s3endpoint: unreadable payload")

const (
	awsChunked = "aws-chunked"
	// maxLine bounds a chunk's header or a trailer line.
	maxLine = 4 << 10
	// maxTrailer bounds the number of trailer lines.
	maxTrailer = 16
)

// preparePayload puts the decoded and checked body of a PUT in place of the
// one that was sent, and the headers that belong to it. S3 clients send either
// the plain bytes, with checksums in headers, or chunks, signed or not, with
// checksums behind them (Amazon S3 API Reference, "Signature calculations:
// transferring payload in multiple chunks").
func preparePayload(r *http.Request) error {
	if r.Method != http.MethodPut || r.Header.Get("X-Amz-Copy-Source") != "" {
		return nil
	}
	v, err := newVerifier(r.Header)
	if err != nil {
		return err
	}
	sha := r.Header.Get("X-Amz-Content-Sha256")
	chunked := strings.HasPrefix(sha, "STREAMING-") || strings.Contains(r.Header.Get("Content-Encoding"), awsChunked)
	v.size, v.inner = r.ContentLength, r.Body
	if chunked {
		if v.size, err = strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64); err != nil || v.size < 0 {
			return errPayload
		}
		v.inner = &chunkReader{r: bufio.NewReaderSize(r.Body, maxLine), trailer: v.trailer}
	}
	if v.size >= 0 {
		r.ContentLength = v.size
		r.Header.Set("Content-Length", strconv.FormatInt(v.size, 10))
	}
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	stripEncoding(r.Header)
	r.Body = struct {
		io.Reader
		io.Closer
	}{v, r.Body}
	return nil
}

// stripEncoding leaves the encodings that are the object's own.
func stripEncoding(h http.Header) {
	var own []string
	for e := range strings.SplitSeq(h.Get("Content-Encoding"), ",") {
		if e = strings.TrimSpace(e); e != "" && e != awsChunked {
			own = append(own, e)
		}
	}
	h.Del("Content-Encoding")
	if len(own) > 0 {
		h.Set("Content-Encoding", strings.Join(own, ","))
	}
}

// chunkReader decodes aws-chunked: chunks of a hexadecimal size with optional
// extensions, CR LF, the bytes, CR LF; a chunk of size 0; trailer lines; CR LF.
// Signatures are not checked, as no credential is.
type chunkReader struct {
	r       *bufio.Reader
	trailer func(name, value string)
	left    int64
	inside  bool // a chunk was begun, so its CR LF is to come
	ended   bool
}

func (c *chunkReader) Read(p []byte) (int, error) {
	if c.ended {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	if err != nil {
		return n, cutShort(err)
	}
	return n, nil
}

// next goes to the next chunk; io.EOF after the last one and its trailer.
func (c *chunkReader) next() error {
	if c.inside {
		if line, err := c.line(); err != nil || line != "" {
			return cutShort(err)
		}
	}
	line, err := c.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	n, err := strconv.ParseInt(size, 16, 64)
	if err != nil || n < 0 {
		return gofakes3.ErrIncompleteBody
	}
	c.left, c.inside = n, true
	if n > 0 {
		return nil
	}
	c.ended = true
	return c.end()
}

// end reads the trailer. Some clients leave the last empty line out.
func (c *chunkReader) end() error {
	for range maxTrailer {
		line, err := c.line()
		if err != nil || line == "" {
			return io.EOF
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return gofakes3.ErrIncompleteBody
		}
		c.trailer(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return gofakes3.ErrIncompleteBody
}

func (c *chunkReader) line() (string, error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return "", cutShort(err)
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// cutShort names what is wrong with a body that ends or goes on in the wrong
// place; a broken connection keeps its error.
func cutShort(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, bufio.ErrBufferFull) {
		return gofakes3.ErrIncompleteBody
	}
	return err
}
