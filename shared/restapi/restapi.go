// Package restapi serves a person's record as FHIR R4 (4.0.1) over HTTP:
// metadata, Patient search and read, $everything, and search per type within a
// patient; who is who ($match, $ihe-pix), and the work of reviewers: open
// questions as Tasks, their answers, and links made and undone by hand. It
// follows the FHIR R4 RESTful API and Search pages, UK Core, IHE PDQm and PIXm,
// and the answers of PDS FHIR where FHIR leaves a choice.
//
// One function (serve) stands between every handler and the caller: it
// authenticates, asks the policy point, calls the handler, stores the audit
// event and only then writes the answer. Handlers never see the
// http.ResponseWriter, so none can answer without a trace. What changes the
// index goes through change, which stores an event before it as well.
//
// It holds no rule of matching or storage, and it writes nothing personal to a
// log, a URL or the audit trail.
package restapi

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/record"
)

// Base is the path below which all routes lie.
const Base = "/fhir/R4"

// Index is what is used of the patient index. Errors are of shared/failure;
// NotFound where there is no such person. The package index says more.
type Index interface {
	// Person gives a person by id; an id that was merged away gives the survivor.
	Person(ctx context.Context, id string) (index.Person, error)
	// FindAllByNHSNumber gives the ids of all people whose sources state the
	// number, the holder first; none is no error.
	FindAllByNHSNumber(ctx context.Context, number string) ([]string, error)
	// FindSource gives the id of a person.
	FindSource(ctx context.Context, key string) (string, error)
	// Decisions gives every decision on a source patient, the first one first.
	Decisions(ctx context.Context, key string) ([]index.Event, error)
	// Match gives who details may describe, the most probable first.
	Match(ctx context.Context, d demographics.Details, most int) ([]index.Match, error)
	// Candidates gives whoever shares a key with the details, for a search;
	// failure.TooLarge where more do than it reads.
	Candidates(ctx context.Context, d demographics.Details, most int) ([]index.Match, error)
	// Reviews gives a page of the open queue.
	Reviews(ctx context.Context, q index.ReviewQuery) (index.ReviewPage, error)
	// Review gives a review, open or not, with both sides as they are now.
	Review(ctx context.Context, id string) (index.ReviewCase, error)
	// Metrics says how the queue stands, with the decisions of the days (YYYY-MM-DD).
	Metrics(ctx context.Context, days ...string) (index.ReviewMetrics, error)

	// What changes the index is called through change alone.

	// Decide answers a review.
	Decide(ctx context.Context, id string, answer index.Answer, act index.Act) (index.Review, error)
	// Link pins two source patients together.
	Link(ctx context.Context, a, b string, act index.Act) error
	// Unlink takes a source patient out of its person.
	Unlink(ctx context.Context, key string, act index.Act) error
	// Merge makes two people one.
	Merge(ctx context.Context, survivor, other string, act index.Act) error
	// Unmerge gives back a person whose id was given up; false: a second person
	// has to ask.
	Unmerge(ctx context.Context, former string, act index.Act) (done bool, err error)
}

// Record is what is used of the store of entries.
type Record interface {
	// Read gives the current entries of a source patient in the order of type and id.
	Read(ctx context.Context, owner string, sel record.Selection) iter.Seq2[record.Entry, error]
	// Directory gives those of an organisation's own resources that are there.
	Directory(ctx context.Context, owner string, refs ...string) ([]record.Entry, error)
}

// Audit stores an event durably before it returns.
type Audit interface {
	Record(ctx context.Context, e audit.Event) error
}

// Access authenticates the value of an Authorization header.
type Access interface {
	Authenticate(ctx context.Context, authorization string) (access.Caller, error)
}

// FeedState says how fresh a feed is.
type FeedState struct {
	Organisation string    // ODS code
	Name         string    // of the organisation
	Feed         string    // name of the feed
	Delivery     string    // the newest delivery that was loaded; empty: none yet
	Received     time.Time // when it arrived
}

// Freshness gives the state of every feed of the organisations (ODS codes); no
// organisation asks for every feed of the region.
type Freshness func(ctx context.Context, organisations []string) ([]FeedState, error)

// Config is what the API stands on. All fields are needed, apart from those
// with a default.
type Config struct {
	Index     Index
	Record    Record
	Audit     Audit
	Access    Access
	Freshness Freshness
	Hasher    *opaque.Hasher
	BaseURL   string           // the FHIR root as clients see it, such as https://care.example/fhir/R4
	Version   string           // of the software, for metadata; default "development"
	Log       *slog.Logger     // default slog.Default()
	Now       func() time.Time // default time.Now
}

type server struct {
	Config
	directory  *directory
	capability []byte
}

// New gives the handler of all routes below Base. Error: failure.Invalid for
// an incomplete Config.
func New(c Config) (http.Handler, error) {
	const op = "restapi.New"
	if c.Index == nil || c.Record == nil || c.Audit == nil || c.Access == nil || c.Freshness == nil || c.Hasher == nil {
		return nil, failure.New(failure.Invalid, op, "a part of the configuration is missing")
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Scheme == "" || base.Host == "" {
		return nil, failure.New(failure.Invalid, op, "the base URL is not absolute")
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Version == "" {
		c.Version = "development"
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &server{Config: c, directory: newDirectory(c.Record, c.Now)}
	if s.capability, err = s.capabilityStatement(); err != nil {
		return nil, failure.Wrap(failure.Internal, op, err)
	}
	return s.routes(), nil
}
