package access

import (
	"context"
	"crypto"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/carerecord/carerecord/shared/failure"
)

const opAuthenticate = "access.Authenticate"

// maxToken bounds what is parsed of a stranger's header. CIS2 tokens with
// many roles stay well below it.
const maxToken = 16 << 10

// algorithms are the asymmetric ones of RFC 7518 and RFC 8037. A symmetric
// one would let whoever reads a public key make tokens (RFC 8725, 2.1 and 3.1).
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
	oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

// VerifierConfig says whose tokens are accepted. Exactly one of JWKSURL and
// Keys is set.
type VerifierConfig struct {
	Issuer   string             // must equal the claim iss
	Audience string             // must be among the claim aud
	JWKSURL  string             // where the issuer publishes its keys (RFC 7517)
	Keys     []crypto.PublicKey // the keys themselves, for an issuer in the same process
	Client   *http.Client       // for JWKSURL; nil: one with a timeout of five seconds
	Now      func() time.Time   // nil: time.Now
}

// Verifier authenticates callers by bearer token. It is safe for concurrent
// use and is kept for the life of the process, as it caches the issuer's keys.
type Verifier struct {
	inner    *oidc.IDTokenVerifier
	issuer   string
	audience string
}

// NewVerifier gives failure.Invalid when the configuration is incomplete.
// Nothing is fetched before the first token comes.
func NewVerifier(c VerifierConfig) (*Verifier, error) {
	const op = "access.NewVerifier"
	switch {
	case c.Issuer == "":
		return nil, failure.New(failure.Invalid, op, "no issuer")
	case c.Audience == "":
		return nil, failure.New(failure.Invalid, op, "no audience")
	case (c.JWKSURL == "") == (len(c.Keys) == 0):
		return nil, failure.New(failure.Invalid, op, "give either a JWKS URL or keys")
	}
	var keys oidc.KeySet
	if c.JWKSURL != "" {
		keys = remoteKeys(c.JWKSURL, c.Client, c.Now)
	} else {
		keys = &oidc.StaticKeySet{PublicKeys: c.Keys}
	}
	inner := oidc.NewVerifier(c.Issuer, witness{keys}, &oidc.Config{
		ClientID:             c.Audience,
		SupportedSigningAlgs: algorithms,
		Now:                  c.Now,
	})
	return &Verifier{inner: inner, issuer: c.Issuer, audience: c.Audience}, nil
}

// Authenticate checks the value of an Authorization header: scheme Bearer,
// signature, issuer, audience, expiry (required) and not-before. A caller
// without organisation or role, or with one that is no code, comes back with
// those empty: Decide refuses them, not this.
func (v *Verifier) Authenticate(ctx context.Context, authorization string) (Caller, error) {
	token, err := bearer(authorization)
	if err != nil {
		return Caller{}, err
	}
	seen := &sighting{}
	if _, err := v.inner.Verify(context.WithValue(ctx, sightingKey{}, seen), token); err != nil {
		return Caller{}, v.refusal(err, seen)
	}
	return callerOf(seen.payload)
}

// bearer cuts the token out of the header (RFC 6750, 2.1). The scheme is case-insensitive.
func bearer(authorization string) (string, error) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	token = strings.TrimSpace(token)
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		return "", refuse("no bearer token")
	case len(token) > maxToken:
		return "", refuse("token too long")
	}
	return token, nil
}

// refusal turns go-oidc's verdict into a reason. The verdict is always
// go-oidc's; only its wording is ours, as its text repeats the token's claims.
func (v *Verifier) refusal(err error, seen *sighting) error {
	var expired *oidc.TokenExpiredError
	switch {
	case seen.unavailable:
		return failure.New(failure.Unavailable, opAuthenticate, "the issuer's keys cannot be fetched")
	case seen.payload == nil && seen.asked:
		return refuse("token signature not valid")
	case seen.payload == nil:
		return refuse("token malformed or signed with an algorithm that is not accepted")
	}
	claims, parseErr := parseClaims(seen.payload)
	switch {
	case parseErr != nil:
		return parseErr
	case claims.Issuer != v.issuer:
		return refuse("token of another issuer")
	case !claims.Audience.has(v.audience):
		return refuse("token for another audience")
	case errors.As(err, &expired) && expired.Expiry.Unix() <= 0:
		return refuse("token without expiry")
	case errors.As(err, &expired):
		return refuse("token expired")
	case claims.NotBefore > 0:
		return refuse("token not valid yet")
	}
	return refuse("token claims malformed")
}

func refuse(reason string) error {
	return failure.New(failure.Unauthenticated, opAuthenticate, "%s", reason)
}
