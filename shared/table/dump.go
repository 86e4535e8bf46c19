package table

import (
	"cmp"
	"context"
	"slices"
)

// Dump gives all items of a table by partition and sort key, so that two stores
// of any engine can be compared. It holds the whole table in memory and is for
// tests and verification only.
func Dump(ctx context.Context, s Scanner) ([]Item, error) {
	var items []Item
	for item, err := range s.Scan(ctx) {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Sort, b.Sort))
	})
	return items, nil
}
