package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/nhs"
)

const defaultData = ".carerecord"

var jobRole = regexp.MustCompile(`^R\d{4}$`)

func newToken() *cobra.Command {
	var data, org, role, user string
	var life time.Duration
	cmd := &cobra.Command{
		Use:   "token --org ODS --role CODE",
		Short: "Print a bearer token of the local region's development issuer",
		Long: `Prints a bearer token that the local region of the data folder accepts. The
issuer is for development: whoever can read its key file can be anyone.

Any role reads. R8013 (health records manager), R5105 (Caldicott guardian) and
R0001 (privacy officer) review links between patients as well; what needs two
people needs two users.`,
		Example: `  carerecord token --org RZZ --role R8000
  carerecord token --org RZZ --role R8013 --user records-manager
  curl -H "Authorization: Bearer $(carerecord token --org RZZ --role R8000)" \
    http://127.0.0.1:8080/fhir/R4/metadata`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkCaller(org, role); err != nil {
				return err
			}
			if life <= 0 {
				return usageError{fmt.Errorf("--for must be more than nothing")}
			}
			if err := region.Exists(data); err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "carerecord: %v: the token is for the one that will be started there\n", err)
			}
			issuer, err := region.OpenIssuer(data)
			if err != nil {
				return err
			}
			token, err := issuer.Token(access.Claims{Subject: user, Organisation: org, Role: role}, life)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), token)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&data, "data", defaultData, "the region's data folder")
	flags.StringVar(&org, "org", "", "ODS code of the organisation that the user acts for")
	flags.StringVar(&role, "role", "", "job role code of the national RBAC, such as R8000 (clinical practitioner)")
	flags.StringVar(&user, "user", "development-user", "the user's id")
	flags.DurationVar(&life, "for", time.Hour, "how long the token lives")
	return cmd
}

func checkCaller(org, role string) error {
	if err := required("org", org); err != nil {
		return err
	}
	if err := required("role", role); err != nil {
		return err
	}
	if _, ok := nhs.ParseODS(org); !ok {
		return usageError{fmt.Errorf("--org: %q is not of the form of an ODS code", org)}
	}
	if !jobRole.MatchString(role) {
		return usageError{fmt.Errorf("--role: %q is not a job role code: R and four digits, such as R8000", role)}
	}
	return nil
}
