package index

// sets is a union-find over strings. The root of a set is its least element, so
// the result does not depend on the order of the joins.
type sets map[string]string

func (s sets) root(a string) string {
	for {
		up, ok := s[a]
		if !ok || up == a {
			return a
		}
		if higher, ok := s[up]; ok {
			s[a] = higher
		}
		a = up
	}
}

func (s sets) join(a, b string) {
	a, b = s.root(a), s.root(b)
	if a != b {
		s[max(a, b)] = min(a, b)
	}
}

func (s sets) joined(a, b string) bool { return s.root(a) == s.root(b) }

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
