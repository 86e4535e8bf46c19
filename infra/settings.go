package main

import (
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// registerFile is the partner register in a function's package.
const registerFile = "partners.yaml"

// newSettings gives those settings of the functions that need no resource.
// The others come with their resource.
func (r *region) newSettings() {
	r.values[catalogue.Stage] = &r.Settings.Stage
	r.values[catalogue.PartnersFile] = jsii.String("/var/task/" + registerFile)
	r.values[catalogue.TokenIssuer] = &r.Settings.Token.Issuer
	r.values[catalogue.TokenAudience] = &r.Settings.Token.Audience
	r.values[catalogue.TokenKeys] = &r.Settings.Token.Keys
}

// environment gives a function its settings and no others.
func (r *region) environment(f catalogue.Function) *map[string]*string {
	env := map[string]*string{}
	for _, setting := range f.Settings {
		value, ok := r.values[setting]
		if !ok {
			panic("infra: nothing gives a value for " + setting + " of " + f.Name)
		}
		env[setting] = value
	}
	return &env
}
