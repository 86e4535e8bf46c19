package delivery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/extract/messages"
	"github.com/carerecord/carerecord/shared/extract/registers"
	"github.com/carerecord/carerecord/shared/extract/resources"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/table"
)

// maxFileFaults bounds what is kept of faults of the file as a whole; a file
// that is wrong in a thousand ways is understood after a hundred.
const maxFileFaults = 100

// Input is what every step but Split's maps is given.
type Input struct {
	Delivery string `json:"delivery"`
}

// Location names an object for the state machine.
type Location struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
}

// SplitOutput tells the state machine what there is to do.
type SplitOutput struct {
	Delivery string   `json:"delivery"`
	Outcome  Status   `json:"outcome"` // split, duplicate or refused
	Chunks   Location `json:"chunks"`  // a JSON array of chunk numbers
	Count    int      `json:"count"`
}

// Split reads the file once for its hash and, unless the same content was
// completed before, once more row by row into chunks in the work bucket.
func (s *Service) Split(ctx context.Context, in Input) (SplitOutput, error) {
	d, version, err := s.get(ctx, in.Delivery)
	if err != nil {
		return SplitOutput{}, err
	}
	if d.Status != Registered {
		return s.splitOutput(d), nil
	}
	if d.SHA256, err = s.hash(ctx, d); err != nil {
		return SplitOutput{}, fmt.Errorf("delivery.Split: %w", err)
	}
	d.DuplicateOf, err = s.claimContent(ctx, d)
	switch {
	case err != nil:
	case d.DuplicateOf != "":
		d.Status = Duplicate
	default:
		err = s.splitRows(ctx, &d)
	}
	if err == nil {
		err = s.put(ctx, d, version)
	}
	if err != nil {
		return SplitOutput{}, fmt.Errorf("delivery.Split: %w", err)
	}
	return s.splitOutput(d), nil
}

func (s *Service) splitOutput(d Delivery) SplitOutput {
	outcome := d.Status
	if outcome == Completed {
		outcome = Split
	}
	return SplitOutput{
		Delivery: d.ID, Outcome: outcome, Count: d.Chunks,
		Chunks: Location{Bucket: s.Buckets.Work, Key: manifestObject(d.ID)},
	}
}

func (s *Service) hash(ctx context.Context, d Delivery) (string, error) {
	body, err := s.open(ctx, d)
	if err != nil {
		return "", err
	}
	defer body.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, body); err != nil {
		return "", failure.Wrap(failure.Unavailable, "delivery.hash", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// open reads the version that was registered, also when the partner has
// overwritten the object since.
func (s *Service) open(ctx context.Context, d Delivery) (io.ReadCloser, error) {
	body, _, err := s.Objects.Open(ctx, object.Ref{Bucket: d.Bucket, Key: d.Key, Version: d.Version}, 0)
	return body, err
}

// claimContent notes that this delivery brings the content, and gives the
// earlier delivery of the feed that was completed with the same content. An
// earlier one that did not complete gives way: it must not make the partner's
// next try look done.
func (s *Service) claimContent(ctx context.Context, d Delivery) (duplicateOf string, err error) {
	key := contentKey(d.Organisation, d.Feed, d.SHA256)
	items, err := s.Table.Get(ctx, key)
	if err != nil {
		return "", err
	}
	if earlier := string(items[0].Body); items[0].Version > 0 {
		if earlier == d.ID {
			return "", nil
		}
		e, _, err := s.get(ctx, earlier)
		if err != nil {
			return "", err
		}
		if e.Status == Completed || e.Status == Refused {
			return e.ID, nil
		}
	}
	err = s.Table.Commit(ctx, table.Write{Key: key, Body: []byte(d.ID), If: table.AtVersion(items[0].Version)})
	if failure.Is(err, failure.Conflict) {
		err = failure.Wrap(failure.Unavailable, "delivery.claimContent", err)
	}
	return "", err
}

// splitRows streams the file into chunks and sets the delivery's status,
// number of chunks and faults of the whole file.
func (s *Service) splitRows(ctx context.Context, d *Delivery) error {
	_, feed, known := s.Partners.Find(d.Organisation, d.Feed)
	if !known {
		return failure.New(failure.Invalid, "delivery.splitRows", "the feed has left the partner register")
	}
	src := extract.Source{Size: d.Size, Received: d.Received, Open: func(ctx context.Context) (io.ReadCloser, error) { return s.open(ctx, *d) }}
	w := chunkWriter{service: s, delivery: d}
	for row, err := range reader(feed).Rows(ctx, src) {
		if err == nil {
			err = w.add(ctx, row)
		}
		if err != nil {
			return err
		}
	}
	return w.finish(ctx)
}

// reader gives the reader of a feed's format. The register was checked when it
// was read, so every format is one of these.
func reader(feed *partner.Feed) extract.Reader {
	switch feed.Format {
	case partner.HL7v2:
		return messages.Reader{}
	case partner.FHIR:
		return resources.Reader{}
	default:
		return registers.Reader{Mapping: feed.CSV}
	}
}

type chunkWriter struct {
	service  *Service
	delivery *Delivery
	chunk    lines
	rows     int
}

func (w *chunkWriter) add(ctx context.Context, row extract.Row) error {
	if row.Number == 0 {
		w.fileFaults(row.Faults)
		return nil
	}
	w.rows++
	refuseOversize(&row)
	if err := w.chunk.add(row); err != nil {
		return err
	}
	if w.chunk.count < chunkRows && w.chunk.size < chunkBytes {
		return nil
	}
	return w.flush(ctx)
}

// maxResource is the largest resource that is taken, in bytes. Our ids in its
// references make it longer, and record.MaxResourceBytes is where that ends.
const maxResource = 2 << 20

func refuseOversize(row *extract.Row) {
	for _, e := range row.Entries {
		if len(e.Resource) > maxResource {
			fault := extract.RowTooLong.At(row.Number, row.Place, fmt.Sprintf("a %s of %d bytes", e.Type, len(e.Resource)))
			row.Faults = append(row.Faults, fault.Want("a resource of at most %d bytes", maxResource))
			row.Details, row.Merge, row.Entries = nil, nil, nil
			return
		}
	}
}

func (w *chunkWriter) fileFaults(faults []extract.Fault) {
	room := maxFileFaults - len(w.delivery.Faults)
	w.delivery.Faults = append(w.delivery.Faults, faults[:min(room, len(faults))]...)
}

func (w *chunkWriter) flush(ctx context.Context) error {
	w.delivery.Chunks++
	return w.chunk.store(ctx, w.service.Objects, w.service.Buckets.Work, chunkObject(w.delivery.ID, w.delivery.Chunks))
}

func (w *chunkWriter) finish(ctx context.Context) error {
	if w.chunk.count > 0 {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	w.delivery.Status = Split
	if w.rows == 0 {
		w.delivery.Status = Refused
		w.delivery.Reason = "the file has no rows"
		if len(w.delivery.Faults) > 0 {
			w.delivery.Reason = w.delivery.Faults[0].Code
		}
		return nil
	}
	numbers := make([]int, w.delivery.Chunks)
	for i := range numbers {
		numbers[i] = i + 1
	}
	manifest, err := json.Marshal(numbers)
	if err != nil {
		return failure.Wrap(failure.Internal, "delivery.finish", err)
	}
	_, err = w.service.Objects.Put(ctx, w.service.Buckets.Work, manifestObject(w.delivery.ID), "application/json", bytes.NewReader(manifest))
	return err
}
