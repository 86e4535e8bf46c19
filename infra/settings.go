package main

import (
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// Files in a function's package: the partner register, and the model of the
// patient index if the stage has one of its own.
const (
	registerFile = "partners.yaml"
	modelFile    = "model.json"
)

// newSettings gives those settings of the functions that need no resource.
// The others come with their resource.
func (r *region) newSettings() {
	r.values[catalogue.Stage] = &r.Settings.Stage
	r.values[catalogue.PartnersFile] = jsii.String("/var/task/" + registerFile)
	if r.Model != nil {
		r.values[catalogue.ModelFile] = jsii.String("/var/task/" + modelFile)
	}
	r.values[catalogue.TokenIssuer] = &r.Settings.Token.Issuer
	r.values[catalogue.TokenAudience] = &r.Settings.Token.Audience
	r.values[catalogue.TokenKeys] = &r.Settings.Token.Keys
}

// environment gives a function its settings and no others. One that is optional
// and has no value is left out.
func (r *region) environment(f catalogue.Function) *map[string]*string {
	env := map[string]*string{}
	for _, setting := range f.Settings {
		value, ok := r.values[setting]
		if !ok && catalogue.Optional(setting) {
			continue
		}
		if !ok {
			panic("infra: nothing gives a value for " + setting + " of " + f.Name)
		}
		env[setting] = value
	}
	return &env
}
