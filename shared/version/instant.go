package version

import "encoding/json"

// MarshalJSON gives [seconds, nanoseconds, row], the row as ^row when it was said in passing: short, and defined for every
// time, which RFC 3339 is not.
func (i Instant) MarshalJSON() ([]byte, error) {
	return json.Marshal([3]int64{i.Time.Unix(), int64(i.Time.Nanosecond()), i.place()})
}

// UnmarshalJSON reads the same.
func (i *Instant) UnmarshalJSON(data []byte) error {
	var parts [3]int64
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	*i = at(parts[0], parts[1], parts[2])
	return nil
}
