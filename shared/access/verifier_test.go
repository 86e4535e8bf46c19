package access_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/failure"
)

const (
	issuer   = "https://issuer.test"
	audience = "carerecord"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

type signer struct {
	method jwt.SigningMethod
	key    any
}

func ecSigner(t testing.TB) (signer, crypto.PublicKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{jwt.SigningMethodES256, key}, key.Public()
}

func (s signer) sign(t testing.TB, claims jwt.MapClaims) string {
	t.Helper()
	text, err := jwt.NewWithClaims(s.method, claims).SignedString(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// good gives claims that are accepted, changed by the arguments; nil removes a claim.
func good(changes jwt.MapClaims) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": issuer, "aud": audience, "sub": "user-1", "org": "RXX", "role": "R8000", "azp": "viewer", "jti": "t1",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	for name, value := range changes {
		if value == nil {
			delete(c, name)
		} else {
			c[name] = value
		}
	}
	return c
}

func verifier(t testing.TB, keys ...crypto.PublicKey) *access.Verifier {
	t.Helper()
	v, err := access.NewVerifier(access.VerifierConfig{Issuer: issuer, Audience: audience, Keys: keys, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// refused asserts kind and reason, and that nothing of the token is repeated.
func refused(t *testing.T, err error, kind failure.Kind, reason, token string) {
	t.Helper()
	if !failure.Is(err, kind) || !strings.HasSuffix(err.Error(), ": "+reason) {
		t.Errorf("Authenticate: got error %v, want %s: %s", err, kind, reason)
	}
	if err != nil && len(token) > 10 && strings.Contains(err.Error(), token) {
		t.Error("the error repeats the token")
	}
}

func roles(rs ...[3]string) []map[string]any {
	list := []map[string]any{}
	for _, r := range rs {
		list = append(list, map[string]any{"person_roleid": r[0], "org_code": r[1], "role_code": r[2], "activity_codes": []string{"B0360"}})
	}
	return list
}

func TestAuthenticateClaims(t *testing.T) {
	t.Parallel()
	sign, public := ecSigner(t)
	v := verifier(t, public)
	nurse, clerk := [3]string{"1", "RXX", "S8000:G8000:R8001"}, [3]string{"2", "RYY", "S8000:G8003:R8010"}
	bare := access.Caller{Subject: "user-1", Organisation: "RXX", Role: "R8000", Client: "viewer", Issuer: issuer, TokenID: "t1"}
	with := func(org, role string) access.Caller {
		c := bare
		c.Organisation, c.Role = org, role
		return c
	}
	none := jwt.MapClaims{"org": nil, "role": nil}
	cis2 := func(selected any, list any) jwt.MapClaims {
		return jwt.MapClaims{"org": nil, "role": nil, "selected_roleid": selected, "nhsid_nrbac_roles": list}
	}
	for name, c := range map[string]struct {
		change jwt.MapClaims
		want   access.Caller
		reason string
	}{
		"org and role":                  {nil, bare, ""},
		"audience in a list":            {jwt.MapClaims{"aud": []string{"other", audience}}, bare, ""},
		"neither org nor role":          {none, with("", ""), ""},
		"CIS2, selected":                {cis2("2", roles(nurse, clerk)), with("RYY", "R8010"), ""},
		"CIS2, only one":                {cis2(nil, roles(nurse)), with("RXX", "R8001"), ""},
		"CIS2, several, none selected":  {cis2(nil, roles(nurse, clerk)), access.Caller{}, "several roles and none selected"},
		"CIS2, a stranger selected":     {cis2("3", roles(nurse, clerk)), access.Caller{}, "selected_roleid is not one of the roles"},
		"CIS2, selected among none":     {cis2("1", nil), access.Caller{}, "selected_roleid is not one of the roles"},
		"CIS2, one id twice":            {cis2("1", roles(nurse, [3]string{"1", "RYY", "R8010"})), access.Caller{}, "selected_roleid is not one of the roles"},
		"CIS2 contradicts org":          {jwt.MapClaims{"org": "RZZ", "role": nil, "nhsid_nrbac_roles": roles(nurse)}, access.Caller{}, "token claims org and role contradict the selected role"},
		"CIS2 agrees with org and role": {jwt.MapClaims{"role": "R8001", "nhsid_nrbac_roles": roles(nurse)}, with("RXX", "R8001"), ""},
		"an org that is no ODS code":    {jwt.MapClaims{"org": "RXX/../x"}, with("", bare.Role), ""},
		"a role that is no code":        {jwt.MapClaims{"role": "nurse"}, with(bare.Organisation, ""), ""},
		"a CIS2 role that is no code":   {cis2(nil, roles([3]string{"1", "RXX", "Nurse"})), with("RXX", ""), ""},
		"no subject":                    {jwt.MapClaims{"sub": nil}, access.Caller{}, "token without subject"},
		"org is a list":                 {jwt.MapClaims{"org": []string{"RXX"}}, access.Caller{}, "token claims malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := sign.sign(t, good(c.change))
			got, err := v.Authenticate(t.Context(), "Bearer "+token)
			if c.reason != "" {
				refused(t, err, failure.Unauthenticated, c.reason, token)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("caller (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthenticateRefusesTimesIssuerAudience(t *testing.T) {
	t.Parallel()
	sign, public := ecSigner(t)
	v := verifier(t, public)
	for name, c := range map[string]struct {
		change jwt.MapClaims
		reason string
	}{
		"expired a second ago":    {jwt.MapClaims{"exp": now.Add(-time.Second).Unix()}, "token expired"},
		"no expiry":               {jwt.MapClaims{"exp": nil}, "token without expiry"},
		"expiry is text":          {jwt.MapClaims{"exp": "tomorrow"}, "token claims malformed"},
		"not before next year":    {jwt.MapClaims{"nbf": now.AddDate(1, 0, 0).Unix()}, "token not valid yet"},
		"another issuer":          {jwt.MapClaims{"iss": "https://evil.test"}, "token of another issuer"},
		"issuer with a slash":     {jwt.MapClaims{"iss": issuer + "/"}, "token of another issuer"},
		"no issuer":               {jwt.MapClaims{"iss": nil}, "token of another issuer"},
		"another audience":        {jwt.MapClaims{"aud": "elsewhere"}, "token for another audience"},
		"no audience":             {jwt.MapClaims{"aud": nil}, "token for another audience"},
		"an audience that begins": {jwt.MapClaims{"aud": audience + "-2"}, "token for another audience"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := sign.sign(t, good(c.change))
			_, err := v.Authenticate(t.Context(), "Bearer "+token)
			refused(t, err, failure.Unauthenticated, c.reason, token)
		})
	}
}

// TestAuthenticateRefusesForgeries holds the attacks of RFC 8725, section 2.
func TestAuthenticateRefusesForgeries(t *testing.T) {
	t.Parallel()
	sign, public := ecSigner(t)
	stranger, _ := ecSigner(t)
	v := verifier(t, public)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	public64 := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	token := sign.sign(t, good(nil))
	parts := strings.Split(token, ".")
	other := strings.Split(sign.sign(t, good(jwt.MapClaims{"org": "RYY"})), ".")
	const (
		malformed = "token malformed or signed with an algorithm that is not accepted"
		signature = "token signature not valid"
	)
	for name, c := range map[string]struct{ header, reason string }{
		"no header":                 {"", "no bearer token"},
		"basic":                     {"Basic dXNlcjpwYXNz", "no bearer token"},
		"scheme alone":              {"Bearer ", "no bearer token"},
		"too long":                  {"Bearer " + strings.Repeat("a", 17<<10), "token too long"},
		"no token at all":           {"Bearer abc", malformed},
		"alg none":                  {"Bearer " + signer{jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType}.sign(t, good(nil)), malformed},
		"alg None by hand":          {"Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"None"}`)) + "." + parts[1] + ".", malformed},
		"HS256 with the public key": {"Bearer " + signer{jwt.SigningMethodHS256, public64}.sign(t, good(nil)), malformed},
		"another's key":             {"Bearer " + stranger.sign(t, good(nil)), signature},
		"signature cut off":         {"Bearer " + parts[0] + "." + parts[1] + ".", signature},
		"signature of other claims": {"Bearer " + parts[0] + "." + other[1] + "." + parts[2], signature},
		"two tokens":                {"Bearer " + token + " " + token, malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := v.Authenticate(t.Context(), c.header)
			refused(t, err, failure.Unauthenticated, c.reason, c.header)
		})
	}
}

func TestAuthenticateRefusesAClaimTwice(t *testing.T) {
	t.Parallel()
	sign, public := ecSigner(t)
	payload := `{"iss":"https://issuer.test","aud":"carerecord","sub":"u","exp":` + "9999999999" + `,"org":"RXX","org":"RYY","role":"R8000"}`
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	mac, err := jwt.SigningMethodES256.Sign(head, sign.key)
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifier(t, public).Authenticate(t.Context(), "Bearer "+head+"."+base64.RawURLEncoding.EncodeToString(mac))
	refused(t, err, failure.Unauthenticated, "token claims malformed", head)
}

func TestAuthenticateTakesRSA(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, key.Public())
	for _, method := range []jwt.SigningMethod{jwt.SigningMethodRS256, jwt.SigningMethodRS512, jwt.SigningMethodPS256} {
		if _, err := v.Authenticate(t.Context(), "bearer "+signer{method, key}.sign(t, good(nil))); err != nil {
			t.Errorf("%s: %v", method.Alg(), err)
		}
	}
}

func TestRemoteKeysAreCachedAndRotated(t *testing.T) {
	t.Parallel()
	var fetches atomic.Int64
	var serving atomic.Pointer[access.Issuer]
	var down atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetches.Add(1)
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		serving.Load().JWKS().ServeHTTP(w, r)
	}))
	defer server.Close()
	var at atomic.Int64
	tick := func() time.Time { return now.Add(time.Duration(at.Load())) }
	make1 := func() (*access.Issuer, string) {
		i, err := access.NewIssuer(access.IssuerConfig{File: filepath.Join(t.TempDir(), "key.pem"), URL: issuer, Audience: audience, Now: clock})
		if err != nil {
			t.Fatal(err)
		}
		token, err := i.Token(access.Claims{Subject: "u", Organisation: "RXX", Role: "R8000"}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return i, "Bearer " + token
	}
	first, firstToken := make1()
	second, secondToken := make1()
	_, strangerToken := make1()
	serving.Store(first)
	v, err := access.NewVerifier(access.VerifierConfig{Issuer: issuer, Audience: audience, JWKSURL: server.URL, Now: tick})
	if err != nil {
		t.Fatal(err)
	}
	expect := func(step, header string, kind failure.Kind, ok bool, wantFetches int64) {
		t.Helper()
		_, err := v.Authenticate(t.Context(), header)
		if ok != (err == nil) || !ok && !failure.Is(err, kind) {
			t.Errorf("%s: got %v", step, err)
		}
		if got := fetches.Load(); got != wantFetches {
			t.Errorf("%s: %d fetches, want %d", step, got, wantFetches)
		}
	}
	down.Store(true)
	expect("issuer down", firstToken, failure.Unavailable, false, 1)
	down.Store(false)
	expect("first use", firstToken, 0, true, 2)
	expect("cached", firstToken, 0, true, 2)
	for range 5 {
		expect("a stranger cannot make us fetch", strangerToken, failure.Unauthenticated, false, 2)
	}
	serving.Store(second)
	at.Store(int64(time.Minute))
	expect("rotated", secondToken, 0, true, 3)
	at.Store(int64(2 * time.Minute))
	expect("old key gone", firstToken, failure.Unauthenticated, false, 4)
}

func TestNewVerifierRefusesHalfAConfig(t *testing.T) {
	t.Parallel()
	_, public := ecSigner(t)
	for name, c := range map[string]access.VerifierConfig{
		"no issuer":   {Audience: "a", Keys: []crypto.PublicKey{public}},
		"no audience": {Issuer: "i", Keys: []crypto.PublicKey{public}},
		"no keys":     {Issuer: "i", Audience: "a"},
		"both":        {Issuer: "i", Audience: "a", JWKSURL: "https://k.test", Keys: []crypto.PublicKey{public}},
	} {
		if _, err := access.NewVerifier(c); !failure.Is(err, failure.Invalid) {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
}

// FuzzAuthenticate: no header makes it panic or lets a stranger in.
func FuzzAuthenticate(f *testing.F) {
	sign, public := ecSigner(f)
	stranger, _ := ecSigner(f)
	v := verifier(f, public)
	f.Add("Bearer " + stranger.sign(f, good(nil)))
	f.Add("Bearer a.b.c")
	f.Add("Bearer eyJhbGciOiJub25lIn0.e30.")
	f.Add(sign.sign(f, good(nil)))
	f.Fuzz(func(t *testing.T, header string) {
		if _, err := v.Authenticate(t.Context(), header); err == nil {
			t.Error("accepted a token that was not signed")
		} else if !failure.Is(err, failure.Unauthenticated) {
			t.Errorf("got %v, want unauthenticated", err)
		}
	})
}
