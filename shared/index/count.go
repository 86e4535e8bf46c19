package index

import (
	"context"
	"iter"
	"strings"

	"github.com/carerecord/carerecord/shared/table"
)

// Count gives the number of source patients that are linked and of the people
// that they are, by reading the whole table: for a local region, tests and
// verification.
func Count(ctx context.Context, s table.Scanner) (sourcePatients, people int, err error) {
	members, err := members(ctx, s)
	for _, n := range members {
		sourcePatients += n
	}
	return sourcePatients, len(members), err
}

// People gives the ids of all people who have a source patient, in no order,
// by reading the whole table.
func People(ctx context.Context, s table.Scanner) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		members, err := members(ctx, s)
		if err != nil {
			yield("", err)
			return
		}
		for id := range members {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// members counts the source patients of each person.
func members(ctx context.Context, s table.Scanner) (map[string]int, error) {
	count := map[string]int{}
	for item, err := range s.Scan(ctx) {
		if err != nil {
			return nil, err
		}
		if person, ok := strings.CutPrefix(item.Partition, "P#"); ok && strings.HasPrefix(item.Sort, memberPrefix) {
			count[person]++
		}
	}
	return count, nil
}
