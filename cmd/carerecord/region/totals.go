package region

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// Totals are what a region holds.
type Totals struct {
	SourcePatients int `json:"sourcePatients"` // patients as one organisation knows them
	People         int `json:"people"`         // that they are
	Entries        int `json:"entries"`        // current entries, those of no patient included
}

// shownFor is how long the page shows the totals that it counted: each count
// reads the whole store.
const shownFor = 10 * time.Second

// shownTotals gives the totals for the page, at most shownFor old.
func (r *Region) shownTotals(ctx context.Context) (Totals, error) {
	r.counting.Lock()
	defer r.counting.Unlock()
	if time.Since(r.countedAt) < shownFor {
		return r.counted, nil
	}
	t, err := r.Totals(ctx)
	if err == nil {
		r.counted, r.countedAt = t, time.Now()
	}
	return t, err
}

// Totals counts by reading everything: a local region is small.
func (r *Region) Totals(ctx context.Context) (t Totals, err error) {
	if t.SourcePatients, t.People, err = index.Count(ctx, r.tables.Table("index")); err == nil {
		t.Entries, err = record.Count(ctx, r.tables.Table("record"))
	}
	return t, err
}

// newestDeliveries bounds the list on the page.
const newestDeliveries = 50

// deliveries gives the newest deliveries, newest first.
func (r *Region) deliveries(ctx context.Context) ([]delivery.Delivery, error) {
	list, err := delivery.List(ctx, r.tables.Table("delivery"))
	slices.SortFunc(list, func(a, b delivery.Delivery) int { return strings.Compare(b.ID, a.ID) })
	return list[:min(len(list), newestDeliveries)], err
}

// SharedPerson gives the id of a person whom more than one organisation knows,
// the one with the most source patients; "" when there is none.
func (r *Region) SharedPerson(ctx context.Context) (string, error) {
	best, most := "", 1
	for id, err := range index.People(ctx, r.tables.Table("index")) {
		if err != nil {
			return "", err
		}
		person, err := r.Index.Person(ctx, id)
		if err != nil {
			return "", err
		}
		if n := organisations(person); n > most {
			best, most = id, n
		}
	}
	return best, nil
}

func organisations(p index.Person) int {
	seen := map[string]bool{}
	for _, s := range p.Sources {
		seen[s.Organisation] = true
	}
	return len(seen)
}

// FindPatient gives the person of a patient as an organisation's feed knows them.
func (r *Region) FindPatient(ctx context.Context, ods, system, value string) (string, error) {
	return r.Index.FindSource(ctx, index.SourceKey(r.Delivery.Hasher, ods, system, value))
}

// VerifyAudit checks the audit chains of a region that is not running.
func VerifyAudit(ctx context.Context, data string) (audit.Summary, error) {
	if err := Exists(data); err != nil {
		return audit.Summary{}, err
	}
	tables, err := embedded.Open(filepath.Join(data, "tables"))
	if err != nil {
		return audit.Summary{}, err
	}
	defer tables.Close()
	return audit.Verify(ctx, tables.Table("audit"))
}
