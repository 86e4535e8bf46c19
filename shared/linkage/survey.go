package linkage

import (
	"context"
	"fmt"
	"io"
)

// mostProblems is how many rows that were left out are told one by one.
const mostProblems = 20

// Problem is a row that was left out.
type Problem struct {
	File string
	Line int64
	Why  string
}

// String words the problem as a compiler would.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d: %s; row left out", p.File, p.Line, p.Why)
}

// survey is what a first look at a register brings: how its dates are written,
// how many records it has, and which rows cannot be read.
type survey struct {
	name     string
	records  int
	dates    dates
	problems []Problem
	left     int    // rows left out
	unread   unread // filled when the rows are taken in
}

// look reads a register from end to end.
func look(ctx context.Context, name string, layout *Layout, told func(records int)) (*survey, error) {
	r, err := openRegister(name, layout)
	if err != nil {
		return nil, err
	}
	defer r.close()
	s := &survey{name: name}
	for {
		row, problem, err := r.next()
		switch {
		case err == io.EOF:
			return s, nil
		case err != nil:
			return nil, err
		case problem != nil:
			s.leave(*problem)
			continue
		}
		s.records++
		for i, c := range layout.Columns {
			if c.Field == BirthDate {
				s.dates.observe(row.values[i])
			}
		}
		if s.records%4096 == 0 {
			told(s.records)
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
	}
}

func (s *survey) leave(p problem) {
	if s.left++; len(s.problems) < mostProblems {
		s.problems = append(s.problems, Problem{s.name, p.line, p.why})
	}
}
