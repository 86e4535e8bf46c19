package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exports gives what each exported output of the stacks stands for.
func exports(raw map[string]map[string]any) map[string]any {
	found := map[string]any{}
	for _, t := range raw {
		outputs, _ := t["Outputs"].(map[string]any)
		for _, o := range outputs {
			output := o.(map[string]any)
			if export, ok := output["Export"].(map[string]any); ok {
				found[export["Name"].(string)] = output["Value"]
			}
		}
	}
	return found
}

// plain writes CloudFormation's functions as people read them: <Drop.Arn> for
// an attribute, <Drop> for a reference, and texts joined. What another stack
// exports is written as if it stood in this one.
func plain(v any, exported map[string]any) any {
	switch v := v.(type) {
	case map[string]any:
		if text, ok := function(v, exported); ok {
			return text
		}
		out := map[string]any{}
		for key, inner := range v {
			out[key] = plain(inner, exported)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i], exported)
		}
		return out
	}
	return v
}

func function(v map[string]any, exported map[string]any) (string, bool) {
	if len(v) != 1 {
		return "", false
	}
	for name, argument := range v {
		switch name {
		case "Ref":
			return "<" + unhashed(argument.(string)) + ">", true
		case "Fn::GetAtt":
			parts := argument.([]any)
			return fmt.Sprintf("<%s.%s>", unhashed(parts[0].(string)), parts[1]), true
		case "Fn::ImportValue":
			return fmt.Sprint(plain(exported[argument.(string)], exported)), true
		case "Fn::Join":
			parts := argument.([]any)
			var texts []string
			for _, part := range parts[1].([]any) {
				texts = append(texts, fmt.Sprint(plain(part, exported)))
			}
			return strings.Join(texts, parts[0].(string)), true
		case "Fn::Sub":
			if text, ok := argument.(string); ok {
				return text, true
			}
		case "Fn::Select", "Fn::Split":
			return fmt.Sprintf("<%s %v>", name, plain(argument, exported)), true
		}
	}
	return "", false
}

var hash = regexp.MustCompile(`[0-9A-F]{8}$`)

// unhashed takes the CDK's hash from the end of a logical id.
func unhashed(id string) string { return hash.ReplaceAllString(id, "") }

func TestPlain(t *testing.T) {
	t.Parallel()
	exported := map[string]any{"x": map[string]any{"Fn::GetAtt": []any{"Drop89C17749", "Arn"}}}
	given := map[string]any{"Resource": []any{
		map[string]any{"Fn::Join": []any{"", []any{map[string]any{"Fn::ImportValue": "x"}, "/*"}}},
		map[string]any{"Ref": "AWS::Region"},
	}}
	want := map[string]any{"Resource": []any{"<Drop.Arn>/*", "<AWS::Region>"}}
	if diff := cmp.Diff(want, plain(given, exported)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// statement is one of a policy, with single values as lists.
type statement struct {
	Effect     string
	Actions    []string
	Resources  []string
	Principals []string
	Conditions map[string]any
}

// statements reads those of a policy document.
func statements(document any) []statement {
	var out []statement
	for _, s := range list(at(document, "Statement")) {
		made := statement{Effect: at(s, "Effect").(string), Actions: texts(at(s, "Action")), Resources: texts(at(s, "Resource"))}
		switch principal := at(s, "Principal").(type) {
		case string:
			made.Principals = []string{principal}
		case map[string]any:
			for kind, who := range principal {
				for _, name := range texts(who) {
					made.Principals = append(made.Principals, kind+":"+name)
				}
			}
			slices.Sort(made.Principals)
		}
		made.Conditions, _ = at(s, "Condition").(map[string]any)
		out = append(out, made)
	}
	return out
}

// permits says whether some statement allows the action on the resource.
func permits(all []statement, action, resource string) bool {
	return slices.ContainsFunc(all, func(s statement) bool {
		return s.Effect == "Allow" && slices.Contains(s.Actions, action) && slices.Contains(s.Resources, resource)
	})
}
