// Package permission turns the calls that a function makes into the statements
// of its role: IAM actions on resources, with what the encryption of each
// resource asks for. Least privilege: an action stands here only because a call
// needs it (AWS Service Authorization Reference).
//
// It knows nothing of the CDK. Resources are named by the settings of
// functions/catalogue; the CDK app puts their ARNs in.
package permission

import (
	"slices"
	"strings"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/failure"
)

// Scope says which part of a resource a statement is about.
type Scope uint8

// The scopes.
const (
	Whole      Scope = iota // the resource
	Objects                 // the objects of a bucket
	Key                     // the KMS key that the resource is encrypted with
	Executions              // the executions of a state machine
)

// Statement allows actions on one resource. Via is the service through which
// alone a key may be used ("s3"); it is empty for the other scopes.
type Statement struct {
	Resource string
	Scope    Scope
	Actions  []string // in order
	Via      string
}

// need is one action that a call comes down to.
type need struct {
	scope  Scope
	action string
}

// Keys are used by the caller's own right: S3, DynamoDB and Secrets Manager
// call KMS on his behalf (KMS developer guide, kms:ViaService).
var (
	decrypt  = need{Key, "kms:Decrypt"}
	generate = need{Key, "kms:GenerateDataKey"}
	// Without it S3 answers 403 where there is no object, in place of 404.
	list = need{Whole, "s3:ListBucket"}

	readObject  = []need{{Objects, "s3:GetObject"}, {Objects, "s3:GetObjectVersion"}, list, decrypt}
	writeObject = []need{{Objects, "s3:PutObject"}, generate}
)

// operations gives what each operation of the SDK needs. The writes of a
// transaction have no action of their own: IAM asks for that of each write, so
// the catalogue lists them beside it.
var operations = map[string][]need{
	"s3:GetObject":                  readObject,
	"s3:HeadObject":                 readObject,
	"s3:PutObject":                  writeObject,
	"s3:CreateMultipartUpload":      writeObject,
	"s3:UploadPart":                 append([]need{decrypt}, writeObject...),
	"s3:CompleteMultipartUpload":    append([]need{decrypt}, writeObject...),
	"s3:AbortMultipartUpload":       {{Objects, "s3:AbortMultipartUpload"}},
	"dynamodb:GetItem":              item("GetItem"),
	"dynamodb:BatchGetItem":         item("BatchGetItem"),
	"dynamodb:Query":                item("Query"),
	"dynamodb:PutItem":              item("PutItem"),
	"dynamodb:UpdateItem":           item("UpdateItem"),
	"dynamodb:DeleteItem":           item("DeleteItem"),
	"dynamodb:ConditionCheckItem":   item("ConditionCheckItem"),
	"dynamodb:TransactWriteItems":   {decrypt},
	"states:StartExecution":         {{Whole, "states:StartExecution"}},
	"states:DescribeExecution":      {{Executions, "states:DescribeExecution"}},
	"events:PutEvents":              {{Whole, "events:PutEvents"}},
	"secretsmanager:GetSecretValue": {{Whole, "secretsmanager:GetSecretValue"}, decrypt},
}

func item(action string) []need { return []need{{Whole, "dynamodb:" + action}, decrypt} }

// For gives the statements for calls, in order of resource and scope, each
// action once. It refuses with failure.Invalid a call that it does not know and
// a transaction without any write beside it.
func For(calls []catalogue.Call) ([]Statement, error) {
	const op = "permission.For"
	var out []Statement
	for _, c := range calls {
		needs, ok := operations[c.Operation]
		if !ok {
			return nil, failure.New(failure.Invalid, op, "no action is known for %s", c.Operation)
		}
		if c.Operation == "dynamodb:TransactWriteItems" && !writes(calls, c.Resource) {
			return nil, failure.New(failure.Invalid, op, "%s on %s has no write beside it", c.Operation, c.Resource)
		}
		service, _, _ := strings.Cut(c.Operation, ":")
		for _, n := range needs {
			out = add(out, c.Resource, n, service)
		}
	}
	for i := range out {
		slices.Sort(out[i].Actions)
	}
	slices.SortFunc(out, func(a, b Statement) int {
		if a.Resource != b.Resource {
			return strings.Compare(a.Resource, b.Resource)
		}
		return int(a.Scope) - int(b.Scope)
	})
	return out, nil
}

func writes(calls []catalogue.Call, resource string) bool {
	return slices.ContainsFunc(calls, func(c catalogue.Call) bool {
		return c.Resource == resource &&
			slices.Contains([]string{"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}, c.Operation)
	})
}

func add(list []Statement, resource string, n need, service string) []Statement {
	i := slices.IndexFunc(list, func(s Statement) bool { return s.Resource == resource && s.Scope == n.scope })
	if i < 0 {
		i = len(list)
		list = append(list, Statement{Resource: resource, Scope: n.scope})
		if n.scope == Key {
			list[i].Via = service
		}
	}
	if !slices.Contains(list[i].Actions, n.action) {
		list[i].Actions = append(list[i].Actions, n.action)
	}
	return list
}
