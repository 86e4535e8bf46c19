package embedded_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// childDir names the store that the test's own child process writes to.
const childDir = "CARERECORD_TEST_STORE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// writeUntilKilled commits pairs from many goroutines and prints each name once
// it is acknowledged.
func writeUntilKilled(dir string) {
	db, err := embedded.Open(dir)
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(2)
	}
	var mu sync.Mutex
	s := db.Table("t")
	for g := range 8 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%06d", g, i)
				var err error
				if i%3 == 0 {
					err = s.Each(parent{}, pair(name)...)[1]
				} else {
					err = s.Commit(parent{}, pair(name)...)
				}
				if err != nil {
					fmt.Println("failed", err)
					os.Exit(2)
				}
				mu.Lock()
				fmt.Println(name)
				mu.Unlock()
			}
		}()
	}
	select {}
}

// pair gives two writes of different partitions that belong together.
func pair(name string) []table.Write {
	body := []byte(strings.Repeat(name, 50))
	return []table.Write{
		{Key: table.Key{Partition: "left", Sort: name}, Body: body, If: table.Absent},
		{Key: table.Key{Partition: "right" + name, Sort: name}, Body: body, If: table.Absent},
	}
}

// A process killed in the middle of writing has kept all that it acknowledged.
func TestKilledProcessKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 3 {
		acknowledged := runAndKill(t, fmt.Sprintf("%s/%d", dir, round), 400+300*round)
		db := onDisk(t, fmt.Sprintf("%s/%d", dir, round))
		s := db.Table("t")
		for _, name := range acknowledged {
			w := pair(name)
			items, err := s.Get(t.Context(), w[0].Key, w[1].Key)
			if err != nil {
				t.Fatal(err)
			}
			for i, item := range items {
				if item.Version != 1 || string(item.Body) != string(w[i].Body) {
					t.Fatalf("round %d: %s was acknowledged and came back at version %d", round, name, item.Version)
				}
			}
		}
		t.Logf("round %d: %d acknowledged commits, all there", round, len(acknowledged))
	}
}

// runAndKill gives the names that a child process acknowledged until it was killed.
func runAndKill(t *testing.T, dir string, lines int) []string {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	timeout := time.AfterFunc(time.Minute, func() { _ = child.Process.Kill() })
	defer timeout.Stop()
	var names []string
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		if strings.HasPrefix(scanner.Text(), "failed") {
			t.Fatal(scanner.Text())
		}
		names = append(names, scanner.Text())
		if len(names) == lines {
			_ = child.Process.Kill() // SIGKILL; what is in the pipe is still read
		}
	}
	_ = child.Wait() // killed
	if len(names) < lines {
		t.Fatalf("the child acknowledged only %d commits", len(names))
	}
	return names
}

func TestASecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := onDisk(t, dir)
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childDir+"="+dir)
	out, err := child.Output()
	if err == nil || !strings.HasPrefix(string(out), "failed embedded.Open: conflict: the store in ") || !strings.Contains(string(out), "in use by another process") {
		t.Errorf("a second process: %v, %s", err, out)
	}
	if _, err := embedded.Open(dir); !failure.Is(err, failure.Conflict) {
		t.Errorf("opened twice in one process: %v, want a conflict", err)
	}
	if err := db.Table("t").Commit(t.Context(), pair("x")...); err != nil {
		t.Errorf("the first one is harmed: %v", err)
	}
}
