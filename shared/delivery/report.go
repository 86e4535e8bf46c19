package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// ReportFormat is the version of the report's shape.
const ReportFormat = 1

// Report is what a partner is told of a delivery, in one shape for all
// formats. It lies beside nothing of another partner: under the partner's own
// prefix of the reports bucket.
type Report struct {
	Format       int               `json:"report"` // ReportFormat
	Delivery     string            `json:"delivery"`
	Status       Status            `json:"status"`
	Reason       string            `json:"reason,omitzero"`
	DuplicateOf  *Earlier          `json:"duplicateOf,omitzero"`
	Organisation string            `json:"organisation,omitzero"` // ODS code
	Name         string            `json:"organisationName,omitzero"`
	Feed         string            `json:"feed,omitzero"`
	FeedFormat   string            `json:"format,omitzero"`
	File         string            `json:"file"`
	Version      string            `json:"version"`
	Size         int64             `json:"size"`
	SHA256       string            `json:"sha256,omitzero"`
	Received     time.Time         `json:"received"`
	Reported     time.Time         `json:"reported"`
	Counts       Counts            `json:"counts"`
	Kinds        map[string]Counts `json:"kinds"`
	Entries      map[string]Stored `json:"entries"`
	FaultCounts  map[string]int    `json:"faultCounts"`
	Faults       []extract.Fault   `json:"faults"` // last, so that a report of any length can be streamed
}

// Earlier names the delivery that brought the same content before.
type Earlier struct {
	Delivery string    `json:"delivery"`
	File     string    `json:"file"`
	Version  string    `json:"version"`
	Received time.Time `json:"received"`
}

// ReportOutput is the end of a delivery as the state machine shows it.
type ReportOutput struct {
	Delivery string `json:"delivery"`
	Status   Status `json:"status"`
	Counts   Counts `json:"counts"`
}

// Report writes the delivery's report as JSON and CSV and ends the delivery.
func (s *Service) Report(ctx context.Context, in Input) (ReportOutput, error) {
	const op = "delivery.Report"
	d, version, err := s.get(ctx, in.Delivery)
	if err != nil {
		return ReportOutput{}, err
	}
	if d.Reported {
		return d.output(), nil
	}
	if d.Status == Registered {
		return ReportOutput{}, failure.New(failure.Conflict, op, "the delivery has not been split")
	}
	r, basis, err := s.assemble(ctx, d)
	if err != nil {
		return ReportOutput{}, fmt.Errorf("%s: %w", op, err)
	}
	if d.Status == Split {
		d.Status, r.Status = Completed, Completed
	}
	if err := s.end(ctx, d, version, r, basis); err != nil {
		return ReportOutput{}, fmt.Errorf("%s: %w", op, err)
	}
	d.Counts = r.Counts
	return d.output(), nil
}

func (d *Delivery) output() ReportOutput {
	return ReportOutput{Delivery: d.ID, Status: d.Status, Counts: d.Counts}
}

// assemble gathers all of the report but its faults of rows, which are
// streamed: they are those of the basis, which for a duplicate is the earlier
// delivery.
func (s *Service) assemble(ctx context.Context, d Delivery) (r Report, basis Delivery, err error) {
	r, basis = s.head(d), d
	if d.DuplicateOf != "" {
		if basis, _, err = s.get(ctx, d.DuplicateOf); err != nil {
			return r, basis, err
		}
		r.DuplicateOf = &Earlier{Delivery: basis.ID, File: basis.File(), Version: basis.Version, Received: basis.Received}
	}
	for t, err := range s.tallies(ctx, basis) {
		if err != nil {
			return r, basis, err
		}
		r.add(t.Tally)
	}
	for _, f := range basis.Faults {
		r.FaultCounts[f.Code]++
	}
	if d.DuplicateOf != "" {
		r.nothingNew()
	}
	return r, basis, nil
}

func (s *Service) head(d Delivery) Report {
	r := Report{
		Format: ReportFormat, Delivery: d.ID, Status: d.Status, Reason: d.Reason,
		Organisation: d.Organisation, Feed: d.Feed, File: d.File(), Version: d.Version, Size: d.Size, SHA256: d.SHA256,
		Received: d.Received, Reported: s.Now().UTC(),
		Kinds: map[string]Counts{}, Entries: map[string]Stored{}, FaultCounts: map[string]int{},
	}
	p, f, _ := s.Partners.Find(d.Organisation, d.Feed)
	if p != nil {
		r.Name = p.Name
	}
	if f != nil {
		r.FeedFormat = string(f.Format)
	}
	return r
}

func (r *Report) add(t Tally) {
	r.Counts.Add(t.Counts)
	for kind, c := range t.Kinds {
		sum := r.Kinds[kind]
		sum.Add(c)
		r.Kinds[kind] = sum
	}
	for resourceType, e := range t.Entries {
		sum := r.Entries[resourceType]
		r.Entries[resourceType] = Stored{sum.Accepted + e.Accepted, sum.Unchanged + e.Unchanged, sum.Held + e.Held}
	}
	for code, n := range t.Faults {
		r.FaultCounts[code] += n
	}
}

// nothingNew turns the counts of the earlier report into those of a duplicate:
// what was accepted then is unchanged now.
func (r *Report) nothingNew() {
	settle := func(c Counts) Counts {
		c.Unchanged += c.Accepted
		c.Accepted = 0
		return c
	}
	r.Counts = settle(r.Counts)
	for kind, c := range r.Kinds {
		r.Kinds[kind] = settle(c)
	}
	for resourceType, e := range r.Entries {
		r.Entries[resourceType] = Stored{0, e.Accepted + e.Unchanged, e.Held}
	}
}

// ReportKey is where the report of a delivery lies in the reports bucket; ext is json or csv.
// A file of an unknown sender has no prefix of its own: its report is for the
// region's operators.
// A key that leaves no room for the version is cut and told apart by the
// delivery's id.
func ReportKey(d Delivery, ext string) string {
	key, end := d.Key, "."+d.Version+"."+ext
	if d.Feed == "" {
		key = "quarantine/" + key
	}
	if len(key)+len(end) > object.MaxKey {
		end = "…" + d.ID + end
		key = strings.ToValidUTF8(key[:object.MaxKey-len(end)], "")
	}
	return key + end
}

func (s *Service) writeReports(ctx context.Context, d Delivery, r Report, basis Delivery) error {
	type form struct {
		ext, contentType string
		write            func(io.Writer, Report, faultStream) error
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range []form{{"json", "application/json", writeJSON}, {"csv", "text/csv; charset=utf-8", writeCSV}} {
		group.Go(func() error {
			pipe, out := io.Pipe()
			go func() { out.CloseWithError(f.write(out, r, s.faults(ctx, basis))) }()
			_, err := s.Objects.Put(ctx, s.Buckets.Reports, ReportKey(d, f.ext), f.contentType, pipe)
			pipe.CloseWithError(err) // ends the writer when the store gave up first
			return err
		})
	}
	return group.Wait()
}

// writeJSON writes the report with its faults one after the other, so that
// memory does not grow with them.
func writeJSON(w io.Writer, r Report, faults faultStream) error {
	r.Faults = nil
	head, err := json.MarshalIndent(r, "", "  ") // one fault a line follows: ScanReport reads them so
	if err != nil {
		return failure.Wrap(failure.Internal, "delivery.writeJSON", err)
	}
	open, ok := strings.CutSuffix(string(head), "null\n}")
	if !ok {
		return failure.New(failure.Internal, "delivery.writeJSON", "the faults are not the last member of the report")
	}
	if _, err := io.WriteString(w, open+"["); err != nil {
		return err
	}
	separator := "\n    "
	for f, err := range faults {
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, separator+strings.TrimSuffix(string(encode(f)), "\n")); err != nil {
			return err
		}
		separator = ",\n    "
	}
	_, err = io.WriteString(w, "\n  ]\n}\n")
	return err
}
