// Package chance is the source of randomness of the synthetic region: a small
// generator whose values follow from its seed alone, on every machine and in
// every version of Go, so that a region of one seed is always the same bytes.
//
// It is the generator SplitMix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014). It must not be used where
// values are to be kept secret.
package chance

import "math/bits"

// golden is the odd constant nearest to 2^64 divided by the golden ratio.
const golden = 0x9e3779b97f4a7c15

// Source gives one stream of values. It is not safe for concurrent use; give
// each block of work its own.
type Source struct{ state uint64 }

// New gives the stream of a seed and of any numbers that tell streams of one
// seed apart.
func New(seed uint64, stream ...uint64) *Source {
	s := &Source{mix(seed + golden)}
	for _, n := range stream {
		s.state = mix(3*s.state ^ mix(n+golden)) // the factor tells (1, 2) from (2, 1)
	}
	return s
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Uint64 gives the next value of the stream.
func (s *Source) Uint64() uint64 {
	s.state += golden
	return mix(s.state)
}

// Below gives a whole number from 0 to n-1; n must be positive. The bias of one
// multiplication (Lemire 2019) is below n/2^64.
func (s *Source) Below(n int) int {
	high, _ := bits.Mul64(s.Uint64(), uint64(n))
	return int(high)
}

// Between gives a whole number from low to high, both included.
func (s *Source) Between(low, high int) int { return low + s.Below(high-low+1) }

// Share gives a number from 0 up to, but not, 1.
func (s *Source) Share() float64 { return float64(s.Uint64()>>11) / (1 << 53) }

// Happens says yes with the probability p.
func (s *Source) Happens(p float64) bool { return s.Share() < p }

// One gives one of the values, each as likely.
func One[T any](s *Source, values []T) T { return values[s.Below(len(values))] }
