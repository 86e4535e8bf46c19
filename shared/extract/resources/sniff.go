package resources

import (
	"bufio"
	"bytes"
	"io"

	"github.com/carerecord/carerecord/shared/extract"
)

// wanted is what a file of a fhir feed is.
const wanted = "FHIR R4 JSON: a Bundle, NDJSON or a resource"

// archives are the first bytes of compressed files.
var archives = []struct{ magic, name string }{
	{"PK\x03\x04", "zip"},
	{"PK\x05\x06", "zip"},
	{"\x1f\x8b", "gzip"},
	{"BZh", "bzip2"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"7z\xbc\xaf\x27\x1c", "7-zip"},
	{"\xfd7zXZ\x00", "xz"},
}

// others are the first bytes of files of another format.
var others = []struct{ magic, name string }{
	{"MSH|", "HL7 v2"},
	{"FHS|", "HL7 v2"},
	{"BHS|", "HL7 v2"},
	{"\x0bMSH", "HL7 v2"},
	{"<", "XML"},
	{"[", "a JSON array"},
	{"%PDF", "PDF"},
	{"\xff\xfe", "UTF-16"},
	{"\xfe\xff", "UTF-16"},
	{"\"", "CSV or a JSON string"},
}

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
	for _, a := range archives {
		if bytes.HasPrefix(head, []byte(a.magic)) {
			return fault(extract.FileCompress, a.name)
		}
	}
	for _, o := range others {
		if bytes.HasPrefix(head, []byte(o.magic)) {
			return fault(extract.FileFormat, o.name)
		}
	}
	return fault(extract.FileFormat, "no JSON object")
}
