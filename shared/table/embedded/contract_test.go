package embedded_test

import (
	"testing"

	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
	"github.com/carerecord/carerecord/shared/table/tabletest"
)

func TestContractInMemory(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(t *testing.T) table.Table { return memory(t).Table("contract") })
}

// On the disk the tables of all tests share one store, as those of a region do.
func TestContractOnDisk(t *testing.T) {
	t.Parallel()
	db := onDisk(t, t.TempDir())
	tabletest.Run(t, func(t *testing.T) table.Table { return db.Table(t.Name()) })
}

func memory(tb testing.TB) *embedded.DB {
	tb.Helper()
	db, err := embedded.Memory()
	return opened(tb, db, err)
}

func onDisk(tb testing.TB, dir string) *embedded.DB {
	tb.Helper()
	db, err := embedded.Open(dir)
	return opened(tb, db, err)
}

func opened(tb testing.TB, db *embedded.DB, err error) *embedded.DB {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

func BenchmarkTable(b *testing.B) {
	tabletest.Bench(b, func(b *testing.B) table.Table { return onDisk(b, b.TempDir()).Table("bench") })
}
