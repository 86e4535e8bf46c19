package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var packs = []string{"AwsSolutions", "HIPAA.Security", "NIST.800.53.R5"}

// report is one row of a report of cdk-nag.
type report struct{ rule, resource, compliance, reason string }

func reports(t *testing.T, a assembly, pack, stack string) []report {
	t.Helper()
	file, err := os.Open(filepath.Join(a.folder, pack+"--"+stack+"-NagReport.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []report
	for _, row := range rows[1:] {
		out = append(out, report{rule: row[0], resource: row[1], compliance: row[2], reason: row[3]})
	}
	return out
}

// Every rule of the three packs is followed, or there is a reason why not.
func TestNoFindingIsLeft(t *testing.T) {
	for _, name := range everyStage {
		a := synth(t, name)
		for _, pack := range packs {
			rows := 0
			for _, stack := range stacks {
				for _, r := range reports(t, a, pack, "carerecord-"+name+"-"+stack) {
					rows++
					switch {
					case r.compliance == "Suppressed" && len(strings.Fields(r.reason)) < 12:
						t.Errorf("%s at %s: %q is no reason", r.rule, r.resource, r.reason)
					case r.compliance != "Compliant" && r.compliance != "Suppressed" && r.compliance != "N/A":
						t.Errorf("%s: %s at %s", r.compliance, r.rule, r.resource)
					}
				}
			}
			if rows < 40 {
				t.Errorf("%s: %s has looked at %d things", name, pack, rows)
			}
		}
	}
}

// A suppression is narrow: it stands at a resource, never at a whole stack.
func TestSuppressionsStandAtResources(t *testing.T) {
	a := synth(t, "live")
	allowed := map[string]bool{
		"AwsSolutions-APIG4": true, "AwsSolutions-COG4": true, "AwsSolutions-IAM4": true, "AwsSolutions-IAM5": true,
		"AwsSolutions-SMG4": true, "AwsSolutions-SQS3": true, "HIPAA.Security-APIGWXrayEnabled": true,
	}
	for _, rule := range []string{
		"APIGWCacheEnabledAndEncrypted", "APIGWSSLEnabled", "IAMNoInlinePolicy", "LambdaDLQ", "LambdaInsideVPC",
		"S3BucketReplicationEnabled", "S3DefaultEncryptionKMS", "SecretsManagerRotationEnabled",
	} {
		for _, id := range both(rule) {
			allowed[id] = true
		}
	}
	for _, pack := range packs {
		for _, stack := range stacks {
			for _, r := range reports(t, a, pack, "carerecord-live-"+stack) {
				if r.compliance == "Suppressed" && !allowed[r.rule] {
					t.Errorf("%s is suppressed at %s: add it here once an auditor would agree", r.rule, r.resource)
				}
			}
		}
	}
	for _, stack := range stacks {
		text, err := os.ReadFile(filepath.Join(a.folder, "carerecord-live-"+stack+".template.json"))
		if err != nil {
			t.Fatal(err)
		}
		if top, _, _ := strings.Cut(string(text), `"Resources"`); strings.Contains(top, "cdk_nag") {
			t.Errorf("stack %s suppresses rules for all that is in it", stack)
		}
	}
}
