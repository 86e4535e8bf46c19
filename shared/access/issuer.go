package access

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"github.com/carerecord/carerecord/shared/failure"
)

// Paths at which a development issuer's documents are served, below its URL.
const (
	ConfigurationPath = "/.well-known/openid-configuration" // OpenID Connect Discovery 1.0, 4
	JWKSPath          = "/.well-known/jwks.json"
)

// Claims are what a development token says.
type Claims struct {
	Subject      string // the user; required
	Organisation string // ODS code; empty leaves the claim out
	Role         string // R followed by four digits; empty leaves the claim out
	Name         string
}

// IssuerConfig names a development issuer.
type IssuerConfig struct {
	File     string           // where the private key lies; made when it is not there
	URL      string           // the claim iss
	Audience string           // the claim aud
	Now      func() time.Time // nil: time.Now
}

// Issuer makes tokens for development only: whoever reads its key file is
// every user. A deployed region trusts the NHS's or the trust's own issuer and
// has none of this.
type Issuer struct {
	config IssuerConfig
	key    *ecdsa.PrivateKey
	id     string
}

// NewIssuer reads the key, or makes it (ES256, file mode 0600). Two processes
// that start at once end up with the same key. Errors: failure.Invalid for a
// file that is not such a key, is open to others, or an incomplete config.
func NewIssuer(c IssuerConfig) (*Issuer, error) {
	const op = "access.NewIssuer"
	if c.File == "" || c.URL == "" || c.Audience == "" {
		return nil, failure.New(failure.Invalid, op, "a file, a URL and an audience are needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	key, err := loadKey(c.File)
	if failure.Is(err, failure.NotFound) {
		key, err = makeKey(c.File)
	}
	if err != nil {
		return nil, failure.Wrap(failure.KindOf(err), op, err)
	}
	return &Issuer{config: c, key: key, id: thumbprint(&key.PublicKey)}, nil
}

// Token signs a token that lives for ttl.
func (i *Issuer) Token(c Claims, ttl time.Duration) (string, error) {
	const op = "access.Token"
	if c.Subject == "" || ttl <= 0 {
		return "", failure.New(failure.Invalid, op, "a subject and a time to live are needed")
	}
	now := i.config.Now()
	claims := jwt.MapClaims{
		"iss": i.config.URL, "aud": i.config.Audience, "sub": c.Subject, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(ttl).Unix(),
	}
	for name, value := range map[string]string{"org": c.Organisation, "role": c.Role, "name": c.Name} {
		if value != "" {
			claims[name] = value
		}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["kid"] = i.id
	signed, err := token.SignedString(i.key)
	return signed, failure.Wrap(failure.Internal, op, err)
}

// Keys gives the public keys, for a Verifier in the same process.
func (i *Issuer) Keys() []crypto.PublicKey { return []crypto.PublicKey{&i.key.PublicKey} }

// JWKS serves the public key set (RFC 7517).
func (i *Issuer) JWKS() http.Handler {
	key := publicJWK(&i.key.PublicKey)
	key["kid"], key["use"], key["alg"] = i.id, "sig", "ES256"
	return document(map[string]any{"keys": []any{key}})
}

// Configuration serves the discovery document. There are no endpoints to sign
// in at: tokens come from the command line.
func (i *Issuer) Configuration() http.Handler {
	return document(map[string]any{
		"issuer":                                i.config.URL,
		"jwks_uri":                              i.config.URL + JWKSPath,
		"id_token_signing_alg_values_supported": []string{"ES256"},
		"response_types_supported":              []string{"none"},
		"subject_types_supported":               []string{"public"},
		"claims_supported":                      []string{"iss", "aud", "sub", "org", "role", "name", "exp", "nbf", "iat", "jti"},
	})
}

func document(content map[string]any) http.Handler {
	body, err := json.Marshal(content, json.Deterministic(true))
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "max-age=60")
		_, _ = w.Write(body) // the client has gone: nothing to mend
	})
}

// publicJWK gives the required members of an EC key (RFC 7518, 6.2).
func publicJWK(key *ecdsa.PublicKey) map[string]any {
	const width = 32 // P-256 coordinates keep their leading zeros
	point, err := key.Bytes()
	if err != nil || key.Curve != elliptic.P256() {
		return map[string]any{}
	}
	text := base64.RawURLEncoding.EncodeToString
	return map[string]any{"kty": "EC", "crv": "P-256", "x": text(point[1 : 1+width]), "y": text(point[1+width:])}
}

// thumbprint is the key id: RFC 7638, over the required members in name order.
func thumbprint(key *ecdsa.PublicKey) string {
	jwk, _ := json.Marshal(publicJWK(key), json.Deterministic(true)) // strings only: cannot fail
	sum := sha256.Sum256(jwk)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
