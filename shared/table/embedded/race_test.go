//go:build race

package embedded_test

// raced is set where the race detector makes allocations of its own.
const raced = true
