package dir

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// The buckets of the index. objects holds one bucket for each S3 bucket, with
// an entry for each version; bodies the ids of the bodies that entries own,
// with the sizes of their parts; watched the S3 buckets whose puts are events,
// and events those not yet taken; meta the last version id given out.
var (
	objectsBucket = []byte("objects")
	bodiesBucket  = []byte("bodies")
	watchedBucket = []byte("watched")
	eventsBucket  = []byte("events")
	metaBucket    = []byte("meta")
	lastVersion   = []byte("last-version")
)

// entry is what the index tells of one version.
type entry struct {
	Size    int64  `json:"s,omitempty"`
	ETag    string `json:"e,omitempty"`
	Type    string `json:"t,omitempty"`
	Body    string `json:"b,omitempty"`
	Deleted bool   `json:"d,omitempty"`
}

func createBuckets(tx *bbolt.Tx, names []string) error {
	for _, b := range [][]byte{objectsBucket, bodiesBucket, watchedBucket, eventsBucket, metaBucket} {
		if _, err := tx.CreateBucketIfNotExists(b); err != nil {
			return err
		}
	}
	for _, name := range names {
		if _, err := tx.Bucket(objectsBucket).CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	return nil
}

// versionsOf gives the entries of an S3 bucket.
func versionsOf(tx *bbolt.Tx, op, bucket string) (*bbolt.Bucket, error) {
	b := tx.Bucket(objectsBucket).Bucket([]byte(bucket))
	if bucket == "" || b == nil {
		return nil, failure.New(failure.NotFound, op, "no such bucket")
	}
	return b, nil
}

// An entry's key is the object's key with each NUL followed by 0xff, then NUL
// 0x01, then the bitwise complement of the version id. Entries are thus in the
// byte order of the keys, and the versions of a key newest first.
const (
	endOfKey    = "\x00\x01"
	pastKey     = "\x00\x02" // sorts after every version of the key
	escapedNUL  = "\x00\xff"
	versionSize = 16
)

func escape(key string) string { return strings.ReplaceAll(key, "\x00", escapedNUL) }

func entryKey(key string, v ulid.ULID) []byte {
	return append([]byte(escape(key)+endOfKey), complement(v[:])...)
}

func complement(v []byte) []byte {
	out := make([]byte, len(v))
	for i, b := range v {
		out[i] = ^b
	}
	return out
}

// splitKey takes an entry's key apart.
func splitKey(k []byte) (key string, v ulid.ULID) {
	at := len(k) - versionSize
	copy(v[:], complement(k[at:]))
	return strings.ReplaceAll(string(k[:at-len(endOfKey)]), escapedNUL, "\x00"), v
}

func decode(k, value []byte, bucket string) (Version, error) {
	var e entry
	if err := json.Unmarshal(value, &e); err != nil {
		return Version{}, failure.Wrap(failure.Internal, "dir.decode", err)
	}
	key, v := splitKey(k)
	return Version{Info: infoOf(bucket, key, v, e), Deleted: e.Deleted, body: e.Body}, nil
}

func infoOf(bucket, key string, v ulid.ULID, e entry) object.Info {
	return object.Info{
		Ref:  object.Ref{Bucket: bucket, Key: key, Version: v.String()},
		Size: e.Size, ETag: e.ETag, ContentType: e.Type, Modified: ulid.Time(v.Time()).UTC(),
	}
}

// newest gives the newest version of a key, delete marker or not; nil if none.
func newest(b *bbolt.Bucket, bucket, key string) (*Version, error) {
	start := []byte(escape(key) + endOfKey)
	k, value := b.Cursor().Seek(start)
	if k == nil || !bytes.HasPrefix(k, start) {
		return nil, nil
	}
	v, err := decode(k, value, bucket)
	v.Latest = true
	return &v, err
}

// nextVersion gives a version id that sorts after every earlier one, also in
// the same millisecond and when the clock was put back.
func nextVersion(tx *bbolt.Tx, now time.Time) (ulid.ULID, error) {
	v, err := ulid.New(ulid.Timestamp(now), ulid.DefaultEntropy())
	if err != nil {
		return v, err
	}
	meta := tx.Bucket(metaBucket)
	if last := meta.Get(lastVersion); last != nil && bytes.Compare(v[:], last) <= 0 {
		copy(v[:], last)
		for i := len(v) - 1; i >= 0; i-- {
			if v[i]++; v[i] != 0 {
				break
			}
		}
	}
	return v, meta.Put(lastVersion, v[:])
}
