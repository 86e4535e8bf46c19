package main

import (
	"testing"

	"github.com/spf13/cobra"
)

// Every command says what it does, with an example.
func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	var check func(*cobra.Command)
	check = func(c *cobra.Command) {
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s: no words or no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			if sub.Name() != "help" {
				check(sub)
			}
		}
	}
	check(newRoot())
}
