package dir_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/objecttest"
)

const childFolder = "CARERECORD_DIR_TEST_FOLDER"

// TestMain is also the child process of TestStopAtAnyMoment.
func TestMain(m *testing.M) {
	if root := os.Getenv(childFolder); root != "" {
		putForEver(root)
	}
	os.Exit(m.Run())
}

// body is text that tells where it should end.
func body(n int) string { return strings.Repeat(fmt.Sprintf("%06d;", n), 20_000) }

// putForEver stores object after object and prints the number of each one that
// Put has accepted, until it is killed.
func putForEver(root string) {
	s, err := dir.Open(root, objecttest.Bucket)
	for n := 0; err == nil; n++ {
		if _, err = s.Put(context.Background(), objecttest.Bucket, fmt.Sprintf("k/%06d", n), "", strings.NewReader(body(n))); err == nil {
			fmt.Println(n)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// The process is killed while it puts: what Put accepted is there and whole,
// and of the rest there is nothing, in the index or on the disk.
func TestStopAtAnyMoment(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, accepted := range []int{1, 7, 20} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childFolder+"="+root)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range accepted {
			lines.Scan()
		}
		_ = cmd.Process.Kill()
		for lines.Scan() {
			accepted++
		}
		_ = cmd.Wait() // it was killed
		checkWhole(t, root, accepted)
	}
}

func checkWhole(t *testing.T, root string, accepted int) {
	t.Helper()
	s, err := dir.Open(root, objecttest.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := 0
	for info, err := range s.List(t.Context(), objecttest.Bucket, "k/") {
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := s.Open(t.Context(), info.Ref, 0)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || string(text) != body(n) || info.Key != fmt.Sprintf("k/%06d", n) {
			t.Errorf("object %d is not whole: %d bytes, %v", n, len(text), err)
		}
		_ = r.Close()
		n++
	}
	if n < accepted {
		t.Errorf("%d objects are there, %d were accepted", n, accepted)
	}
	versions := len(history(t, s, "", dir.After{}))
	if staged, bodies := files(t, root, "staging"), files(t, root, "bodies"); staged != 0 || bodies != versions {
		t.Errorf("%d staged files and %d bodies, want none and %d", staged, bodies, versions)
	}
}

func files(t *testing.T, root, folder string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, folder), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenClearsLeftovers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s, err := dir.Open(root, objecttest.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	info := put(t, s, "kept", "text")
	upload, err := s.CreateUpload(t.Context(), objecttest.Bucket, "large", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutPart(t.Context(), object.Ref{Bucket: objecttest.Bucket, Key: "large"}, upload, 1, strings.NewReader("part")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, stray := range []string{"staging/half", "bodies/01AAA/01AAAAAAAAAAAAAAAAAAAAAAAA", "bodies/01AAA/01BBBBBBBBBBBBBBBBBBBBBBBB/00001"} {
		path := filepath.Join(root, stray)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("half"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s = reopen(t, root)
	if staged, bodies := files(t, root, "staging"), files(t, root, "bodies"); staged != 0 || bodies != 1 {
		t.Errorf("%d staged files and %d bodies, want none and 1", staged, bodies)
	}
	if got, err := s.Head(t.Context(), object.Ref{Bucket: objecttest.Bucket, Key: "kept"}); err != nil || got != info {
		t.Errorf("Head = %+v, %v; want %+v", got, err, info)
	}
}

// Nothing on the disk but the index tells a key, and nothing leaves the root.
func TestFileNamesAreOpaque(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	s := reopen(t, filepath.Join(outer, "root"))
	for _, key := range []string{"../../escape", "/etc/passwd", "Surname^Forename.csv", "..", "a/../../b"} {
		put(t, s, key, "x")
	}
	err := filepath.WalkDir(outer, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, "escape") || strings.Contains(path, "Surname") || strings.Contains(path, "passwd") {
			t.Errorf("a file name tells a key")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(outer)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d entries lie beside the root, %v", len(entries)-1, err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	reopen(t, root)
	if _, err := dir.Open(root); !failure.Is(err, failure.Unavailable) {
		t.Errorf("second Open = %v, want unavailable", err)
	}
}

func TestCallsAfterClose(t *testing.T) {
	t.Parallel()
	s, err := dir.Open(t.TempDir(), objecttest.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), objecttest.Bucket, "k", "", strings.NewReader("x")); !failure.Is(err, failure.Unavailable) {
		t.Errorf("Put = %v, want unavailable", err)
	}
}
