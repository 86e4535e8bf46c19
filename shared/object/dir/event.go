package dir

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"

	"go.etcd.io/bbolt"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// A Hook is told of a new version in a bucket, after the version is visible.
// A nil error means that it has been taken for good.
type Hook func(ctx context.Context, info object.Info) error

// events are the local form of S3's event notifications. That a version is
// still to be told is stored in the transaction that makes it visible, so a
// stop at any moment loses none.
type events struct {
	mu    sync.Mutex
	hooks map[string]Hook
	busy  map[string]bool // versions whose hook is running
}

// OnPut calls hook for each version put into the bucket from now on, also by
// later runs of the program, and first for those not taken yet: an error of
// one of these is returned, and the hook stays set.
//
// The hook runs before Put returns, in its goroutine, and must not take long;
// its error does not fail the Put. It is called once for a version, and again
// only after it gave an error (see Redeliver) or the process stopped while it
// ran. Deletes call no hook.
func (s *Store) OnPut(ctx context.Context, bucket string, hook Hook) error {
	const op = "dir.OnPut"
	err := s.update(ctx, op, func(tx *bbolt.Tx) error {
		if _, err := versionsOf(tx, op, bucket); err != nil {
			return err
		}
		return tx.Bucket(watchedBucket).Put([]byte(bucket), []byte{1})
	})
	if err != nil {
		return err
	}
	s.events.set(bucket, hook)
	return s.Redeliver(ctx)
}

// Redeliver calls the hooks for the versions they have not taken, in order of
// version, and gives the errors of those that failed again.
func (s *Store) Redeliver(ctx context.Context) error {
	const op = "dir.Redeliver"
	var pending []object.Info
	err := s.view(ctx, op, func(tx *bbolt.Tx) error {
		return tx.Bucket(eventsBucket).ForEach(func(_, value []byte) error {
			var info object.Info
			pending = append(pending, info)
			return json.Unmarshal(value, &pending[len(pending)-1])
		})
	})
	for _, info := range pending {
		err = errors.Join(err, s.redeliver(ctx, info))
	}
	return failure.Wrap(failure.KindOf(err), op, err)
}

// redeliver leaves a version alone whose Put is telling it at this moment.
func (s *Store) redeliver(ctx context.Context, info object.Info) error {
	if !s.events.claim(info.Version) {
		return nil
	}
	defer s.events.release(info.Version)
	var waiting bool
	err := s.view(ctx, "dir.redeliver", func(tx *bbolt.Tx) error {
		waiting = tx.Bucket(eventsBucket).Get([]byte(info.Version)) != nil
		return nil
	})
	if err != nil || !waiting {
		return err
	}
	return s.tell(ctx, info)
}

// notify tells of a version that was just put. What fails stays stored.
func (s *Store) notify(ctx context.Context, info object.Info) {
	_ = s.tell(context.WithoutCancel(ctx), info)
}

func (s *Store) tell(ctx context.Context, info object.Info) error {
	hook := s.events.hook(info.Bucket)
	if hook == nil {
		return nil
	}
	if err := hook(ctx, info); err != nil {
		return err
	}
	return s.update(context.WithoutCancel(ctx), "dir.tell", func(tx *bbolt.Tx) error {
		return tx.Bucket(eventsBucket).Delete([]byte(info.Version))
	})
}

// enqueue stores that a version is to be told, when its bucket is watched, and
// claims it for the put that runs the transaction.
func (s *Store) enqueue(tx *bbolt.Tx, info object.Info) (bool, error) {
	if !bytes.Equal(tx.Bucket(watchedBucket).Get([]byte(info.Bucket)), []byte{1}) {
		return false, nil
	}
	value, err := json.Marshal(info)
	if err != nil {
		return false, err
	}
	s.events.claim(info.Version)
	return true, tx.Bucket(eventsBucket).Put([]byte(info.Version), value)
}

func (e *events) set(bucket string, hook Hook) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hooks == nil {
		e.hooks = map[string]Hook{}
	}
	e.hooks[bucket] = hook
}

func (e *events) hook(bucket string) Hook {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.hooks[bucket]
}

func (e *events) claim(version string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[version] {
		return false
	}
	if e.busy == nil {
		e.busy = map[string]bool{}
	}
	e.busy[version] = true
	return true
}

func (e *events) release(version string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.busy, version)
}
