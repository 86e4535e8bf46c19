package version

import (
	"encoding/json"
	"slices"

	"github.com/carerecord/carerecord/shared/failure"
)

// stored is the form in which a history is kept: each hash and delivery is
// written once, and a statement is [hash, delivery, seconds, nanoseconds, row]
// with the first two as places in those lists.
type stored struct {
	Hashes     []string   `json:"h"`
	Deliveries []string   `json:"d"`
	Statements [][5]int64 `json:"s"`
}

// MarshalJSON gives the stored form. Equal histories give equal bytes.
func (h History) MarshalJSON() ([]byte, error) {
	out := stored{Statements: make([][5]int64, 0, len(h.statements))}
	for _, s := range h.statements {
		out.Statements = append(out.Statements, [5]int64{
			place(&out.Hashes, s.Hash), place(&out.Deliveries, s.Delivery),
			s.At.Time.Unix(), int64(s.At.Time.Nanosecond()), s.At.place(),
		})
	}
	return json.Marshal(out)
}

// place gives the index of a string in a list, which it joins when it is new.
func place(list *[]string, s string) int64 {
	i := slices.Index(*list, s)
	if i < 0 {
		i = len(*list)
		*list = append(*list, s)
	}
	return int64(i)
}

// UnmarshalJSON reads the stored form and refuses (failure.Internal) what
// MarshalJSON cannot have written.
func (h *History) UnmarshalJSON(data []byte) error {
	var in stored
	if err := json.Unmarshal(data, &in); err != nil {
		return failure.Wrap(failure.Internal, "version.History", err)
	}
	list := make([]Statement, 0, len(in.Statements))
	for _, s := range in.Statements {
		if s[0] < 0 || s[0] >= int64(len(in.Hashes)) || s[1] < 0 || s[1] >= int64(len(in.Deliveries)) {
			return failure.New(failure.Internal, "version.History", "a stored statement names no hash or delivery")
		}
		list = append(list, Statement{
			At:   at(s[2], s[3], s[4]),
			Hash: in.Hashes[s[0]], Delivery: in.Deliveries[s[1]],
		})
	}
	if !slices.IsSortedFunc(list, Statement.compare) {
		return failure.New(failure.Internal, "version.History", "the stored statements are out of order")
	}
	h.statements = nil
	if len(list) > 0 {
		h.statements = list
	}
	return nil
}
