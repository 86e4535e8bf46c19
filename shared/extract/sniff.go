package extract

import "bytes"

// SniffSize is how many bytes of a file Sniff wants to see.
const SniffSize = 512

// What Sniff calls the formats that we take ourselves.
const (
	SniffedHL7  = "HL7 v2"
	SniffedJSON = "JSON"
)

type magic struct{ bytes, name string }

// archives are the first bytes of compressed and encrypted files.
var archives = []magic{
	{"PK\x03\x04", "a zip archive"},
	{"PK\x05\x06", "an empty zip archive"},
	{"\x1F\x8B", "a gzip file"},
	{"BZh", "a bzip2 file"},
	{"\xFD7zXZ\x00", "an xz file"},
	{"7z\xBC\xAF\x27\x1C", "a 7z archive"},
	{"\x28\xB5\x2F\xFD", "a zstd file"},
	{"\x85\x01", "an encrypted file"},
	{"-----BEGIN PGP", "an encrypted file"},
}

// formats are the first bytes, after white space, of uncompressed files.
var formats = []magic{
	{"MSH|", SniffedHL7},
	{"FHS|", SniffedHL7},
	{"BHS|", SniffedHL7},
	{"\x0BMSH", SniffedHL7},
	{"{", SniffedJSON},
	{"[", SniffedJSON},
	{"<", "XML or HTML"},
	{"%PDF", "a PDF document"},
	{"\xFF\xFE", "UTF-16 text"},
	{"\xFE\xFF", "UTF-16 text"},
	{"\xD0\xCF\x11\xE0", "an Excel workbook"},
}

// Sniff names what a file is by its first bytes: "" when they tell nothing. A
// file that is packed holds others and must be unpacked by its sender.
func Sniff(head []byte) (name string, packed bool) {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) && bytes.Contains(head, []byte("[Content_Types].xml")) {
		return "an Excel workbook", false // a zip archive by its bytes, and by its use a sheet to save as CSV
	}
	if name := match(archives, head); name != "" {
		return name, true
	}
	return match(formats, bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")), false
}

func match(list []magic, head []byte) string {
	for _, m := range list {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.name
		}
	}
	return ""
}

// Foreign gives the fault of a file that is not of its feed's format, by its
// first bytes: own is what Sniff calls that format ("" for delimited text),
// wanted describes it. It gives nil when the bytes speak for it or tell nothing.
func Foreign(head []byte, place Place, own, wanted string) *Fault {
	name, packed := Sniff(head)
	var f Fault
	switch {
	case name == "" || name == own:
		return nil
	case packed:
		f = FileCompress.At(0, place, name)
	default:
		f = FileFormat.At(0, place, name).Want("%s", wanted)
	}
	return &f
}
