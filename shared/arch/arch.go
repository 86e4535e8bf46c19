// Package arch holds the arrows of the house: which package may import which.
// It is a test over what `go list` says of every package, and nothing else: no
// package imports it. CONTRIBUTING.md has the map in words.
package arch
