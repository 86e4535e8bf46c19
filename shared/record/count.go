package record

import (
	"context"
	"strings"

	"github.com/carerecord/carerecord/shared/table"
)

// Count gives the number of current entries in a table, by reading all of it:
// for a local region, tests and verification.
func Count(ctx context.Context, s table.Scanner) (entries int, err error) {
	for item, err := range s.Scan(ctx) {
		if err != nil {
			return 0, err
		}
		if strings.HasPrefix(item.Sort, currentPrefix) {
			entries++
		}
	}
	return entries, nil
}
