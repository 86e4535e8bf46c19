package registers

import (
	"bufio"
	"bytes"
	"io"

	"github.com/carerecord/carerecord/shared/extract"
)

// sniffed is how many bytes are looked at to tell a file of another format.
const sniffed = 512

// packed are the first bytes of archives.
var packed = []struct{ magic, name string }{
	{"PK\x03\x04", "a zip archive"},
	{"PK\x05\x06", "an empty zip archive"},
	{"\x1F\x8B", "a gzip file"},
	{"BZh", "a bzip2 file"},
	{"\xFD7zXZ\x00", "an xz file"},
	{"7z\xBC\xAF\x27\x1C", "a 7z archive"},
	{"\x28\xB5\x2F\xFD", "a zstd file"},
}

// foreign are the first bytes, after white space, of what is no delimited text.
var foreign = []struct{ magic, name string }{
	{"MSH|", "an HL7 v2 message"},
	{"FHS|", "an HL7 v2 file"},
	{"BHS|", "an HL7 v2 batch"},
	{"\x0BMSH|", "an HL7 v2 message in MLLP framing"},
	{"{", "JSON"},
	{"[", "JSON"},
	{"<", "XML or HTML"},
	{"%PDF", "a PDF document"},
	{"\xFF\xFE", "UTF-16 text"},
	{"\xFE\xFF", "UTF-16 text"},
	{"\xD0\xCF\x11\xE0", "an Excel workbook"},
	{"-----BEGIN PGP", "an encrypted file"},
}

// sniff looks at the first bytes of a file. It gives the whole file to read
// on, or a fault when it is no delimited text.
func sniff(file io.Reader) (io.Reader, *extract.Fault, error) {
	buffered := bufio.NewReaderSize(file, sniffed)
	head, err := buffered.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	first := extract.Place{Line: 1}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) && bytes.Contains(head, []byte("[Content_Types].xml")) {
		fault := extract.FileFormat.At(0, first, "an Excel workbook").Want("delimited text: save the sheet as CSV")
		return nil, &fault, nil
	}
	for _, p := range packed {
		if bytes.HasPrefix(head, []byte(p.magic)) {
			fault := extract.FileCompress.At(0, first, p.name)
			return nil, &fault, nil
		}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")
	for _, f := range foreign {
		if bytes.HasPrefix(text, []byte(f.magic)) {
			fault := extract.FileFormat.At(0, first, f.name).Want("delimited text with a header")
			return nil, &fault, nil
		}
	}
	return buffered, nil, nil
}
