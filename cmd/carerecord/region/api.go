package region

import (
	"context"
	"net/http"
	"time"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/restapi"
)

// openAPI puts together what answers at the API's address: the FHIR API, the
// development issuer's documents, and the page for a person.
func (r *Region) openAPI(hasher *opaque.Hasher) error {
	verifier, err := access.NewVerifier(access.VerifierConfig{Issuer: issuerURL, Audience: audience, Keys: r.Issuer.Keys()})
	if err != nil {
		return err
	}
	r.mux = http.NewServeMux()
	r.mux.Handle("GET "+issuerPath+access.JWKSPath, r.Issuer.JWKS())
	r.mux.Handle("GET "+issuerPath+access.ConfigurationPath, r.Issuer.Configuration())
	r.mux.HandleFunc("GET /{$}", r.page)
	r.config = restapi.Config{
		Index: r.Index, Record: r.Record, Access: verifier, Hasher: hasher, Log: r.settings.Log, Freshness: r.freshness,
		Audit: audit.New(r.tables.Table("audit"), audit.Config{Writer: "local-region", Now: time.Now}),
	}
	return nil
}

// serveFHIR adds the FHIR API, which must know its own address for its links.
func (r *Region) serveFHIR(address string) error {
	r.config.BaseURL = "http://" + address + restapi.Base
	api, err := restapi.New(r.config)
	if err != nil {
		return err
	}
	r.mux.Handle("/", api)
	return nil
}

func (r *Region) freshness(ctx context.Context, organisations []string) ([]restapi.FeedState, error) {
	feeds, err := r.Delivery.Freshness(ctx, organisations)
	if err != nil {
		return nil, err
	}
	states := make([]restapi.FeedState, len(feeds))
	for i, f := range feeds {
		states[i] = restapi.FeedState(f)
	}
	return states, nil
}
