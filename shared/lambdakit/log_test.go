package lambdakit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/carerecord/carerecord/shared/lambdakit"
)

// canary is what no line may hold.
const canary = "CANARY-Zoe-Quartermain-9434765919"

// kit gives a kit that writes into a buffer, and the context of an invocation.
func kit(t *testing.T) (*lambdakit.Kit, context.Context, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	ctx := lambdakit.WithOutput(t.Context(), &out)
	k := lambdakit.New(ctx, "load-entries", "dev")
	t.Cleanup(func() {
		if strings.Contains(out.String(), "CANARY") || strings.Contains(out.String(), "9434765919") {
			t.Errorf("something personal was logged:\n%s", out.String())
		}
	})
	return k, lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"}), &out
}

// written gives the lines as JSON; a line that is none fails the test.
func written(t *testing.T, out *bytes.Buffer) []map[string]any {
	t.Helper()
	var list []map[string]any
	for line := range strings.Lines(out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("a line is not JSON: %v", err)
		}
		list = append(list, m)
	}
	return list
}

// codesIn gives the codes of the log lines, without the metrics.
func codesIn(t *testing.T, out *bytes.Buffer) []string {
	t.Helper()
	var list []string
	for _, line := range written(t, out) {
		if code, ok := line["message"].(string); ok {
			list = append(list, code)
		}
	}
	return list
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	k, ctx, out := kit(t)
	k.Log.InfoContext(ctx, lambdakit.DeliveryStarted, "delivery", "01KAS3R8F0Z6M4Q2V7X9C1B5N3")
	line := written(t, out)[0]
	for key, want := range map[string]any{
		"message": "DELIVERY_STARTED", "level": "INFO", "function": "load-entries", "stage": "dev",
		"delivery": "01KAS3R8F0Z6M4Q2V7X9C1B5N3", "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
	} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
	if line["timestamp"] == nil {
		t.Error("no timestamp")
	}
}

type patient struct{ Name string }

// Whatever is logged by mistake, by us or by a library, does not get out.
func TestNothingPersonalPasses(t *testing.T) {
	t.Parallel()
	k, ctx, out := kit(t)
	for _, log := range []func(){
		func() { k.Log.InfoContext(ctx, lambdakit.DeliveryStarted, "name", canary) },
		func() { k.Log.InfoContext(ctx, lambdakit.DeliveryStarted, canary, 1) },
		func() { k.Log.InfoContext(ctx, "the patient "+canary+" was loaded") },
		func() { k.Log.InfoContext(ctx, "CANARY") },
		func() { k.Log.ErrorContext(ctx, lambdakit.InvocationFailed, "error", errors.New(canary)) },
		func() { k.Log.ErrorContext(ctx, lambdakit.InvocationFailed, "kind", errors.New(canary)) },
		func() { k.Log.ErrorContext(ctx, lambdakit.InvocationFailed, "delivery", patient{canary}) },
		func() { k.Log.ErrorContext(ctx, lambdakit.InvocationFailed, "delivery", &patient{canary}) },
		func() {
			k.Log.ErrorContext(ctx, lambdakit.InvocationFailed, "delivery", map[string]string{"x": canary})
		},
		func() { k.Log.With("patient", canary).InfoContext(ctx, lambdakit.DeliveryStarted) },
		func() { k.Log.WithGroup("patient").InfoContext(ctx, lambdakit.DeliveryStarted, "family", canary) },
		func() { k.Log.WithGroup(canary).InfoContext(ctx, lambdakit.DeliveryStarted, "delivery", "x") },
		func() { k.Log.InfoContext(ctx, lambdakit.DeliveryStarted, slog.Group("delivery", "family", canary)) },
		func() { k.Log.InfoContext(ctx, lambdakit.DeliveryStarted, slog.Group(canary, "delivery", "x")) },
	} {
		log() // the kit's own cleanup looks for the canary
	}
	if codes := codesIn(t, out); !slices.Contains(codes, lambdakit.Uncoded) {
		t.Errorf("a text in place of a code is not reported: %v", codes)
	}
}

func TestForeignCodesPass(t *testing.T) {
	t.Parallel()
	k, ctx, out := kit(t)
	k.Log.InfoContext(ctx, "FHIR_ANSWERED", "route", "Patient/$everything", "status", 200, "bytes", 512, "ms", int64(12), "method", "GET", "request", "x")
	if line := written(t, out)[0]; line["message"] != "FHIR_ANSWERED" || line["route"] != "Patient/$everything" || line["bytes"] != 512.0 {
		t.Errorf("%v", line)
	}
}

// The list of codes is that of the file that explains them.
func TestCodesAreListed(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok || !strings.Contains(literal.Value, "_") || spec.Names[0].Name == "foreign" {
			return true
		}
		if code := strings.Trim(literal.Value, `"`); !slices.Contains(lambdakit.Codes(), code) {
			t.Errorf("%s is not listed in Codes", code)
		}
		if spec.Comment.Text() == "" {
			t.Errorf("%s is not explained", literal.Value)
		}
		return true
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	k, ctx, out := kit(t)
	k.Count(ctx, lambdakit.Metric{Name: lambdakit.MetricRowsRead, Value: 250}, lambdakit.Metric{Name: lambdakit.MetricRowsRejected, Value: 5})
	line := written(t, out)[0]
	if line["RowsRead"] != 250.0 || line["RowsRejected"] != 5.0 || line["Stage"] != "dev" || line["Function"] != "load-entries" {
		t.Errorf("%v", line)
	}
	// The shape that CloudWatch asks for ("Specification: Embedded metric format").
	var aws struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	}
	raw, _ := json.Marshal(line["_aws"])
	if err := json.Unmarshal(raw, &aws); err != nil || aws.Timestamp < 1e12 || len(aws.CloudWatchMetrics) != 1 {
		t.Fatalf("%v: %s", err, raw)
	}
	d := aws.CloudWatchMetrics[0]
	if d.Namespace != "CareRecord" || len(d.Dimensions) != 1 || !slices.Equal(d.Dimensions[0], []string{"Stage", "Function"}) ||
		len(d.Metrics) != 2 || d.Metrics[0].Unit != "Count" {
		t.Errorf("%+v", d)
	}
}
