package csvfeed

import (
	"bytes"
	"io"
)

const (
	// maxWindow lets a record of MaxRecord bytes and the CRLF after it be seen
	// together. A scan never sees more, so that what it says of a long record
	// does not depend on how the stream was cut into reads.
	maxWindow   = MaxRecord + 2
	firstBuffer = 64 << 10
	lastBuffer  = MaxRecord + firstBuffer
)

// begin reads the first bytes and passes the byte order mark.
func (r *Reader) begin() error {
	if r.begun {
		return nil
	}
	r.begun = true
	if err := r.fill(); err != nil {
		return err
	}
	if bytes.HasPrefix(r.buf[:r.end], []byte("\xEF\xBB\xBF")) {
		r.start = 3
	}
	return nil
}

// window gives the bytes at hand; last says that nothing follows them.
func (r *Reader) window() (window []byte, last bool) {
	window = r.buf[r.start:r.end]
	if len(window) > maxWindow {
		return window[:maxWindow], false
	}
	return window, r.ended == io.EOF
}

// fill reads until the buffer is full or the stream ends. A full buffer is
// made larger. The stream's error is given once nothing more can be read.
func (r *Reader) fill() error {
	if r.ended != nil && r.ended != io.EOF {
		return r.ended
	}
	r.base += int64(r.start)
	r.end = copy(r.buf, r.buf[r.start:r.end])
	r.start = 0
	if r.end == len(r.buf) {
		larger := make([]byte, min(2*len(r.buf), lastBuffer))
		copy(larger, r.buf)
		r.buf = larger
	}
	n, err := io.ReadFull(r.src, r.buf[r.end:])
	r.end += n
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	r.ended = err
	return nil
}

// advance passes n bytes with that many line ends.
func (r *Reader) advance(n int, lines int64) {
	r.start += n
	r.line += lines
}

// passLine passes everything up to and with the next line end. An error of the
// stream stays for the next Read.
func (r *Reader) passLine() {
	for {
		window, last := r.window()
		i := bytes.IndexAny(window, "\r\n")
		if i >= 0 {
			if next, ok := recordEnd(window, i, last); ok {
				r.advance(next, 1)
				return
			}
			r.advance(i, 0)
		} else {
			r.advance(len(window), 0)
		}
		if last {
			return
		}
		if r.end-r.start < maxWindow && r.fill() != nil {
			return
		}
	}
}

// at is the place of window[i].
func (r *Reader) at(window []byte, i int) Place {
	return Place{Line: r.line + lineEnds(window[:i]), Offset: r.base + int64(r.start+i)}
}
