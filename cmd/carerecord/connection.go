package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/client"
	"github.com/carerecord/carerecord/shared/failure"
)

const (
	defaultRoot   = "http://127.0.0.1:8080/fhir/R4"
	tokenVariable = "CARERECORD_TOKEN"
)

// connection is how a command reaches an API, and in which form it shows the
// answer.
type connection struct {
	root, token, tokenFile string
	asJSON                 bool
}

func (c *connection) flags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&c.root, "api", defaultRoot, "FHIR root of the API")
	flags.StringVar(&c.token, "token", "", "bearer token; other users of this machine can see it: prefer --token-file or "+tokenVariable)
	flags.StringVar(&c.tokenFile, "token-file", "", "file that holds the bearer token")
	flags.BoolVar(&c.asJSON, "json", false, "print the API's own answer")
}

// open gives the client. The token is that of the command line, else that of the
// environment.
func (c *connection) open() (*client.Client, error) {
	if c.token != "" && c.tokenFile != "" {
		return nil, usageError{fmt.Errorf("give --token or --token-file, not both")}
	}
	token := cmp.Or(c.token, os.Getenv(tokenVariable))
	if c.tokenFile != "" {
		text, err := os.ReadFile(c.tokenFile)
		if err != nil {
			return nil, failure.Wrap(failure.Invalid, "--token-file", err)
		}
		token = strings.TrimSpace(string(text))
	}
	if token == "" {
		return nil, usageError{fmt.Errorf("no token: give --token-file or set %s; 'carerecord token' makes one for a local region", tokenVariable)}
	}
	return client.New(c.root, token)
}

// show prints an answer: as it came with --json, else by the function.
func (c *connection) show(out io.Writer, body []byte, people func() error) error {
	if !c.asJSON {
		return people()
	}
	_, err := fmt.Fprintf(out, "%s\n", body)
	return err
}
