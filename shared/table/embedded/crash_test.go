package embedded

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carerecord/carerecord/shared/table"
)

// Power is cut at a random moment: everything that was not synced is gone. What
// was acknowledged before, and what any reader saw before, must be there, and
// commits must be whole.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			powerCut(t, seed)
		})
	}
}

const accounts = 4

func powerCut(t *testing.T, seed uint64) {
	fs := vfs.NewCrashableMem()
	db, err := open("", slowSync{fs}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := db.Table("t")
	var seen [accounts]atomic.Uint64 // the highest version acknowledged or read
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	for range 6 {
		work.Go(func() { move(ctx, s, &seen) })
	}
	for range 2 {
		work.Go(func() { watch(ctx, s, &seen) })
	}
	time.Sleep(time.Duration(10+rand.IntN(40)) * time.Millisecond)
	var wanted [accounts]uint64
	for i := range wanted { // first what was promised, then the cut
		wanted[i] = seen[i].Load()
	}
	after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(seed * 12), RNG: rand.New(rand.NewPCG(seed, 0))})
	stop()
	work.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	verify(t, after, wanted)
}

func verify(t *testing.T, fs vfs.FS, wanted [accounts]uint64) {
	db, err := open("", fs, nil)
	if err != nil {
		t.Fatalf("after the cut: %v", err)
	}
	defer db.Close()
	var sum, least uint64
	for i := range wanted {
		items, err := db.Table("t").Get(t.Context(), account(i), mirror(i))
		if err != nil {
			t.Fatal(err)
		}
		if items[0].Version < wanted[i] {
			t.Errorf("account %d: version %d was promised, %d is there", i, wanted[i], items[0].Version)
		}
		if items[0].Version != items[1].Version {
			t.Errorf("account %d: half a commit is there: versions %d and %d", i, items[0].Version, items[1].Version)
		}
		sum += items[0].Version
		least += wanted[i]
	}
	t.Logf("%d commits promised, %d there", least, sum)
}

func account(i int) table.Key {
	return table.Key{Partition: fmt.Sprint("account", i), Sort: "balance"}
}

func mirror(i int) table.Key { return table.Key{Partition: "mirror", Sort: fmt.Sprint(i)} }

// move raises an account and its mirror in one commit.
func move(ctx context.Context, s *Table, seen *[accounts]atomic.Uint64) {
	for n := 0; ctx.Err() == nil; n++ {
		i := n % accounts
		items, err := s.Get(ctx, account(i))
		if err != nil {
			continue
		}
		v := items[0].Version
		raise(&seen[i], v)
		if s.Commit(ctx, table.Write{Key: account(i), If: table.AtVersion(v)}, table.Write{Key: mirror(i)}) == nil {
			raise(&seen[i], v+1)
		}
	}
}

// watch reads by Query what writers are just writing.
func watch(ctx context.Context, s *Table, seen *[accounts]atomic.Uint64) {
	for n := 0; ctx.Err() == nil; n++ {
		i := n % accounts
		for item, err := range s.Query(ctx, table.Range{Partition: account(i).Partition}) {
			if err == nil {
				raise(&seen[i], item.Version)
			}
		}
	}
}

func raise(to *atomic.Uint64, v uint64) {
	for {
		old := to.Load()
		if old >= v || to.CompareAndSwap(old, v) {
			return
		}
	}
}

// slowSync makes a sync take as long as that of a disk, so that there is always
// something not yet synced.
type slowSync struct{ vfs.FS }

func (fs slowSync) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.Create(name, c)
	return slowFile{f}, err
}

func (fs slowSync) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := fs.FS.ReuseForWrite(old, name, c)
	return slowFile{f}, err
}

type slowFile struct{ vfs.File }

func (f slowFile) Sync() error     { time.Sleep(time.Millisecond); return f.File.Sync() }
func (f slowFile) SyncData() error { time.Sleep(time.Millisecond); return f.File.SyncData() }

// A stored value that this package did not write is an error, never a panic.
func TestDamagedValues(t *testing.T) {
	t.Parallel()
	for _, value := range [][]byte{{}, {0x80}, {1}, {1, 9, 9}, {1, 1, 2, 3}} {
		if _, _, err := decode("test", table.Key{Partition: "p", Sort: "s"}, value); err == nil {
			t.Errorf("value %x is read without an error", value)
		}
	}
	if _, _, ok := cutPart([]byte("no end\x00")); ok {
		t.Error("a key without an end is read")
	}
}

func FuzzKeyOrder(f *testing.F) {
	f.Add("a", "s", "a\x00", "s")
	f.Add("a", "\xff", "a\x01", "")
	f.Add("\x00\x01", "x", "\x00", "\x01x")
	f.Fuzz(func(t *testing.T, p1, s1, p2, s2 string) {
		table1 := &Table{prefix: appendPart(nil, "t")}
		a, b := table.Key{Partition: p1, Sort: s1}, table.Key{Partition: p2, Sort: s2}
		rawA, rawB := table1.appendKey(nil, a), table1.appendKey(nil, b)
		wantLess := p1 < p2 || p1 == p2 && s1 < s2
		if less := string(rawA) < string(rawB); less != wantLess {
			t.Errorf("%q before %q is %v, want %v", a, b, less, wantLess)
		}
		if back, err := table1.splitKey(rawA); err != nil || back != a {
			t.Errorf("%q comes back as %q, %v", a, back, err)
		}
	})
}

// A disk that cannot be written any more must never be answered with success.
func TestAFailedSyncIsNoSuccess(t *testing.T) {
	t.Parallel()
	f := &flush{done: make(chan struct{}), err: errors.New("disk gone")}
	close(f.done)
	s := new(stripe)
	s.pending.Store(f)
	if s.settled("test") == nil {
		t.Error("a reader of an unsynced write is answered")
	}
}
