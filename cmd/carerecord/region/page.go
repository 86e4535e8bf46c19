package region

import (
	"html/template"
	"net/http"

	_ "embed"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/failure"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// pageData is what the page at / shows. It names organisations, feeds and
// counts; no file name and nothing of a patient.
type pageData struct {
	API, S3    string
	Buckets    delivery.Buckets
	Totals     Totals
	Deliveries []delivery.Delivery
	Feeds      []delivery.FeedState
}

func (r *Region) page(w http.ResponseWriter, req *http.Request) {
	data := pageData{API: r.apiPort.Addr().String(), S3: r.s3Port.Addr().String(), Buckets: Buckets}
	var err error
	if data.Totals, err = r.shownTotals(req.Context()); err == nil {
		data.Deliveries, err = r.deliveries(req.Context())
	}
	if err == nil {
		data.Feeds, err = r.Delivery.Freshness(req.Context(), nil)
	}
	if err != nil {
		r.settings.Log.ErrorContext(req.Context(), "PAGE_FAILED", "kind", failure.KindOf(err).String())
		http.Error(w, "the region cannot be read at this moment", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = page.Execute(w, data) // the reader has gone: nothing to mend
}
