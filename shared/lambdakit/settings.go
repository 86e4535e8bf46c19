package lambdakit

import (
	"encoding"
	"errors"
	"reflect"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
)

// Settings fills a struct from environment variables. Each field has the tag
// env with the variable's name and a type that reads itself from text
// (encoding.TextUnmarshaler; see Stage and those beside it). All are required,
// but for those whose tag ends in ",optional": they stay as they are when the
// variable is empty.
//
// The error is failure.Invalid and names every variable that is missing or
// malformed at once, each with the reason and none with its value.
func Settings(getenv func(string) string, into any) error {
	const op = "lambdakit.Settings"
	var wrong Mistakes
	target := reflect.ValueOf(into).Elem()
	for i := range target.NumField() {
		name, optional := tag(target.Type().Field(i))
		reader, ok := target.Field(i).Addr().Interface().(encoding.TextUnmarshaler)
		if name == "" || !ok {
			return failure.New(failure.Internal, op, "field %s has no tag env or does not read itself", target.Type().Field(i).Name)
		}
		text := getenv(name)
		if text == "" && optional {
			continue
		}
		if text == "" {
			wrong = append(wrong, name+" is missing")
			continue
		}
		if err := reader.UnmarshalText([]byte(text)); err != nil {
			wrong = append(wrong, name+" "+err.Error())
		}
	}
	if len(wrong) > 0 {
		return failure.Wrap(failure.Invalid, op, wrong)
	}
	return nil
}

// tag gives the variable of a field, and whether it may be missing.
func tag(f reflect.StructField) (name string, optional bool) {
	return strings.CutSuffix(f.Tag.Get("env"), ",optional")
}

// Names gives the variables of a struct of settings, in the order of its fields.
func Names(settings any) []string {
	of := reflect.TypeOf(settings)
	var names []string
	for i := range of.NumField() {
		name, _ := tag(of.Field(i))
		names = append(names, name)
	}
	return names
}

// Mistakes are the variables that are wrong, each with its reason.
type Mistakes []string

func (m Mistakes) Error() string { return strings.Join(m, "; ") }

// mistakes finds them in an error.
func mistakes(err error) []string {
	var m Mistakes
	errors.As(err, &m)
	return m
}
