package permission_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/permission"
	"github.com/carerecord/carerecord/shared/failure"
)

func calls(resource string, operations ...string) []catalogue.Call {
	var list []catalogue.Call
	for _, o := range operations {
		list = append(list, catalogue.Call{Operation: o, Resource: resource})
	}
	return list
}

// The actions are those of the Service Authorization Reference.
func TestFor(t *testing.T) {
	t.Parallel()
	type list = []permission.Statement
	for name, c := range map[string]struct {
		calls []catalogue.Call
		want  list
	}{
		"nothing": {nil, nil},
		"a read of a bucket": {calls("B", "s3:HeadObject", "s3:GetObject"), list{
			{Resource: "B", Actions: []string{"s3:ListBucket"}},
			{Resource: "B", Scope: permission.Objects, Actions: []string{"s3:GetObject", "s3:GetObjectVersion"}},
			{Resource: "B", Scope: permission.Key, Actions: []string{"kms:Decrypt"}, Via: "s3"},
		}},
		"a write to a bucket": {calls("B", "s3:PutObject"), list{
			{Resource: "B", Scope: permission.Objects, Actions: []string{"s3:PutObject"}},
			{Resource: "B", Scope: permission.Key, Actions: []string{"kms:GenerateDataKey"}, Via: "s3"},
		}},
		// S3 decrypts the parts to put them together.
		"an upload in parts": {calls("B", "s3:CreateMultipartUpload", "s3:UploadPart", "s3:CompleteMultipartUpload", "s3:AbortMultipartUpload"), list{
			{Resource: "B", Scope: permission.Objects, Actions: []string{"s3:AbortMultipartUpload", "s3:PutObject"}},
			{Resource: "B", Scope: permission.Key, Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Via: "s3"},
		}},
		// A transaction has no action: its writes have.
		"a transaction": {calls("T", "dynamodb:TransactWriteItems", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"), list{
			{Resource: "T", Actions: []string{"dynamodb:ConditionCheckItem", "dynamodb:UpdateItem"}},
			{Resource: "T", Scope: permission.Key, Actions: []string{"kms:Decrypt"}, Via: "dynamodb"},
		}},
		"two tables": {slices.Concat(calls("U", "dynamodb:Query"), calls("T", "dynamodb:GetItem")), list{
			{Resource: "T", Actions: []string{"dynamodb:GetItem"}},
			{Resource: "T", Scope: permission.Key, Actions: []string{"kms:Decrypt"}, Via: "dynamodb"},
			{Resource: "U", Actions: []string{"dynamodb:Query"}},
			{Resource: "U", Scope: permission.Key, Actions: []string{"kms:Decrypt"}, Via: "dynamodb"},
		}},
		"a secret": {calls("S", "secretsmanager:GetSecretValue"), list{
			{Resource: "S", Actions: []string{"secretsmanager:GetSecretValue"}},
			{Resource: "S", Scope: permission.Key, Actions: []string{"kms:Decrypt"}, Via: "secretsmanager"},
		}},
		"a machine and a bus": {slices.Concat(calls("M", "states:StartExecution", "states:DescribeExecution"), calls("E", "events:PutEvents")), list{
			{Resource: "E", Actions: []string{"events:PutEvents"}},
			{Resource: "M", Actions: []string{"states:StartExecution"}},
			{Resource: "M", Scope: permission.Executions, Actions: []string{"states:DescribeExecution"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := permission.For(c.calls)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestForRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][]catalogue.Call{
		"s3:DeleteObject":              calls("B", "s3:DeleteObject"),
		"has no write beside it":       calls("T", "dynamodb:TransactWriteItems", "dynamodb:GetItem"),
		"dynamodb:Scan":                calls("T", "dynamodb:Scan"),
		"no action is known for GetIt": calls("T", "GetIt"),
	} {
		if _, err := permission.For(c); !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want invalid with %q", err, name)
		}
	}
}

func TestEveryFunctionsCallsAreKnown(t *testing.T) {
	t.Parallel()
	for _, f := range catalogue.Functions() {
		if _, err := permission.For(f.Calls); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// The order of calls, and a call that is listed twice, change nothing.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	var all []catalogue.Call
	for _, f := range catalogue.Functions() {
		all = append(all, f.Calls...)
	}
	want, err := permission.For(all)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		mixed := rapid.Permutation(all).Draw(t, "calls")
		got, err := permission.For(append(mixed, mixed[:rapid.IntRange(0, len(mixed)).Draw(t, "again")]...))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
