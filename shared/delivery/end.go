package delivery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// QuarantineInput says which delivery to put aside and why. Error and Cause
// are what the state machine caught; Reason is used as it is when set.
type QuarantineInput struct {
	Delivery string `json:"delivery"`
	Reason   string `json:"reason,omitzero"`
	Error    string `json:"error,omitzero"`
	Cause    string `json:"cause,omitzero"`
}

// Quarantine puts a delivery aside with the reason and writes its report. What
// its rows brought before it failed stays: loading it again is safe.
func (s *Service) Quarantine(ctx context.Context, in QuarantineInput) (ReportOutput, error) {
	const op = "delivery.Quarantine"
	d, version, err := s.get(ctx, in.Delivery)
	if err != nil {
		return ReportOutput{}, err
	}
	if d.Reported {
		return d.output(), nil
	}
	d.Status = Quarantined
	if d.Reason = in.Reason; d.Reason == "" {
		d.Reason = fmt.Sprintf("a step failed for good (%s); rows loaded before it stay loaded, and the file may be sent again", in.Error)
	}
	r, basis, err := s.assemble(ctx, d)
	if err != nil {
		return ReportOutput{}, fmt.Errorf("%s: %w", op, err)
	}
	if err := s.end(ctx, d, version, r, basis); err != nil {
		return ReportOutput{}, fmt.Errorf("%s: %w", op, err)
	}
	d.Counts = r.Counts
	return d.output(), nil
}

// FeedState says how fresh a feed is.
type FeedState struct {
	Organisation string    `json:"organisation"` // ODS code
	Name         string    `json:"-"`
	Feed         string    `json:"feed"`
	Delivery     string    `json:"delivery,omitzero"` // the newest completed delivery; empty: none yet
	Received     time.Time `json:"received,omitzero"` // when it arrived
}

// end writes the reports, notes the feed's freshness, and last of all that the
// delivery has ended: a stop before that is mended by running the step again.
func (s *Service) end(ctx context.Context, d Delivery, version uint64, r Report, basis Delivery) error {
	if err := s.writeReports(ctx, d, r, basis); err != nil {
		return err
	}
	d.Counts, d.Reported = r.Counts, true
	if d.Status == Completed || d.Status == Duplicate {
		if err := s.refresh(ctx, d); err != nil {
			return err
		}
	}
	return s.put(ctx, d, version)
}

func (s *Service) refresh(ctx context.Context, d Delivery) error {
	key := feedKey(d.Organisation, d.Feed)
	items, err := s.Table.Get(ctx, key)
	if err != nil {
		return err
	}
	var last FeedState
	if items[0].Version > 0 {
		if err := decode(items[0].Body, &last); err != nil {
			return failure.Wrap(failure.Internal, "delivery.refresh", err)
		}
		if !last.Received.Before(d.Received) {
			return nil
		}
	}
	now := FeedState{Organisation: d.Organisation, Feed: d.Feed, Delivery: d.ID, Received: d.Received}
	err = s.Table.Commit(ctx, table.Write{Key: key, Body: encode(now), If: table.AtVersion(items[0].Version)})
	if failure.Is(err, failure.Conflict) {
		return failure.Wrap(failure.Unavailable, "delivery.refresh", err)
	}
	return err
}

// Freshness gives the state of every registered feed of the organisations (ODS
// codes; none: every organisation), in order of organisation, in one read.
func (s *Service) Freshness(ctx context.Context, organisations []string) ([]FeedState, error) {
	states := s.feeds(organisations)
	keys := make([]table.Key, len(states))
	for i, f := range states {
		keys[i] = feedKey(f.Organisation, f.Feed)
	}
	items, err := s.Table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("delivery.Freshness: %w", err)
	}
	for i, item := range items {
		if item.Version == 0 {
			continue
		}
		name := states[i].Name
		if err := decode(item.Body, &states[i]); err != nil {
			return nil, failure.Wrap(failure.Internal, "delivery.Freshness", err)
		}
		states[i].Name = name
	}
	return states, nil
}

func (s *Service) feeds(organisations []string) []FeedState {
	var states []FeedState
	for _, p := range s.Partners.Partners {
		if len(organisations) > 0 && !slices.Contains(organisations, p.ODS) {
			continue
		}
		for _, f := range p.Feeds {
			states = append(states, FeedState{Organisation: p.ODS, Name: p.Name, Feed: f.Name})
		}
	}
	slices.SortStableFunc(states, func(a, b FeedState) int { return strings.Compare(a.Organisation, b.Organisation) })
	return states
}
