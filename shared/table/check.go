package table

import (
	"unicode/utf8"

	"github.com/carerecord/carerecord/shared/failure"
)

// Check gives Invalid, in the name of op, when the key breaks a limit of the port.
func (k Key) Check(op string) error {
	switch {
	case k.Partition == "" || k.Sort == "":
		return failure.New(failure.Invalid, op, "a part of the key is empty")
	case len(k.Partition) > MaxPartitionBytes:
		return failure.New(failure.Invalid, op, "the partition key has %d bytes, the most is %d", len(k.Partition), MaxPartitionBytes)
	case len(k.Sort) > MaxKeyBytes:
		return failure.New(failure.Invalid, op, "the sort key has %d bytes, the most is %d", len(k.Sort), MaxKeyBytes)
	case !utf8.ValidString(k.Partition) || !utf8.ValidString(k.Sort):
		return failure.New(failure.Invalid, op, "the key is not valid UTF-8")
	}
	return nil
}

// Check gives Invalid, in the name of op, when the write breaks a limit that
// can be seen without storing it; the engine checks the size of its body.
func (w *Write) Check(op string) error {
	if err := w.Key.Check(op); err != nil {
		return err
	}
	if w.Action > Check {
		return failure.New(failure.Invalid, op, "unknown action %d", w.Action)
	}
	if w.Action != Put && len(w.Body) > 0 {
		return failure.New(failure.Invalid, op, "only a Put has a body")
	}
	return nil
}

// Idle says whether the write neither changes nor demands anything; engines leave it out.
func (w *Write) Idle() bool {
	_, any := w.If.Demands()
	return w.Action == Check && !any
}

// CheckCommit gives Invalid, in the name of op, for writes that no engine may
// take as one Commit: too many, two of one key, or a bad one.
func CheckCommit(op string, writes []Write) error {
	if len(writes) > MaxCommit {
		return failure.New(failure.Invalid, op, "%d writes, the most is %d", len(writes), MaxCommit)
	}
	for i := range writes {
		if err := writes[i].Check(op); err != nil {
			return err
		}
	}
	for i, twice := range repeated(writes) {
		if twice {
			return failure.New(failure.Invalid, op, "write %d has the key of another", i)
		}
	}
	return nil
}

// CheckEach gives one error for each write that Each must refuse; it is nil
// everywhere when all may be tried.
func CheckEach(op string, writes []Write) []error {
	errs := make([]error, len(writes))
	for i, twice := range repeated(writes) {
		if twice {
			errs[i] = failure.New(failure.Invalid, op, "write %d has the key of another", i)
		} else {
			errs[i] = writes[i].Check(op)
		}
	}
	return errs
}

// repeated marks every write that shares its key with another.
func repeated(writes []Write) []bool {
	marks := make([]bool, len(writes))
	if len(writes) < 2 {
		return marks
	}
	first := make(map[Key]int, len(writes))
	for i := range writes {
		if j, seen := first[writes[i].Key]; seen {
			marks[i], marks[j] = true, true
		} else {
			first[writes[i].Key] = i
		}
	}
	return marks
}

// Check gives Invalid, in the name of op, when the range names what no key can be.
func (r *Range) Check(op string) error {
	if err := (Key{Partition: r.Partition, Sort: "-"}).Check(op); err != nil {
		return err
	}
	if !utf8.ValidString(r.Prefix) || !utf8.ValidString(r.From) || !utf8.ValidString(r.To) {
		return failure.New(failure.Invalid, op, "a bound of the range is not valid UTF-8")
	}
	if r.Limit < 0 {
		return failure.New(failure.Invalid, op, "the limit %d is negative", r.Limit)
	}
	return nil
}

// Bounds gives the range as two sort keys: low inclusive, high exclusive, empty
// for unbounded. ok is false when no key can lie in it.
func (r *Range) Bounds() (low, high string, ok bool) {
	low, high = max(r.Prefix, r.From), r.To
	if end := after(r.Prefix); end != "" && (high == "" || end < high) {
		high = end
	}
	return low, high, high == "" || low < high
}

// after gives the least string above all that begin with prefix, or "" when
// there is none. It steps the last rune, not the last byte, so that the result
// is valid UTF-8: UTF-8 keeps the order of code points (RFC 3629, section 1).
func after(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == utf8.MaxRune: // nothing above it: step the rune before
		case last == 0xD7FF: // surrogates are no characters
			return prefix + "\uE000"
		default:
			return prefix + string(last+1)
		}
	}
	return ""
}
