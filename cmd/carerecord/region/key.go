package region

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/opaque"
)

const keyFile = "region.key"

// Exists refuses a folder in which no region was ever started
// (failure.NotFound).
func Exists(data string) error {
	if _, err := os.Stat(filepath.Join(data, keyFile)); err != nil {
		return failure.New(failure.NotFound, "--data", "%s holds no region yet", data)
	}
	return nil
}

// loadKey reads the region's secret key, and makes it at the first start. On
// AWS it lies in Secrets Manager; here in a file that only its owner can read.
func loadKey(dir string) (*opaque.Hasher, error) {
	const op = "region.loadKey"
	path := filepath.Join(dir, keyFile)
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, opaque.KeySize)
		_, _ = rand.Read(key) // never fails (crypto/rand)
		err = os.WriteFile(path, key, 0o600)
	}
	if err != nil {
		return nil, failure.Wrap(failure.Unavailable, op, err)
	}
	return opaque.NewHasher(key)
}
