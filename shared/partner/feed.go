package partner

import (
	"regexp"
	"slices"

	"github.com/carerecord/carerecord/shared/extract/registers"
	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

// feedName is what a feed may be called: it stands in keys of the drop and in
// addresses.
var feedName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func parseFeeds(list strictyaml.Value) []Feed {
	var out []Feed
	for _, v := range list.List() {
		object := v.Object("name", "format", "mapping")
		f := Feed{Name: parseText(v, object, "name"), Format: parseFormat(v, object)}
		switch name := object["name"]; {
		case f.Name == "":
		case !feedName.MatchString(f.Name):
			name.Fail("%q is no name of a feed: want letters, digits, dots, hyphens and underscores, at most 64", f.Name)
		case slices.ContainsFunc(out, func(other Feed) bool { return other.Name == f.Name }):
			name.Fail("the partner has a feed %q already", f.Name)
		}
		f.CSV = parseMapping(v, object, f.Format)
		out = append(out, f)
	}
	return out
}

func parseFormat(v strictyaml.Value, object map[string]strictyaml.Value) string {
	value, ok := v.Need(object, "format")
	if !ok {
		return ""
	}
	format, _ := value.OneOf(HL7v2, FHIR, CSV)
	return format
}

// parseMapping takes a mapping for a CSV feed and none for any other.
func parseMapping(v strictyaml.Value, object map[string]strictyaml.Value, format string) *registers.Mapping {
	mapping, ok := object["mapping"]
	switch {
	case format == CSV && !ok:
		v.Need(object, "mapping")
	case format == CSV:
		return registers.ParseMapping(mapping)
	case ok && format != "":
		mapping.Fail("only a csv feed takes a mapping; this one is %s", format)
	}
	return nil
}
