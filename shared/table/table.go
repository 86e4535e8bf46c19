// Package table is the storage port: an ordered store of small items with
// atomic, conditional writes. The whole domain stands on its four calls.
//
// A table holds items under a partition key and a sort key; the items of one
// partition are ordered by the bytes of their sort keys. There is no secondary
// index: what needs finding is written as an item in the same commit. Engines
// (table/dynamo, table/embedded) keep bodies compressed and as binary data;
// that is their inside. table/tabletest is the contract both must pass;
// table/engines runs any test on both.
//
// Around the port stand four aids that know no engine: a Meter counts requests
// and capacity units, Rounds counts sequential round trips, Faults fails or
// stops at a chosen call, and Dump lists a whole table.
package table

import (
	"context"
	"iter"
)

// Limits of the port; they are those of DynamoDB (Developer Guide,
// "Constraints in Amazon DynamoDB").
const (
	MaxCommit         = 100       // writes in one Commit
	MaxCommitBytes    = 4_000_000 // all keys and bodies of one Commit, as stored
	MaxItemBytes      = 390 << 10 // a body as stored, after compression
	MaxBodyBytes      = 16 << 20  // a body as given, before compression
	MaxKeyBytes       = 1024      // a sort key
	MaxPartitionBytes = 2048      // a partition key
)

// Key names an item. Both parts are valid UTF-8 and not empty. Keys hold no
// personal data, only opaque ids and codes.
type Key struct{ Partition, Sort string }

// Item is what is stored under a key. Version is 1 after the first write and
// grows by one with every write since; 0 means that there is no such item. An
// item that was deleted starts from 1 again. A write without a condition that
// was repeated after a lost answer counts as two.
type Item struct {
	Key
	Version uint64
	Body    []byte
}

// Condition says what must be true of an item for a write to be made.
type Condition struct {
	kind    conditionKind
	version uint64
}

type conditionKind uint8

const (
	always conditionKind = iota
	absent
	atVersion
)

// Always, the zero Condition, lets the write happen whatever is there.
var Always = Condition{}

// Absent demands that nothing is stored under the key.
var Absent = Condition{kind: absent}

// AtVersion demands that the item is there with this version. Version 0 is the same as Absent.
func AtVersion(v uint64) Condition {
	if v == 0 {
		return Absent
	}
	return Condition{kind: atVersion, version: v}
}

// Demands gives what the condition asks: (0, true) for absence, (v, true) for a version, false for nothing.
func (c Condition) Demands() (version uint64, any bool) {
	return c.version, c.kind != always
}

// Action is what a write does to its item.
type Action uint8

const (
	Put    Action = iota // store the body, raising the version by one
	Delete               // remove the item; removing what is absent is no error
	Check                // change nothing; only the condition counts
)

// Write is one change of one item.
type Write struct {
	Key
	Action Action
	Body   []byte
	If     Condition
}

// Range is a run of sort keys in one partition. From is inclusive, To is
// exclusive; both are whole sort keys and empty means unbounded. Prefix, when
// set, keeps of that run only the sort keys that begin with it.
type Range struct {
	Partition string
	Prefix    string
	From, To  string
	Reverse   bool // last first
	Limit     int  // the most items wanted; 0: no limit
}

// Table is one table of one engine. All calls are safe for concurrent use,
// obey cancellation of ctx, and give errors of shared/failure: Conflict for a
// condition that did not hold, TooLarge, Invalid for a breach of the limits
// above, Throttled and Unavailable after the engine's own retries.
type Table interface {
	// Get reads items by key, strongly consistent, any number, in the order
	// asked. What is absent comes back with Version 0 and no body. The same
	// key twice is answered twice.
	Get(ctx context.Context, keys ...Key) ([]Item, error)

	// Query reads a range in order, strongly consistent, page by page as the
	// caller takes it. An error ends the sequence.
	Query(ctx context.Context, r Range) iter.Seq2[Item, error]

	// Commit makes all the writes or none. Two writes of one key are Invalid.
	// A Conflict may also be reported for a commit that was made although its
	// answer was lost: read again and decide again.
	Commit(ctx context.Context, writes ...Write) error

	// Each makes every write on its own, without atomicity and in no order:
	// errs[i] is nil when write i was made. Any number of writes; those that
	// share a key are Invalid and not made, the others are. It costs half of
	// what Commit costs and waits for durability once.
	Each(ctx context.Context, writes ...Write) (errs []error)
}

// Scanner lists a whole table, in no order that engines share. It is for tests,
// backup and verification only: no answer to a user may need it. The engines'
// tables are Scanners, wrapped ones are not.
type Scanner interface {
	Scan(ctx context.Context) iter.Seq2[Item, error]
}
