package audit

import (
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Masked stands in for a value that may be personal.
const Masked = "masked"

// maxQuery bounds the text kept of one request, in bytes (it is ASCII).
const maxQuery = 1000

var (
	// opaqueForm is a person id (ULID) or one made by shared/opaque. An NHS
	// number typed in its place has not this form.
	opaqueForm = regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{26}|[0-9a-hjkmnp-tv-z]{26})$`)
	countForm  = regexp.MustCompile(`^[0-9]{1,6}$`)
	systemForm = regexp.MustCompile(`^https://fhir\.nhs\.uk/Id/[a-z-]{1,40}$`)
	formatForm = regexp.MustCompile(`^(json|xml|application/(fhir\+)?(json|xml))$`)
)

// codes are the values of closed lists: yes and no, states and kinds of a
// review, answers to one, orders of a list.
var codes = []string{
	"true", "false", "same", "different", "wait", "requested", "on-hold", "completed", "cancelled", "authored-on", "-score",
	"patient-link-review", "overlay", "conflict", "merge", "merged-numbers", "possible", "duplicate", "crowded-number",
}

// personal are the parameters whose values are personal or free text: the trail
// tells that they were given.
var personal = []string{
	"family", "family:exact", "given", "given:exact", "name", "name:exact", "birthdate", "gender",
	"address-postalcode", "address-postalcode:exact", "resource", "reason", "targetSystem", "_page",
}

// Query gives the text of a request for the audit trail: a route below the
// FHIR base and its parameters in order of name. Every value is masked unless
// its form shows that it cannot be personal: what a caller typed into the
// wrong field must not reach the trail either.
//
// The route is one of the server's own patterns, not the path that came.
// isType says whether a word is a FHIR resource type.
func Query(route string, parameters url.Values, isType func(string) bool) string {
	var parts []string
	for name, values := range parameters {
		for _, v := range values {
			parts = append(parts, clean(name, v, isType))
		}
	}
	sort.Strings(parts)
	if len(parts) > 0 {
		route += "?" + strings.Join(parts, "&")
	}
	if len(route) > maxQuery {
		route = route[:maxQuery] + "..."
	}
	return route
}

// clean masks the name as well where it is not one of ours.
func clean(name, value string, isType func(string) bool) string {
	safe := false
	switch name {
	case "_id", "patient", "other", "source-patient", "target-patient":
		safe = opaqueForm.MatchString(strings.TrimPrefix(value, "Patient/"))
	case "_type":
		safe = !slices.ContainsFunc(strings.Split(value, ","), func(s string) bool { return !isType(s) })
	case "_count", "count", "_max-results", "days":
		safe = countForm.MatchString(value)
	case "_format":
		safe = formatForm.MatchString(value)
	case "_fuzzy-match", "_exact-match", "_history", "onlyCertainMatches", "answer", "code", "status", "_sort":
		safe = !slices.ContainsFunc(strings.Split(value, ","), func(s string) bool { return !slices.Contains(codes, s) })
	case "identifier", "sourceIdentifier":
		// The system says which kind of id was used; the id itself is the patient's.
		if system, _, found := strings.Cut(value, "|"); found && systemForm.MatchString(system) {
			return name + "=" + system + "|" + Masked
		}
	default:
		if !slices.Contains(personal, name) {
			name = Masked
		}
	}
	if !safe {
		value = Masked
	}
	return name + "=" + value
}
