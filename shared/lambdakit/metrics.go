package lambdakit

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Metric is one figure: a name of codes.go and a count.
type Metric struct {
	Name  string
	Value float64
}

// Count writes figures as one line in the embedded metric format, from which
// CloudWatch takes them without a call (Amazon CloudWatch User Guide,
// "Specification: Embedded metric format").
func (k *Kit) Count(ctx context.Context, metrics ...Metric) {
	type definition struct{ Name, Unit string }
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []definition
	}
	d := directive{Namespace: MetricNamespace, Dimensions: [][]string{{"Stage", "Function"}}}
	line := map[string]any{"Stage": k.Stage, "Function": k.Function}
	for _, m := range metrics {
		d.Metrics = append(d.Metrics, definition{m.Name, "Count"})
		line[m.Name] = m.Value
	}
	line["_aws"] = map[string]any{"Timestamp": time.Now().UnixMilli(), "CloudWatchMetrics": []directive{d}}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		line["requestId"] = lc.AwsRequestID
	}
	body, err := json.Marshal(line)
	if err != nil {
		return // a figure that is no number; there is nothing to count
	}
	_, _ = k.out.Write(append(body, '\n')) // where this cannot be written no error can be either
}
