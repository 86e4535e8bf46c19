package table

import (
	"context"
	"fmt"
	"sync"
)

// Usage is what calls cost, by DynamoDB's rules (Developer Guide, "DynamoDB
// read and write operations"): a read unit is 4 KB read strongly consistent, a
// write unit 1 KB written, both doubled in a transaction. The units of a
// transaction count as write units, those that its checks read included. A write
// refused by its condition counts the least it can cost: one unit, or two in a
// transaction.
type Usage struct {
	Requests     int     // calls to the service, retries included
	ReadUnits    float64 // read capacity units
	WriteUnits   float64 // write capacity units
	ItemsRead    int     // items that came back
	ItemsWritten int     // items put or deleted
	BytesRead    int64   // of the items read, as stored, keys included
	BytesWritten int64   // of the items put, as stored, keys included
}

// String gives the usage in one line, for benchmarks and reports.
func (u Usage) String() string {
	return fmt.Sprintf("%d requests, %g read units, %g write units, %d items and %d bytes read, %d items and %d bytes written",
		u.Requests, u.ReadUnits, u.WriteUnits, u.ItemsRead, u.BytesRead, u.ItemsWritten, u.BytesWritten)
}

// Meter adds up the usage of all calls made under one context. It is safe for
// concurrent use. DynamoDB's figures are those the service answers; the
// embedded engine computes the same ones.
type Meter struct {
	parent *Meter
	mu     sync.Mutex
	total  Usage
}

type meterKey struct{}

// WithMeter gives a context whose calls are counted. A meter that is already in
// ctx goes on counting them as well.
func WithMeter(ctx context.Context) (context.Context, *Meter) {
	m := &Meter{parent: MeterOf(ctx)}
	return context.WithValue(ctx, meterKey{}, m), m
}

// MeterOf gives the meter of a context, or nil; a nil meter takes what it is
// given and counts nothing.
func MeterOf(ctx context.Context) *Meter {
	m, _ := ctx.Value(meterKey{}).(*Meter)
	return m
}

// Add counts a usage. Engines call it once for every request.
func (m *Meter) Add(u Usage) {
	for ; m != nil; m = m.parent {
		m.mu.Lock()
		m.total.Requests += u.Requests
		m.total.ReadUnits += u.ReadUnits
		m.total.WriteUnits += u.WriteUnits
		m.total.ItemsRead += u.ItemsRead
		m.total.ItemsWritten += u.ItemsWritten
		m.total.BytesRead += u.BytesRead
		m.total.BytesWritten += u.BytesWritten
		m.mu.Unlock()
	}
}

// Usage gives what was counted so far.
func (m *Meter) Usage() Usage {
	if m == nil {
		return Usage{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total
}
