package extract_test

import (
	"testing"

	"github.com/carerecord/carerecord/shared/extract"
)

// TestForeign takes the first bytes from the formats' own definitions.
func TestForeign(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ head, own, code, found string }{
		"own":              {"MSH|^~\\&|", extract.SniffedHL7, "", ""},
		"own after BOM":    {"\xEF\xBB\xBF \r\n{\"resourceType\"", extract.SniffedJSON, "", ""},
		"unknown":          {"id,name\n", "", "", ""},
		"empty":            {"", extract.SniffedJSON, "", ""},
		"JSON for CSV":     {"[1]", "", "file-format", "JSON"},
		"HL7 for FHIR":     {"\x0BMSH|", extract.SniffedJSON, "file-format", "HL7 v2"},
		"zip":              {"PK\x03\x04\x14", "", "file-compressed", "a zip archive"},
		"gzip":             {"\x1F\x8B\x08", extract.SniffedHL7, "file-compressed", "a gzip file"},
		"Excel":            {"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "", "file-format", "an Excel workbook"},
		"PDF for messages": {"%PDF-1.7", extract.SniffedHL7, "file-format", "a PDF document"},
		"UTF-16":           {"\xFF\xFEM\x00S\x00H\x00", extract.SniffedHL7, "file-format", "UTF-16 text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := extract.Foreign([]byte(c.head), extract.Place{Line: 1}, c.own, "what the feed takes")
			if c.code == "" {
				if f != nil {
					t.Fatalf("a fault %s where there is none", f.Code)
				}
				return
			}
			if f == nil || f.Code != c.code || f.Found != c.found {
				t.Fatalf("got %+v, want %s of %s", f, c.code, c.found)
			}
		})
	}
}
