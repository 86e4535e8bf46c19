package linkage

import "github.com/carerecord/carerecord/shared/failure"

// Summary counts what was done.
type Summary struct {
	Records       int       `json:"records"`
	LeftOut       int       `json:"leftOut"`       // rows that could not be read
	Problems      []Problem `json:"-"`             // the first of them
	Unread        []Unread  `json:"-"`             // values that could not be understood, by file and field
	Model         string    `json:"model"`         // its version
	Pairs         int64     `json:"pairs"`         // compared
	BlocksPassed  int64     `json:"blocksPassed"`  // keys that too many records share to be compared by
	RecordsPassed int64     `json:"recordsPassed"` // how often a record stood in one of them
	People        int       `json:"people"`
	Linked        int       `json:"linked"`   // records
	Reviewed      int       `json:"reviewed"` // records that a human should look at
	New           int       `json:"new"`      // records that resemble no other
	Reviews       int       `json:"reviews"`  // pairs for a human
}

// Unread counts the values of one file's field that are not empty and could
// not be understood. They are taken as not known.
type Unread struct {
	File   string
	Field  Field
	Values int
}

// summarise takes over what the files were found to be.
func (j *job) summarise() {
	s := &j.summary
	s.Records = j.records
	for _, survey := range j.surveys {
		s.LeftOut += survey.left
		s.Problems = append(s.Problems, survey.problems[:min(len(survey.problems), mostProblems-len(s.Problems))]...)
		for field, n := range survey.unread {
			if n > 0 {
				s.Unread = append(s.Unread, Unread{survey.name, Field(field), n})
			}
		}
	}
}

// count takes over what the records were found to be.
func (s *Summary) count(p *people) {
	for i, d := range p.decision {
		switch d {
		case decidedLink:
			s.Linked++
		case decidedReview:
			s.Reviewed++
		default:
			s.New++
		}
		if p.person[i] == uint32(i) {
			s.People++
		}
	}
	s.Reviews = len(p.reviews)
}

func tooMany(records int) error {
	return failure.New(failure.TooLarge, "linkage.Link", "%d records are more than fit into one run", records)
}
