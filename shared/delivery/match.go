package delivery

import (
	"context"
	"fmt"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/version"
)

// BatchInput is what the maps give to match-patients and load-entries: some
// chunks of a delivery (ItemBatcher of the state machine).
type BatchInput struct {
	BatchInput Input `json:"BatchInput"`
	Items      []int `json:"Items"`
}

// BatchOutput says how many chunks were done. The state machine drops it.
type BatchOutput struct {
	Chunks int `json:"chunks"`
}

// Match gives the index what the chunks' rows say of patients: their details,
// and which of them the organisation has merged.
func (s *Service) Match(ctx context.Context, in BatchInput) (BatchOutput, error) {
	src, err := s.source(ctx, in.BatchInput.Delivery)
	if err != nil {
		return BatchOutput{}, err
	}
	for _, number := range in.Items {
		rows, err := s.rows(ctx, src.ID, number)
		if err != nil {
			return BatchOutput{}, err
		}
		var statements []index.Statement
		for _, row := range rows {
			statements = append(statements, src.statements(row)...)
		}
		if err := s.Index.Apply(ctx, src.Received, statements); err != nil {
			return BatchOutput{}, fmt.Errorf("delivery.Match: %w", err)
		}
	}
	return BatchOutput{Chunks: len(in.Items)}, nil
}

// source is a delivery together with how its feed names things.
type source struct {
	Delivery
	service   *Service
	namespace string
}

func (s *Service) source(ctx context.Context, id string) (source, error) {
	d, _, err := s.get(ctx, id)
	if err != nil {
		return source{}, err
	}
	_, feed, known := s.Partners.Find(d.Organisation, d.Feed)
	if !known {
		feed = &partner.Feed{Name: d.Feed}
	}
	return source{Delivery: d, service: s, namespace: feed.Namespace()}, nil
}

// patientKey is the key of a source patient. A patient without an assigning
// authority is one of the feed's own namespace.
func (src *source) patientKey(p *extract.Patient) string {
	return index.SourceKey(src.service.Hasher, src.Organisation, src.system(p), p.Value)
}

func (src *source) system(p *extract.Patient) string {
	if p.System == "" {
		return src.namespace
	}
	return p.System
}

func (src *source) origin(row extract.Row) record.Origin {
	return record.Origin{
		Organisation: src.Organisation, Feed: src.Feed, Delivery: src.ID,
		Row: row.Number, Line: row.Place.Line, Offset: row.Place.Offset, Path: row.Place.Path,
	}
}

// instant orders a row's statement: by the source's own time, else by that of
// the delivery; rows of one time in file order.
func (src *source) instant(row extract.Row) version.Instant {
	if row.At.IsZero() {
		return version.Instant{Time: src.Received, Row: row.Number}
	}
	return version.Instant{Time: row.At.UTC(), Row: row.Number}
}

// patientInstant orders what a row says of the patient themselves.
func (src *source) patientInstant(row extract.Row) version.Instant {
	at := src.instant(row)
	at.Passing = row.Passing
	return at
}

func (src *source) statements(row extract.Row) []index.Statement {
	if row.Rejected() || row.Subject == nil {
		return nil
	}
	var list []index.Statement
	origin := src.origin(row)
	subject := src.patientKey(row.Subject)
	if row.Details != nil {
		list = append(list, index.Statement{
			Key: subject, Organisation: src.Organisation, System: src.system(row.Subject), Value: row.Subject.Value,
			Details: row.Details, At: src.patientInstant(row), Origin: origin,
		})
	}
	if row.Merge != nil {
		list = append(list, index.Statement{
			Key: src.patientKey(row.Merge), Organisation: src.Organisation, System: src.system(row.Merge), Value: row.Merge.Value,
			MergedInto: subject, At: src.instant(row), Origin: origin,
		})
	}
	return list
}
