package dir

import "time"

// SetNow sets the clock that version ids are made from.
func (s *Store) SetNow(now func() time.Time) { s.now = now }
