package matching

// JaroWinkler and Slip are what is compared of two texts.
func JaroWinkler(a, b string) float64 { return near(a, b).winkler }

// Slip says that two texts are one edit apart.
func Slip(a, b string) bool { return near(a, b).slip }

// Soundex is the code by which names stand in keys.
var Soundex = soundex

// Expert gives the model that training starts from.
func Expert(policy Policy) *Model {
	m := expertModel(policy)
	if err := m.seal(); err != nil {
		panic(err)
	}
	return m
}
