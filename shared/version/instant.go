package version

import (
	"encoding/json"
	"time"
)

// MarshalJSON gives [seconds, nanoseconds, row]: short, and defined for every
// time, which RFC 3339 is not.
func (i Instant) MarshalJSON() ([]byte, error) {
	return json.Marshal([3]int64{i.Time.Unix(), int64(i.Time.Nanosecond()), int64(i.Row)})
}

// UnmarshalJSON reads the same.
func (i *Instant) UnmarshalJSON(data []byte) error {
	var parts [3]int64
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	*i = Instant{Time: time.Unix(parts[0], parts[1]).UTC(), Row: int(parts[2])}
	return nil
}
