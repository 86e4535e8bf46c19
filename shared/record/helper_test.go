package record_test

import (
	"context"
	"fmt"
	"time"

	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
	"github.com/carerecord/carerecord/shared/version"
)

// fresh gives an empty table of the embedded engine.
func fresh(t interface {
	Helper()
	Fatal(...any)
	Cleanup(func())
},
) table.Table {
	t.Helper()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db.Table("record")
}

// stated makes a statement: entry id, content, the second at which the source
// said so, the delivery and its row.
func stated(id, content string, second int, delivery string, row int) record.Entry {
	return record.Entry{
		Owner: "patient1", Type: "Observation", ID: id,
		At:   version.Instant{Time: time.Unix(int64(second), 0).UTC(), Row: row},
		Date: "2020-05-01", Hash: "h" + content,
		Resource: []byte(fmt.Sprintf(`{"resourceType":"Observation","id":%q,"note":%q,"source":"%s/%d"}`, id, content, delivery, row)),
		Refs:     []string{"Practitioner/p1"},
		Origin:   record.Origin{Organisation: "RX1", Feed: "lab", Delivery: delivery, Row: row, Line: int64(row * 10), Offset: int64(row * 100)},
	}
}

func load(t interface {
	Helper()
	Fatal(...any)
}, s *record.Store, entries ...record.Entry,
) []record.Fate {
	t.Helper()
	fates, err := s.Load(context.Background(), entries)
	if err != nil {
		t.Fatal(err)
	}
	return fates
}

func read(t interface {
	Helper()
	Fatal(...any)
}, s *record.Store, owner string, sel record.Selection,
) []record.Entry {
	t.Helper()
	var list []record.Entry
	for e, err := range s.Read(context.Background(), owner, sel) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}
