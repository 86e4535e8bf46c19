package lambdakit

import (
	"bytes"
	"log"
	"log/slog"
)

// catchStrays takes what libraries write through the standard loggers of the
// process: it comes out as a code, and what it says is withheld.
func catchStrays(logger *slog.Logger) {
	slog.SetDefault(logger)
	log.SetFlags(0)
	log.SetOutput(strays{logger})
}

// strays is the writer of the standard logger. The Lambda runtime's own line,
// which repeats the error that an invocation ended with, is dropped: it was
// logged under its code.
type strays struct{ log *slog.Logger }

// Write takes one line.
func (s strays) Write(line []byte) (int, error) {
	if !bytes.HasPrefix(line, []byte(`{"errorMessage":`)) {
		s.log.Warn(Uncoded)
	}
	return len(line), nil
}
