package stage

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

var (
	region     = regexp.MustCompile(`^[a-z]{2}-[a-z]+-[1-9]$`)
	account    = regexp.MustCompile(`^[0-9]{12}$`)
	host       = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)
	email      = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	externalID = regexp.MustCompile(`^[A-Za-z0-9+=,.@:/-]{16,256}$`) // IAM allows 2 to 1,224 characters; shorter ones can be guessed
	truststore = regexp.MustCompile(`^[a-z0-9.-]{3,63}/.+\.pem$`)
	hour       = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	acm        = regexp.MustCompile(`^arn:aws:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+$`)
)

// logDays are retention periods that CloudWatch Logs takes (PutRetentionPolicy).
var logDays = []string{"30", "90", "180", "365", "731", "1827", "2557", "3653"}

func (s *Settings) parse(root strictyaml.Value) {
	o := root.Object("region", "regionReason", "account", "token", "domain", "operators", "retention", "api", "resolution", "concurrency", "senders")
	s.parseRegion(root, o)
	s.Account = optional(o, "account", account, "12 digits")
	s.needAccount(root, o)
	if v, ok := root.Need(o, "token"); ok {
		s.Token = parseToken(v)
	}
	if v, ok := o["domain"]; ok {
		s.Domain = parseDomain(v, s.Region)
	}
	if v, ok := root.Need(o, "operators"); ok {
		s.Operators = v.Texts()
		for i, address := range v.List() {
			if i < len(s.Operators) && !email.MatchString(s.Operators[i]) {
				address.Fail("is no email address")
			}
		}
	}
	if v, ok := root.Need(o, "retention"); ok {
		s.Retention = parseRetention(v)
	}
	if v, ok := root.Need(o, "api"); ok {
		s.API = parseAPI(v)
	}
	if v, ok := root.Need(o, "resolution"); ok {
		s.Resolution = parseHour(v)
	}
	if v, ok := root.Need(o, "concurrency"); ok {
		s.Concurrency = parseConcurrency(v)
	}
	if v, ok := o["senders"]; ok {
		s.Senders = parseSenders(v)
	}
}

// parseRegion is the guard: a Region outside of the UK needs a reason.
func (s *Settings) parseRegion(root strictyaml.Value, o map[string]strictyaml.Value) {
	s.Region = match(root, o, "region", region, "the name of an AWS Region")
	reason, given := o["regionReason"]
	if given {
		s.RegionReason, _ = reason.Text()
	}
	switch {
	case s.Region == "":
	case s.Region != UKRegion && s.RegionReason == "":
		o["region"].Fail("%q is outside of the United Kingdom: want %s, or a regionReason that says who approved it and why", s.Region, UKRegion)
	case s.Region == UKRegion && given:
		reason.Fail("stands beside %s, which needs none", UKRegion)
	}
}

// needAccount ties the stages that hold people's data to one account, so that
// the wrong credentials cannot deploy them elsewhere.
func (s *Settings) needAccount(root strictyaml.Value, o map[string]strictyaml.Value) {
	if s.Stage != Dev {
		root.Need(o, "account")
	}
}

func parseToken(v strictyaml.Value) Token {
	o := v.Object("issuer", "audience", "keys")
	return Token{Issuer: parseURL(v, o, "issuer"), Audience: match(v, o, "audience", nil, ""), Keys: parseURL(v, o, "keys")}
}

func parseDomain(v strictyaml.Value, in string) Domain {
	o := v.Object("name", "certificate", "truststore")
	d := Domain{
		Name:        match(v, o, "name", host, "a host name in small letters"),
		Certificate: match(v, o, "certificate", acm, "the ARN of a certificate"),
		Truststore:  optional(o, "truststore", truststore, "bucket/key of a PEM file"),
	}
	if d.Certificate != "" && !strings.Contains(d.Certificate, ":"+in+":") {
		o["certificate"].Fail("must be in the Region of the stage")
	}
	return d
}

func parseRetention(v strictyaml.Value) Retention {
	o := v.Object("rawMode", "raw", "work", "reports", "logs", "events", "backups")
	r := Retention{
		Raw: number(v, o, "raw", 1, 36500), Work: number(v, o, "work", 2, 90), Reports: number(v, o, "reports", 30, 3650),
		Events: number(v, o, "events", 1, 3650), Backups: number(v, o, "backups", 35, 3650),
	}
	if mode, ok := v.Need(o, "rawMode"); ok {
		r.RawMode, _ = mode.OneOf("GOVERNANCE", "COMPLIANCE")
	}
	if logs, ok := v.Need(o, "logs"); ok {
		days, _ := logs.OneOf(logDays...)
		r.Logs, _ = strconv.Atoi(days) // one of the list, or 0 beside a problem
	}
	return r
}

func parseAPI(v strictyaml.Value) API {
	o := v.Object("rate", "burst", "perAddress")
	// API Gateway lets 10,000 requests a second into an account; AWS WAF counts from 10.
	return API{Rate: number(v, o, "rate", 1, 10000), Burst: number(v, o, "burst", 1, 5000), PerAddress: number(v, o, "perAddress", 10, 2000000)}
}

// parseHour takes an hour and a minute, or off.
func parseHour(v strictyaml.Value) string {
	s, ok := v.Text()
	if ok && s != "off" && !hour.MatchString(s) {
		v.Fail("%q: want an hour and a minute in London, as 03:30, or off", s)
	}
	if !ok || s == "off" {
		return ""
	}
	return s
}

// parseConcurrency takes a number for every function, and together no more
// than an account has when 100 stay unreserved (Lambda quotas: 1,000). The
// share of receive-delivery also bounds its queue, where 2 is the least (Lambda
// API, ScalingConfig.MaximumConcurrency).
func parseConcurrency(v strictyaml.Value) map[string]int {
	var names []string
	for _, f := range catalogue.Functions() {
		names = append(names, f.Name)
	}
	o := v.Object(names...)
	out, sum := map[string]int{}, 0
	for _, name := range names {
		least := 1
		if name == "receive-delivery" {
			least = 2
		}
		out[name] = number(v, o, name, least, 900)
		sum += out[name]
	}
	if sum > 900 {
		v.Fail("adds up to %d: want 900 at most, as Lambda keeps 100 of an account's 1,000 unreserved", sum)
	}
	return out
}

func parseSenders(v strictyaml.Value) map[string]Sender {
	out := map[string]Sender{}
	for _, e := range v.Entries() {
		if code, ok := nhs.ParseODS(e.Key); !ok || code != e.Key {
			e.Value.Fail("%q is no ODS code", e.Key)
		}
		o := e.Value.Object("account", "externalId")
		out[e.Key] = Sender{
			Account:    match(e.Value, o, "account", account, "12 digits"),
			ExternalID: match(e.Value, o, "externalId", externalID, "16 to 256 letters, digits and +=,.@:/-"),
		}
	}
	return out
}

// match gives the text of a key that must be there and have a shape.
func match(v strictyaml.Value, o map[string]strictyaml.Value, key string, shape *regexp.Regexp, want string) string {
	v.Need(o, key)
	return optional(o, key, shape, want)
}

func optional(o map[string]strictyaml.Value, key string, shape *regexp.Regexp, want string) string {
	value, ok := o[key]
	if !ok {
		return ""
	}
	s, ok := value.Text()
	if ok && shape != nil && !shape.MatchString(s) {
		value.Fail("%q: want %s", s, want)
		return ""
	}
	return s
}

func parseURL(v strictyaml.Value, o map[string]strictyaml.Value, key string) string {
	s := match(v, o, key, nil, "")
	if u, err := url.Parse(s); s != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "") {
		o[key].Fail("want an address that begins with https:// and has no query")
	}
	return s
}

func number(v strictyaml.Value, o map[string]strictyaml.Value, key string, least, most int) int {
	value, ok := v.Need(o, key)
	if !ok {
		return 0
	}
	s, ok := value.Text()
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most || slices.Contains([]byte(s), '+') {
		value.Fail("%q: want a number from %d to %d", s, least, most)
		return 0
	}
	return n
}
