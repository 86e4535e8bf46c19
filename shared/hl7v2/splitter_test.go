package hl7v2_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/hl7v2"
)

// part is what a test says of one part of a stream.
type part struct {
	Problem    hl7v2.Problem
	Line       int64
	Text       string // "offset:segment" for each segment, or the excerpt of a stray
	Terminated bool
}

func split(t testing.TB, r io.Reader) []part {
	t.Helper()
	var parts []part
	s := hl7v2.NewSplitter(r)
	for {
		m, err := s.Next()
		if errors.Is(err, io.EOF) {
			return parts
		}
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		p := part{Problem: m.Problem, Line: m.Line, Text: string(m.Excerpt), Terminated: m.Terminated}
		for _, seg := range m.Segments {
			p.Text += fmt.Sprintf("%d:%d:%s ", seg.Line, seg.Offset, seg.Raw())
		}
		p.Text = strings.TrimSuffix(p.Text, " ")
		parts = append(parts, p)
	}
}

func TestSplitter(t *testing.T) {
	t.Parallel()
	const h = `MSH|^~\&|A`
	tests := []struct {
		name, in string
		want     []part
	}{
		{"empty", "", nil},
		{"blank lines only", "\r\n\n\r", nil},
		{"CR", h + "\rPID|1\r", []part{{Line: 1, Text: "1:0:" + h + " 2:11:PID|1", Terminated: true}}},
		{"LF", h + "\nPID|1\n", []part{{Line: 1, Text: "1:0:" + h + " 2:11:PID|1", Terminated: true}}},
		{"CRLF", h + "\r\nPID|1\r\n", []part{{Line: 1, Text: "1:0:" + h + " 2:12:PID|1", Terminated: true}}},
		{"mixed", h + "\rPID|1\nPV1|1\r\n", []part{{Line: 1, Text: "1:0:" + h + " 2:11:PID|1 3:17:PV1|1", Terminated: true}}},
		{"no last terminator", h + "\rPID|1", []part{{Line: 1, Text: "1:0:" + h + " 2:11:PID|1"}}},
		{
			"two messages, blank line between", h + "\rPID|1\n\n" + h + "\rPID|2\n",
			[]part{{Line: 1, Text: "1:0:" + h + " 2:11:PID|1", Terminated: true}, {Line: 4, Text: "4:18:" + h + " 5:29:PID|2", Terminated: true}},
		},
		{"blank line inside a message", h + "\r\rPID|1\r", []part{{Line: 1, Text: "1:0:" + h + " 3:12:PID|1", Terminated: true}}},
		{
			"MLLP", "\x0b" + h + "\rPID|1\r\x1c\r\x0b" + h + "\r\x1c\r",
			[]part{{Line: 1, Text: "1:1:" + h + " 2:12:PID|1", Terminated: true}, {Line: 4, Text: "4:21:" + h, Terminated: true}},
		},
		{
			"MLLP, no CR before the end of block, blocks without CR", "\x0b" + h + "\x1c\x0b" + h + "\x1c",
			[]part{{Line: 1, Text: "1:1:" + h, Terminated: true}, {Line: 1, Text: "1:13:" + h, Terminated: true}},
		},
		{"vertical tab inside a segment is text", h + "\rNTE|1||a\x0bb\r", []part{{Line: 1, Text: "1:0:" + h + " 2:11:NTE|1||a\x0bb", Terminated: true}}},
		{"file separator inside a segment is text", h + "\rNTE|1||a\x1cb\r", []part{{Line: 1, Text: "1:0:" + h + " 2:11:NTE|1||a\x1cb", Terminated: true}}},
		{
			"batch envelope", "FHS|^~\\&|\rBHS|^~\\&|\r" + h + "\rPID|1\rBTS|1\rFTS|1\r",
			[]part{{Line: 3, Text: "3:20:" + h + " 4:31:PID|1", Terminated: true}},
		},
		{"byte order mark", "\xef\xbb\xbf" + h + "\r", []part{{Line: 1, Text: "1:3:" + h, Terminated: true}}},
		{
			"text before the first message", "Extract of 1 May\rand more\r" + h + "\r",
			[]part{{Problem: hl7v2.Stray, Line: 1, Text: "Extract of 1 May", Terminated: true}, {Line: 3, Text: "3:26:" + h, Terminated: true}},
		},
		{
			"text after a batch", h + "\rBTS|1\rPID|9\r",
			[]part{{Line: 1, Text: "1:0:" + h, Terminated: true}, {Problem: hl7v2.Stray, Line: 3, Text: "PID|9", Terminated: true}},
		},
		{
			"text after an end of block", h + "\r\x1c\rPID|9\r",
			[]part{{Line: 1, Text: "1:0:" + h, Terminated: true}, {Problem: hl7v2.Stray, Line: 3, Text: "PID|9", Terminated: true}},
		},
		{"a line that is no segment stays in the message", h + "\rand more\r", []part{{Line: 1, Text: "1:0:" + h + " 2:11:and more", Terminated: true}}},
		{"a word that begins with MSH", "MSHOP|1\r", []part{{Problem: hl7v2.Stray, Line: 1, Text: "MSHOP|1", Terminated: true}}},
		{"header alone", "MSH\r", []part{{Problem: hl7v2.BadHeader, Line: 1, Text: "1:0:MSH", Terminated: true}}},
		{"header without delimiters", "MSH|\rPID|1\r", []part{{Problem: hl7v2.BadHeader, Line: 1, Text: "1:0:MSH| 2:5:PID|1", Terminated: true}}},
		{"delimiter twice", "MSH|^^\\&|\r", []part{{Problem: hl7v2.BadHeader, Line: 1, Text: `1:0:MSH|^^\&|`, Terminated: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, split(t, strings.NewReader(tt.in))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			// Where a read ends must not matter.
			if diff := cmp.Diff(tt.want, split(t, iotest.OneByteReader(strings.NewReader(tt.in)))); diff != "" {
				t.Errorf("read byte by byte (-want +got)\n%s", diff)
			}
		})
	}
}

func TestSplitterGivesTheReadersError(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	s := hl7v2.NewSplitter(io.MultiReader(strings.NewReader("MSH|^~\\&|A\rMSH|^~\\&|B\r"), iotest.ErrReader(broken)))
	if m, err := s.Next(); err != nil || len(m.Segments) != 1 {
		t.Fatalf("the first message is whole: %v", err)
	}
	for {
		if _, err := s.Next(); err != nil {
			if !errors.Is(err, broken) {
				t.Fatalf("Next: %v", err)
			}
			return
		}
	}
}

// repeated gives n bytes of a line without an end.
type repeated struct{ n int }

func (r *repeated) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	n := min(len(p), r.n)
	for i := range n {
		p[i] = 'x'
	}
	r.n -= n
	return n, nil
}

func TestSplitterLimits(t *testing.T) {
	const h = `MSH|^~\&|A`
	const huge = 200 << 20
	stray := part{Problem: hl7v2.Stray, Line: 1, Text: strings.Repeat("x", 40)}
	whole := func(line int64, offset int) part {
		return part{Line: line, Text: fmt.Sprintf("%d:%d:%s", line, offset, h), Terminated: true}
	}
	tests := []struct {
		name string
		in   io.Reader
		want []part
	}{
		{"200 MB of one line", &repeated{huge}, []part{stray}},
		{
			"200 MB in a segment, then a message", io.MultiReader(strings.NewReader(h+"\rOBX|"), &repeated{huge}, strings.NewReader("\r"+h+"\r")),
			[]part{{Problem: hl7v2.TooLong, Line: 1, Terminated: true}, whole(3, huge+16+1-1)},
		},
		{
			"many segments together over the limit", io.MultiReader(strings.NewReader(h + "\r" + strings.Repeat("OBX|"+strings.Repeat("x", 1<<20)+"\r", 17) + h + "\r")),
			[]part{{Problem: hl7v2.TooLong, Line: 1, Terminated: true}, whole(19, 11+17*(1<<20+5))},
		},
		{
			"too many segments", strings.NewReader(h + "\r" + strings.Repeat("NTE\r", hl7v2.MaxSegments) + h + "\r"),
			[]part{{Problem: hl7v2.TooLong, Line: 1, Terminated: true}, whole(hl7v2.MaxSegments+2, 11+4*hl7v2.MaxSegments)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := split(t, tt.in)
			runtime.ReadMemStats(&after)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("%d MB allocated in all", used>>20)
			}
		})
	}
}

// A message exactly at the limit is read whole, and so is the one after it.
func TestSplitterAtTheLimit(t *testing.T) {
	t.Parallel()
	const h = "MSH|^~\\&|A\r"
	for _, over := range []int{0, 1} {
		in := h + strings.Repeat("x", hl7v2.MaxMessage-len(h)+over) + "\r" + h
		s := hl7v2.NewSplitter(strings.NewReader(in))
		m, err := s.Next()
		if err != nil || (m.Problem == hl7v2.TooLong) != (over == 1) {
			t.Fatalf("%d over: %v, %v", over, m.Problem, err)
		}
		if m, err = s.Next(); err != nil || m.Problem != hl7v2.None || m.Line != 3 {
			t.Fatalf("%d over, the next: %v", over, err)
		}
	}
}

// Every byte of a stream is in a part, in an envelope segment or is framing.
func FuzzSplitter(f *testing.F) {
	const h = "MSH|^~\\&|A\r"
	for _, s := range []string{
		h, "\x0b" + h + "PID|1\r\x1c\r", "FHS|^\r" + h + "FTS|1\r", "stray\n\n" + h, "\x1c\x0b" + h, "\xef\xbb\xbf", "MSH", "BTS\x1c\x0bMSH|^~\\&", "MSH|^~\\&\rOBX|1|TX|||a\\F\\b\\X41\\\\.br\\\x1c",
	} {
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, in []byte, chunk uint8) {
		s := hl7v2.NewSplitter(&chunked{in, int(chunk) + 1})
		at := int64(0)
		for {
			m, err := s.Next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				break
			}
			if m.Offset < at || m.End <= m.Offset {
				t.Fatalf("part %d to %d after %d", m.Offset, m.End, at)
			}
			onlyFraming(t, in[at:m.Offset])
			at = m.End
			inside := m.Offset
			for _, seg := range m.Segments {
				onlyFraming(t, in[inside:seg.Offset])
				inside = seg.Offset + int64(len(seg.Raw()))
				if string(in[seg.Offset:inside]) != string(seg.Raw()) {
					t.Fatalf("segment at %d is not what stands there", seg.Offset)
				}
				touch(seg)
			}
			if m.Raw() != nil && string(m.Raw()) != string(in[m.Offset:m.End]) {
				t.Fatalf("message at %d is not what stands there", m.Offset)
			}
		}
		onlyFraming(t, in[at:])
	})
}

type chunked struct {
	rest []byte
	size int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.size)], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// onlyFraming fails when a gap holds anything but line ends, block framing,
// byte order marks and envelope segments.
func onlyFraming(t *testing.T, gap []byte) {
	t.Helper()
	gap = bytes.ReplaceAll(gap, []byte("\xef\xbb\xbf"), nil)
	for _, line := range bytes.FieldsFunc(gap, func(r rune) bool { return strings.ContainsRune("\r\n\x0b\x1c", r) }) {
		if len(line) < 3 || !strings.Contains("FHS BHS BTS FTS", string(line[:3])) {
			// A piece of an envelope segment with a framing byte inside.
			if !bytes.Contains(gap, []byte("HS")) && !bytes.Contains(gap, []byte("TS")) {
				t.Fatalf("lost: %q", line)
			}
		}
	}
}

// touch takes a segment apart, which must never panic.
func touch(seg hl7v2.Segment) {
	_ = seg.Name()
	for i := range min(seg.Fields(), 40) + 2 {
		for _, r := range seg.Field(i).Repetitions() {
			_, _ = r.Component(2).Subcomponent(1).Text(), r.Null()
		}
	}
}

// However segments end and wherever blank lines stand, the same segments come out.
func TestSplitterFindsTheSameSegments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		messages := rapid.SliceOfN(rapid.SliceOfN(rapid.StringMatching(`[A-Z][A-Z0-9]{2}\|[a-z~^&\\|é]{0,12}`).Filter(func(s string) bool { return s[1:3] != "SH" && s[2] != 'S' }), 0, 5), 1, 4).Draw(t, "messages")
		end := rapid.SampledFrom([]string{"\r", "\n", "\r\n", "\r\r\n", "\n\n"})
		var in strings.Builder
		var want []string
		for i, m := range messages {
			if rapid.Bool().Draw(t, "block") {
				in.WriteByte(0x0b)
			}
			for _, seg := range append([]string{fmt.Sprintf(`MSH|^~\&|%d`, i)}, m...) {
				in.WriteString(seg + end.Draw(t, "end"))
				want = append(want, seg)
			}
			in.WriteString(rapid.SampledFrom([]string{"", "\x1c\r", "\x1c\r\n", "\n"}).Draw(t, "after"))
		}
		var got []string
		s := hl7v2.NewSplitter(strings.NewReader(in.String()))
		for m, err := s.Next(); err == nil; m, err = s.Next() {
			for _, seg := range m.Segments {
				got = append(got, string(seg.Raw()))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}
