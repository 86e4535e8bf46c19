package benchmark

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
)

// PeakMemory gives the most memory that the process has held, in bytes: the
// kernel's figure (VmHWM) where it tells, else what the Go runtime took.
func PeakMemory() int64 {
	if status, err := os.Open("/proc/self/status"); err == nil {
		defer status.Close()
		for lines := bufio.NewScanner(status); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "VmHWM:" {
				kilobytes, _ := strconv.ParseInt(fields[1], 10, 64)
				return kilobytes << 10
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}

// Views asks for the URL the given number of times, one after the other, and
// gives how long each took to the last byte, and the size of an answer.
func Views(ctx context.Context, url, token string, times int) ([]time.Duration, int64, error) {
	const op = "benchmark.Views"
	took := make([]time.Duration, 0, times)
	var size int64
	for range times {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, 0, failure.Wrap(failure.Invalid, op, err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Accept-Encoding", "identity")
		start := time.Now()
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, 0, failure.Wrap(failure.Unavailable, op, err)
		}
		size, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close() // read to its end
		if err != nil || answer.StatusCode != http.StatusOK {
			return nil, 0, failure.New(failure.Unavailable, op, "status %d", answer.StatusCode)
		}
		took = append(took, time.Since(start))
	}
	return took, size, nil
}
