package region

import (
	"context"
	"log/slog"
	"time"

	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/resolution"
)

// Resolution is the task of the re-resolution on the index in a table. It logs
// and counts what each stretch came to, and how the queue of reviews stands at
// the end.
func (r *Region) Resolution(k *lambdakit.Kit, table lambdakit.TableName) func(context.Context, resolution.Input) (any, error) {
	s := &resolution.Service{Index: r.Index(table), Now: time.Now}
	s.Swept = func(ctx context.Context, swept index.Swept) {
		k.Log.LogAttrs(ctx, slog.LevelInfo, lambdakit.PartResolved, slog.String("part", swept.Part),
			slog.Int("looked", swept.Looked), slog.Int("changed", swept.Changed))
		k.Count(ctx, lambdakit.Metric{Name: lambdakit.MetricLooked, Value: float64(swept.Looked)},
			lambdakit.Metric{Name: lambdakit.MetricChanged, Value: float64(swept.Changed)})
	}
	s.Summed = func(ctx context.Context, t resolution.Total) {
		k.Log.LogAttrs(ctx, slog.LevelInfo, lambdakit.ResolutionEnded, slog.Int("parts", t.Parts), slog.Int("failed", t.Failed),
			slog.Int("looked", t.Looked), slog.Int("changed", t.Changed), slog.Int("open", t.Open), slog.Int("days", t.Oldest))
		k.Count(ctx, lambdakit.Metric{Name: lambdakit.MetricReviews, Value: float64(t.Open)},
			lambdakit.Metric{Name: lambdakit.MetricReviewAge, Value: float64(t.Oldest)})
	}
	return s.Do
}
