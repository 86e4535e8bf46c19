package delivery

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// ReadReport reads the report of a delivery that has ended, with all its
// faults; failure.NotFound when it has none yet.
func (s *Service) ReadReport(ctx context.Context, id string) (Report, error) {
	var r Report
	err := s.ScanReport(ctx, id, func(head Report) error {
		r = head
		return nil
	}, func(f extract.Fault) error {
		r.Faults = append(r.Faults, f)
		return nil
	})
	return r, err
}

// ScanReport reads a report and gives its head, without faults, then its faults
// one after the other: memory does not grow with them. An error of head or
// each ends it.
func (s *Service) ScanReport(ctx context.Context, id string, head func(Report) error, each func(extract.Fault) error) error {
	const op = "delivery.ScanReport"
	body, err := s.OpenReport(ctx, id)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer body.Close()
	lines := bufio.NewReader(body)
	var text bytes.Buffer
	for faults := false; ; {
		line, err := lines.ReadBytes('\n')
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return failure.Wrap(failure.Unavailable, op, err)
		case faults:
			err = scanFault(line, each)
		case bytes.HasPrefix(line, []byte(`  "faults": [`)):
			faults = true
			err = scanHead(append(text.Bytes(), `"faults": []}`...), head)
		default:
			text.Write(line)
		}
		if err != nil {
			return err
		}
	}
}

func scanHead(text []byte, head func(Report) error) error {
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return failure.Wrap(failure.Internal, "delivery.ScanReport", err)
	}
	r.Faults = nil
	return head(r)
}

// scanFault reads a line of a report behind its head: a fault, or the end.
func scanFault(line []byte, each func(extract.Fault) error) error {
	line = bytes.TrimRight(bytes.TrimSpace(line), ",")
	if len(line) == 0 || line[0] != '{' {
		return nil
	}
	var f extract.Fault
	if err := json.Unmarshal(line, &f); err != nil {
		return failure.Wrap(failure.Internal, "delivery.ScanReport", err)
	}
	return each(f)
}

// OpenReport streams the JSON report of a delivery as the partner reads it.
func (s *Service) OpenReport(ctx context.Context, id string) (io.ReadCloser, error) {
	d, _, err := s.get(ctx, id)
	if err != nil {
		return nil, err
	}
	body, _, err := s.Objects.Open(ctx, object.Ref{Bucket: s.Buckets.Reports, Key: ReportKey(d, "json")}, 0)
	return body, err
}
