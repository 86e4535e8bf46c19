package dir

import (
	"errors"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// recover clears what a stop left: everything staged (uploads in parts that
// were not completed are among it), and bodies that no version owns.
func (s *Store) recover() error {
	staged, err := os.ReadDir(filepath.Join(s.root, "staging"))
	if err != nil {
		return err
	}
	for _, e := range staged {
		err = errors.Join(err, os.RemoveAll(s.staged(e.Name())))
	}
	if err != nil {
		return err
	}
	return s.db.View(s.removeOrphans)
}

func (s *Store) removeOrphans(tx *bbolt.Tx) error {
	shards, err := os.ReadDir(filepath.Join(s.root, "bodies"))
	if err != nil {
		return err
	}
	owned := tx.Bucket(bodiesBucket)
	for _, shard := range shards {
		folder := filepath.Join(s.root, "bodies", shard.Name())
		bodies, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, body := range bodies {
			if owned.Get([]byte(body.Name())) != nil {
				continue
			}
			if err := os.RemoveAll(filepath.Join(folder, body.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
