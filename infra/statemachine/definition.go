// Package definition holds the region's two state machines, that of a delivery
// and that of the re-resolution, each as the one file that is deployed on AWS
// Step Functions and run by the local region (shared/statemachine). It fills in
// the names of the functions and does nothing else: what the states do stands
// in delivery.asl.json and resolution.asl.json, in the Amazon States Language
// with JSONPath (states-language.net/spec.html).
package definition

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
)

var (
	//go:embed delivery.asl.json
	delivery string
	//go:embed resolution.asl.json
	resolution string
)

// placeholder is a substitution as AWS SAM and CloudFormation write it.
var placeholder = regexp.MustCompile(`\$\{([A-Za-z0-9]+)\}`)

// Text gives the definition of a delivery as it is deployed, with ${name} where
// a function's ARN goes: CloudFormation puts the values in
// (DefinitionSubstitutions).
func Text() string { return delivery }

// ResolutionText gives that of the re-resolution in the same way.
func ResolutionText() string { return resolution }

// Functions are the substitutions that Delivery asks for, in order of name.
// Each is the name or the ARN of a Lambda function.
func Functions() []string { return substitutions(delivery) }

// ResolutionFunctions are those that Resolution asks for.
func ResolutionFunctions() []string { return substitutions(resolution) }

func substitutions(definition string) []string {
	names := map[string]bool{}
	for _, match := range placeholder.FindAllStringSubmatch(definition, -1) {
		names[match[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Local are the substitutions of a region in one process: every function
// under the name of its folder in functions/.
func Local() map[string]string {
	return map[string]string{
		"SplitDeliveryFunction":      "split-delivery",
		"MatchPatientsFunction":      "match-patients",
		"LoadEntriesFunction":        "load-entries",
		"ReportDeliveryFunction":     "report-delivery",
		"QuarantineDeliveryFunction": "quarantine-delivery",
	}
}

// ResolutionLocal are those of the re-resolution.
func ResolutionLocal() map[string]string {
	return map[string]string{"ResolvePatientsFunction": "resolve-patients"}
}

// Delivery gives the definition with every ${name} replaced by its value,
// written as JSON text. It refuses with failure.Invalid a substitution that
// the definition does not ask for, and a missing or empty one.
func Delivery(substitutions map[string]string) ([]byte, error) {
	return fill("definition.Delivery", delivery, substitutions)
}

// Resolution gives that of the re-resolution, and refuses what Delivery does.
// Beside its function it calls statemachine.ListExecutions.
func Resolution(substitutions map[string]string) ([]byte, error) {
	return fill("definition.Resolution", resolution, substitutions)
}

func fill(op, definition string, values map[string]string) ([]byte, error) {
	wanted := substitutions(definition)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(wanted, name) {
			return nil, failure.New(failure.Invalid, op, "the definition has no ${%s}", name)
		}
	}
	var pairs []string
	for _, name := range wanted {
		if values[name] == "" {
			return nil, failure.New(failure.Invalid, op, "no value for ${%s}", name)
		}
		value, err := text(values[name])
		if err != nil {
			return nil, failure.Wrap(failure.Invalid, op, err)
		}
		pairs = append(pairs, "${"+name+"}", value)
	}
	return []byte(strings.NewReplacer(pairs...).Replace(definition)), nil
}

// text gives a value as it stands between the quotes of a JSON string, so
// that no value can change the definition's structure.
func text(value string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return "", err
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1], nil
}
