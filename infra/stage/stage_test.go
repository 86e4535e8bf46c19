package stage_test

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/stage"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

func TestEveryStageLoads(t *testing.T) {
	t.Parallel()
	for _, name := range stage.Names() {
		s, err := stage.Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s.Stage != name || s.Region != "eu-west-2" || s.RegionReason != "" || s.Prefix() != "carerecord-"+name {
			t.Errorf("%s: %+v", name, s)
		}
		if (s.Account == "") != (name == stage.Dev) {
			t.Errorf("%s: account %q", name, s.Account)
		}
		var functions []string
		for _, f := range catalogue.Functions() {
			functions = append(functions, f.Name)
		}
		slices.Sort(functions)
		if diff := cmp.Diff(functions, slices.Sorted(maps.Keys(s.Concurrency))); diff != "" {
			t.Errorf("%s: concurrency (-functions +settings):\n%s", name, diff)
		}
	}
}

// Where people's data is, nobody must think of the re-resolution.
func TestResolutionRunsByItself(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{stage.Dev: "", stage.Test: "03:30", stage.Live: "03:30"} {
		if s, err := stage.Load(name); err != nil || s.Resolution != want {
			t.Errorf("%s: %q, %v; want %q", name, s.Resolution, err, want)
		}
	}
}

// Records of health are kept for eight years after the last treatment of an
// adult (NHS England, Records Management Code of Practice).
func TestLiveKeepsWhatItMust(t *testing.T) {
	t.Parallel()
	s, err := stage.Load(stage.Live)
	if err != nil {
		t.Fatal(err)
	}
	if s.Retention.RawMode != "COMPLIANCE" || s.Retention.Raw < 8*365 {
		t.Errorf("raw files: %s for %d days", s.Retention.RawMode, s.Retention.Raw)
	}
}

func TestUnknownStageIsRefusedWithTheList(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"prod", "", "Dev", "../live"} {
		for call, err := range map[string]error{
			"Load":  func() error { _, err := stage.Load(name); return err }(),
			"Parse": func() error { _, err := stage.Parse(name, "f", nil); return err }(),
		} {
			if !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), "want dev, test or live") {
				t.Errorf("%s %q: %v", call, name, err)
			}
		}
	}
}

// good gives the settings of dev, in the text of which cases change one thing.
func good(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("dev.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ stage, old, new, want string }{
		"another Region without a reason": {stage.Dev, "region: eu-west-2", "region: eu-west-1", `s.yaml:2: region: "eu-west-1" is outside of the United Kingdom: want eu-west-2, or a regionReason`},
		"a reason that is not needed":     {stage.Dev, "region: eu-west-2", "region: eu-west-2\nregionReason: because", "s.yaml:3: regionReason: stands beside eu-west-2"},
		"no Region":                       {stage.Dev, "region: eu-west-2", "region: london", `region: "london": want the name of an AWS Region`},
		"live without an account":         {stage.Live, "", "", "account: missing"},
		"an account that is none":         {stage.Dev, "region: eu-west-2", "region: eu-west-2\naccount: 1234", `account: "1234": want 12 digits`},
		"an issuer without TLS":           {stage.Dev, "issuer: https://", "issuer: http://", "token.issuer: want an address that begins with https://"},
		"no keys":                         {stage.Dev, "  keys: https://login.dev.example.nhs.uk/.well-known/jwks.json\n", "", "token.keys: missing"},
		"an operator without an address":  {stage.Dev, "[region-dev@example.nhs.uk]", "[nobody]", "operators[0]: is no email address"},
		"nobody to tell":                  {stage.Dev, "[region-dev@example.nhs.uk]", "[]", "operators: must not be empty"},
		"a mode of lock":                  {stage.Dev, "GOVERNANCE", "OFF", `retention.rawMode: "OFF" is unknown: want GOVERNANCE or COMPLIANCE`},
		"logs for ever":                   {stage.Dev, "logs: 30", "logs: 31", `retention.logs: "31" is unknown`},
		"no days":                         {stage.Dev, "raw: 1", "raw: 0", `retention.raw: "0": want a number from 1 to 36500`},
		"no number":                       {stage.Dev, "rate: 50", "rate: many", `api.rate: "many": want a number from 1 to 10000`},
		"a signed number":                 {stage.Dev, "rate: 50", "rate: +50", `api.rate: "+50": want a number`},
		"a function that is not there":    {stage.Dev, "  serve-fhir: 20", "  serve-fhir: 20\n  serve-hl7: 1", "concurrency.serve-hl7: unknown"},
		"a function without a share":      {stage.Dev, "  serve-fhir: 20\n", "", "concurrency.serve-fhir: missing"},
		"too few for the queue":           {stage.Dev, "  receive-delivery: 5", "  receive-delivery: 1", `concurrency.receive-delivery: "1": want a number from 2 to 900`},
		"more than an account has":        {stage.Dev, "  serve-fhir: 20", "  serve-fhir: 880", "concurrency: adds up to 968: want 900 at most"},
		"no word on the re-resolution":    {stage.Dev, "resolution: off\n", "", "resolution: missing"},
		"an hour that is none":            {stage.Dev, "resolution: off", `resolution: "24:00"`, `resolution: "24:00": want an hour and a minute in London, as 03:30, or off`},
		"an hour without its minutes":     {stage.Dev, "resolution: off", "resolution: 3", `resolution: "3": want an hour`},
		"a cron expression":               {stage.Dev, "resolution: off", "resolution: 30 3 * * *", "want an hour and a minute"},
		"a sender that is no code":        {stage.Dev, "region: eu-west-2", "region: eu-west-2\nsenders: {rzz: {account: \"123456789012\", externalId: 0123456789abcdef}}", `senders.rzz: "rzz" is no ODS code`},
		"an external id to be guessed":    {stage.Dev, "region: eu-west-2", "region: eu-west-2\nsenders: {RZZ: {account: \"123456789012\", externalId: rzz}}", `senders.RZZ.externalId: "rzz": want 16 to 256`},
		"a certificate of elsewhere": {
			stage.Dev, "region: eu-west-2", "region: eu-west-2\ndomain: {name: care.example.nhs.uk, certificate: \"arn:aws:acm:us-east-1:123456789012:certificate/0-1\"}",
			"domain.certificate: must be in the Region of the stage",
		},
		"a domain that is none": {stage.Dev, "region: eu-west-2", "region: eu-west-2\ndomain: {name: care, certificate: \"arn:aws:acm:eu-west-2:123456789012:certificate/0-1\"}", `domain.name: "care": want a host name`},
		"an unknown key":        {stage.Dev, "region: eu-west-2", "region: eu-west-2\nvpc: yes", "s.yaml:3: vpc: unknown: want region,"},
		"an empty file":         {stage.Dev, good(t), "", "s.yaml:1: the file is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(good(t), c.old, c.new, 1)
			_, err := stage.Parse(c.stage, "s.yaml", []byte(text))
			var problems strictyaml.Problems
			if !failure.Is(err, failure.Invalid) || !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// Another Region is possible for those who give the reason for it.
func TestAnotherRegionWithAReason(t *testing.T) {
	t.Parallel()
	text := strings.Replace(good(t), "region: eu-west-2", "region: eu-west-1\nregionReason: made-up people only, approved by the SIRO", 1)
	s, err := stage.Parse(stage.Dev, "s.yaml", []byte(text))
	if err != nil || s.Region != "eu-west-1" || s.RegionReason == "" {
		t.Errorf("%+v, %v", s, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range stage.Names() {
		text, err := os.ReadFile(name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, text)
	}
	f.Add("dev", []byte("region: [\n"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		s, err := stage.Parse(name, "s.yaml", text)
		if err == nil && s.Region != stage.UKRegion && s.RegionReason == "" {
			t.Errorf("Region %q without a reason", s.Region)
		}
		if err != nil && !failure.Is(err, failure.Invalid) {
			t.Errorf("error %v", err)
		}
	})
}
