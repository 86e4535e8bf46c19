package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carerecord/carerecord/shared/failure"
)

const keyBlock = "PRIVATE KEY" // PKCS #8 in PEM (RFC 7468, 10)

// loadKey refuses a key file that others may read: it would be everybody's.
func loadKey(file string) (*ecdsa.PrivateKey, error) {
	const op = "access.loadKey"
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, failure.Wrap(failure.NotFound, op, err)
	case err != nil:
		return nil, failure.Wrap(failure.Unavailable, op, err)
	case info.Mode().Perm()&0o077 != 0:
		return nil, failure.New(failure.Invalid, op, "the key file is open to other users: set its mode to 0600")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, failure.Wrap(failure.Unavailable, op, err)
	}
	block, _ := pem.Decode(content)
	if block == nil || block.Type != keyBlock {
		return nil, failure.New(failure.Invalid, op, "the key file holds no PEM private key")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, failure.New(failure.Invalid, op, "the key file holds no P-256 key")
	}
	return key, nil
}

// makeKey writes the key beside its place and links it there, so that no one
// ever sees half a file and the first of several makers wins.
func makeKey(file string) (*ecdsa.PrivateKey, error) {
	const op = "access.makeKey"
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, failure.Wrap(failure.Internal, op, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, failure.Wrap(failure.Internal, op, err)
	}
	if err := writeOnce(file, pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der})); err != nil {
		return nil, failure.Wrap(failure.Unavailable, op, err)
	}
	return loadKey(file)
}

// writeOnce leaves a file that is already there as it is.
func writeOnce(file string, content []byte) error {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(folder, ".key-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), file); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
