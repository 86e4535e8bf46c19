package object_test

import (
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

func TestCheckKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, key string
		ok        bool
	}{
		{"plain", "RR8/adt/file.hl7", true},
		{"dots and slashes", "../..//./a", true},
		{"control character", "a\x00b", true},
		{"longest", strings.Repeat("é", object.MaxKey/2), true},
		{"empty", "", false},
		{"one byte too long", strings.Repeat("k", object.MaxKey+1), false},
		{"not UTF-8", "secret\xff", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := object.CheckKey("test.Call", c.key)
			if c.ok && err != nil {
				t.Fatalf("CheckKey: %v", err)
			}
			if !c.ok && !failure.Is(err, failure.Invalid) {
				t.Fatalf("CheckKey = %v, want invalid", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error holds the key: %v", err)
			}
		})
	}
}

func TestCheckOffset(t *testing.T) {
	t.Parallel()
	if err := object.CheckOffset("test.Call", 0); err != nil {
		t.Errorf("CheckOffset(0) = %v", err)
	}
	if err := object.CheckOffset("test.Call", -1); !failure.Is(err, failure.Invalid) {
		t.Errorf("CheckOffset(-1) = %v, want invalid", err)
	}
}
