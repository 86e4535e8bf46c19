// Package stage holds the settings of a stage of the region on AWS: which
// account and Region, who issues tokens, how long things are kept, how much
// load is let in. A stage is a YAML file; it is read strictly and refused whole
// with every mistake in it.
//
// It knows nothing of the CDK, so that settings can be checked without it. It
// must not hold a secret: the settings lie in version control.
package stage

import (
	"embed"
	"fmt"
	"slices"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

// UKRegion is the only AWS Region within the United Kingdom. NHS England's own
// data must be hosted in the UK (digital.nhs.uk, "NHS and social care data:
// off-shoring and the use of public cloud services").
const UKRegion = "eu-west-2"

// The stages.
const (
	Dev  = "dev"
	Test = "test"
	Live = "live"
)

// Names lists the stages.
func Names() []string { return []string{Dev, Test, Live} }

// Settings are those of one stage. Durations are in days.
type Settings struct {
	Stage        string
	Region       string
	RegionReason string // why another Region than UKRegion; empty in UKRegion
	Account      string // AWS account; empty: the account of the credentials at deployment
	Token        Token
	Domain       Domain
	Operators    []string // email addresses that alarms go to
	Retention    Retention
	API          API
	Resolution   string            // hour and minute of the nightly re-resolution in London, as 03:30; empty: it runs when it is started by hand
	Concurrency  map[string]int    // reserved concurrency by function
	Senders      map[string]Sender // by ODS code; a partner that is not here sends from the region's own account
}

// Token says whose tokens are taken (RFC 9068, OpenID Connect Core).
type Token struct{ Issuer, Audience, Keys string }

// Domain is the name under which clients reach the API. Without one they use
// API Gateway's own.
type Domain struct {
	Name        string
	Certificate string // ARN in AWS Certificate Manager
	Truststore  string // bucket/key of the certificates that mutual TLS trusts; empty: no mutual TLS
}

// Retention says how long things are kept, in days.
type Retention struct {
	RawMode string // of S3 Object Lock: GOVERNANCE or COMPLIANCE
	Raw     int    // dropped files cannot be deleted before
	Work    int    // chunks
	Reports int    // partners' reports
	Logs    int    // of CloudWatch
	Events  int    // the archive of the event bus
	Backups int
}

// API limits what is let in.
type API struct {
	Rate, Burst int // requests a second over all callers
	PerAddress  int // requests in five minutes from one address
}

// Sender is the AWS account from which a partner delivers.
type Sender struct{ Account, ExternalID string }

//go:embed dev.yaml test.yaml live.yaml
var files embed.FS

// Load gives the settings of a stage that come with the repository. An unknown
// stage is refused with the list of them (failure.Invalid).
func Load(name string) (Settings, error) {
	const op = "stage.Load"
	if err := known(op, name); err != nil {
		return Settings{}, err
	}
	data, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return Settings{}, failure.Wrap(failure.Internal, op, err)
	}
	return Parse(name, name+".yaml", data)
}

// Parse reads the settings of a stage from a file. The error is of kind
// failure.Invalid and lists every mistake as "file:line: field: reason".
func Parse(name, file string, data []byte) (Settings, error) {
	const op = "stage.Parse"
	if err := known(op, name); err != nil {
		return Settings{}, err
	}
	s := Settings{Stage: name}
	f, root, ok := strictyaml.Parse(file, data)
	if ok {
		s.parse(root)
	}
	if err := f.Problems(); err != nil {
		return Settings{}, failure.Wrap(failure.Invalid, op, err)
	}
	return s, nil
}

func known(op, name string) error {
	if slices.Contains(Names(), name) {
		return nil
	}
	return failure.New(failure.Invalid, op, "stage %q is unknown: want %s", name, strictyaml.Or(Names()))
}

// Prefix begins the names of the stage's stacks and of what is named by hand.
func (s Settings) Prefix() string { return fmt.Sprintf("carerecord-%s", s.Stage) }
