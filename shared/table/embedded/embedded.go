// Package embedded is the storage port on Pebble: a region in one process with
// nothing installed. It holds no rule of the domain and never speaks of a
// patient; shared/table says what its calls mean.
//
// Pebble v2.1.7 was chosen over bbolt v1.5.0 by measurement on two cores, synced, bodies of 1 KB, figures Pebble : bbolt Update : bbolt Batch.
// Conditional commits of 4 keys from 16 writers 12,053 : 2,004 : 4,807 a second; writes in hundreds 45,510 : 69,653 : 77,745 items a second; scans 0.65 : 3.7 : 3.9 million items a second; memory 64 : 698 : 1,022 MB (its file is mapped).
// Both are durable and atomic; Pebble wins where it counts, on many small durable commits at a small and steady memory, and its scans are far above what an answer needs.
//
// An acknowledged write is on disk, and so is whatever a reader saw: a read
// waits for the syncs of the writes that it may have seen. Writers hold the
// locks of their partitions while they check and apply, not while they wait for
// the disk, so that concurrent commits share syncs.
package embedded

import (
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carerecord/carerecord/shared/failure"
)

// Memory is kept small: a region must fit in a few hundred megabytes.
const (
	cacheBytes    = 32 << 20
	memTableBytes = 16 << 20
	bloomBits     = 10 // a bit over 1 % of reads of absent keys touch the disk
)

// DB is one store of any number of tables. It is safe for concurrent use by
// one process.
type DB struct {
	pebble  *pebble.DB
	lock    *pebble.Lock // of the folder; nil in memory
	seed    maphash.Seed
	stripes [stripeCount]stripe

	mu     sync.Mutex
	calls  int           // calls that are in the store now
	closed bool          // no further call is let in
	idle   chan struct{} // closed when the last call has left a closed store
}

// Open opens the store in dir and makes it when there is none. A store that
// another process (or this one) has open is a Conflict; one that cannot be read
// is Unavailable.
func Open(dir string) (*DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failure.Wrap(failure.Unavailable, "embedded.Open", err)
	}
	lock, err := pebble.LockDirectory(dir, vfs.Default)
	if err != nil {
		return nil, lockFailure(dir, err)
	}
	db, err := open(dir, vfs.Default, lock)
	if err != nil {
		_ = lock.Close() // the failure to open is what counts
		return nil, err
	}
	return db, nil
}

// Memory opens an empty store that is gone when the process ends. It is for
// tests and trials and behaves like any other store.
func Memory() (*DB, error) { return open("", vfs.NewMem(), nil) }

// lockFailure tells a store in use from a folder that cannot be locked at all.
func lockFailure(dir string, err error) error {
	if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
		return failure.Wrap(failure.Unavailable, "embedded.Open", err)
	}
	return failure.New(failure.Conflict, "embedded.Open", "the store in %s is in use by another process: %v", dir, err)
}

func open(dir string, fs vfs.FS, lock *pebble.Lock) (*DB, error) {
	cache := pebble.NewCache(cacheBytes)
	defer cache.Unref()
	options := &pebble.Options{
		FS:           fs,
		Lock:         lock,
		Cache:        cache,
		MemTableSize: memTableBytes,
		// A store keeps this format when the library moves on.
		FormatMajorVersion: pebble.FormatValueSeparation,
		Logger:             quiet{},
	}
	options.EnsureDefaults()
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits)
	}
	p, err := pebble.Open(dir, options)
	if err != nil {
		return nil, failure.Wrap(failure.Unavailable, "embedded.Open", err)
	}
	return &DB{pebble: p, lock: lock, seed: maphash.MakeSeed(), idle: make(chan struct{})}, nil
}

// Table gives the table of that name; it begins empty. Names are the caller's
// and any text will do.
func (db *DB) Table(name string) *Table {
	return &Table{db: db, prefix: appendPart(nil, name), salt: maphash.String(db.seed, name)}
}

// Close waits for the calls under way and closes the store; later calls are
// Unavailable. It must not be called from within the loop over a Query.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	if db.calls == 0 {
		close(db.idle)
	}
	db.mu.Unlock()
	<-db.idle
	err := db.pebble.Close()
	if db.lock != nil {
		err = errors.Join(err, db.lock.Close())
	}
	return failure.Wrap(failure.Unavailable, "embedded.Close", err)
}

// enter lets a call into an open store. Pebble panics when it is used closed.
func (db *DB) enter(op string) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return failure.New(failure.Unavailable, op, "the store is closed")
	}
	db.calls++
	return nil
}

func (db *DB) leave() {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.calls--; db.closed && db.calls == 0 {
		close(db.idle)
	}
}

// quiet keeps Pebble's chatter out of the logs; only what went wrong is said.
type quiet struct{}

func (quiet) Infof(string, ...any) {}

// Errorf tells of work in the background that failed and is tried again.
func (quiet) Errorf(format string, args ...any) {
	slog.Warn("storage.background", "reason", firstLine(format, args))
}

// Fatalf tells of a log that can no longer be written (a full or broken disk).
// Going on would acknowledge what is not stored, so the process ends, as if killed.
func (quiet) Fatalf(format string, args ...any) {
	slog.Error("storage.fatal", "reason", firstLine(format, args))
	os.Exit(1)
}

func firstLine(format string, args []any) string {
	line, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	return line
}
