package resources

import (
	"bufio"
	"bytes"
	"io"

	"github.com/carerecord/carerecord/shared/extract"
)

// wanted is what a file of a fhir feed is.
const wanted = "FHIR R4 JSON: a Bundle, NDJSON or a resource"

// sniff looks at the first bytes of a file, passing over blank space, and
// tells what cannot be FHIR JSON.
func sniff(r *bufio.Reader, start extract.Place) (*extract.Fault, error) {
	head, err := r.Peek(readAhead)
	if err != nil && err != io.EOF {
		return nil, err
	}
	blank := len(head) - len(bytes.TrimLeft(head, " \t\r\n"))
	at := errorPlace(start, head, int64(blank), "")
	head = head[blank:]
	fault := func(code extract.Code, found string) (*extract.Fault, error) {
		f := code.At(0, at, found)
		if code.Name != extract.FileEmpty.Name && code.Name != extract.FileCompress.Name {
			f = f.Want(wanted)
		}
		return &f, nil
	}
	switch {
	case len(head) == 0 && err == io.EOF:
		return fault(extract.FileEmpty, "")
	case len(head) == 0 || head[0] == '{':
		return nil, nil
	}
	if foreign := extract.Foreign(head, at, "", wanted); foreign != nil {
		return foreign, nil // a JSON array is foreign too: no FHIR exchange is one
	}
	return fault(extract.FileFormat, "no JSON object")
}
