package stored

import (
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// Names of an item's attributes; short, because every item pays for them.
const (
	Partition = "pk"
	Sort      = "sk"
	Version   = "v"
	Body      = "b"
)

// The sizes of DynamoDB's units (Developer Guide, "DynamoDB read and write operations").
const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

// Size gives the bytes that DynamoDB counts for an item: the names and values
// of its attributes (Developer Guide, "DynamoDB item sizes and formats").
func Size(key table.Key, version uint64, form int) int {
	return len(Partition) + len(key.Partition) + len(Sort) + len(key.Sort) +
		len(Version) + numberSize(version) + len(Body) + form
}

// numberSize is one byte for every two significant digits and one more;
// zeros at the end are not significant.
func numberSize(n uint64) int {
	if n == 0 {
		return 1
	}
	for n%10 == 0 {
		n /= 10
	}
	digits := 0
	for ; n > 0; n /= 10 {
		digits++
	}
	return (digits+1)/2 + 1
}

// ReadUnits gives the units of reading so many bytes at once, strongly
// consistent. Reading nothing costs one.
func ReadUnits(bytes int) float64 { return units(bytes, readUnit) }

// WriteUnits gives the units of writing an item: of the larger of what was
// there and what is there now. At least one.
func WriteUnits(before, after int) float64 { return units(max(before, after), writeUnit) }

func units(bytes, unit int) float64 {
	return float64(max(1, (bytes+unit-1)/unit))
}

// CommitSize gives what a write adds to the size of its Commit.
func CommitSize(key table.Key, form []byte) int {
	return len(key.Partition) + len(key.Sort) + len(form)
}

// CheckCommitSize gives TooLarge, in the name of op, for a Commit over the limit.
func CheckCommitSize(op string, total int) error {
	if total <= table.MaxCommitBytes {
		return nil
	}
	return failure.New(failure.TooLarge, op, "the writes have %d bytes as stored, the most is %d", total, table.MaxCommitBytes)
}
