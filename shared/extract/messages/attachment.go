package messages

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
)

func isAttachment(s hl7v2.Segment) bool { t := valueType(s); return t == "ED" || t == "RP" }

// attachment is encapsulated data, or a pointer to it.
type attachment struct {
	contentType string
	data        string // base64
	size        int
	hash        string // base64 of SHA-1
	url         string
	title       string
}

// attachments reads OBX-5 of type ED (source, type, subtype, encoding, data) or
// RP (pointer, application, type, subtype).
func (r *row) attachments(s hl7v2.Segment) []attachment {
	if !isAttachment(s) {
		return nil
	}
	var out []attachment
	for n, v := range s.Field(5).Repetitions() {
		if v.Empty() {
			continue
		}
		if valueType(s) == "RP" {
			out = append(out, attachment{url: text(v.Component(1)), contentType: contentType(text(v.Component(3)), text(v.Component(4)))})
			continue
		}
		data, ok := encapsulated(text(v.Component(4)), v.Component(5))
		if !ok {
			f := r.fault(extract.FieldValue, v.Component(5), repetition("5", n)+".5", "")
			*f = f.Want("data in the encoding that component 4 names: A, Hex or Base64")
			continue
		}
		a := newAttachment(contentType(text(v.Component(2)), text(v.Component(3))), data)
		out = append(out, a)
	}
	return out
}

// encapsulated decodes the data of an ED (table 0299).
func encapsulated(encoding string, v hl7v2.Value) ([]byte, bool) {
	packed := strings.Join(strings.Fields(v.Text()), "")
	switch strings.ToUpper(encoding) {
	case "BASE64":
		data, err := base64.StdEncoding.DecodeString(packed)
		return data, err == nil && len(data) > 0
	case "HEX":
		data, err := hex.DecodeString(packed)
		return data, err == nil && len(data) > 0
	case "A", "":
		return []byte(v.Text()), !v.Empty()
	}
	return nil, false
}

// contentType makes a media type of the type and subtype of ED and RP (tables
// 0191 and 0291), which many senders give as the two halves of one.
func contentType(major, minor string) string {
	minor = strings.ToLower(minor)
	if strings.Contains(minor, "/") {
		return minor
	}
	switch strings.ToUpper(major) {
	case "AP", "APPLICATION":
		major = "application"
	case "IM", "IMAGE":
		major = "image"
	case "TX", "FT", "TEXT":
		major = "text"
	case "AU", "AUDIO":
		major = "audio"
	default:
		if minor == "pdf" || minor == "rtf" {
			return "application/" + minor
		}
		return "application/octet-stream"
	}
	switch minor {
	case "", "octet-stream":
		if major == "text" {
			return "text/plain"
		}
		return "application/octet-stream"
	}
	return major + "/" + minor
}

// newAttachment holds data with the size and hash that FHIR defines: bytes
// before base64, and SHA-1.
func newAttachment(contentType string, data []byte) attachment {
	sum := sha1.Sum(data)
	return attachment{
		contentType: contentType, data: base64.StdEncoding.EncodeToString(data),
		size: len(data), hash: base64.StdEncoding.EncodeToString(sum[:]),
	}
}

func (b *builder) attachment(key string, a attachment) {
	b.open(key)
	a.write(b)
	b.shut()
}

func (a attachment) write(b *builder) {
	b.text("contentType", a.contentType)
	b.text("data", a.data)
	b.text("url", a.url)
	if a.size > 0 {
		b.raw("size", strconv.Itoa(a.size))
	}
	b.text("hash", a.hash)
	b.text("title", a.title)
}
