package runtimetest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// issuer publishes keys, as scripted.
type issuer struct {
	*access.Issuer
	server *httptest.Server

	mu      sync.Mutex
	keys    http.Handler
	fetches int
}

const keysPath = "/keys"

func newIssuer(t testing.TB, r *runtimetest.Region) *issuer {
	t.Helper()
	i := &issuer{Issuer: key(t, r)}
	i.keys = i.JWKS()
	i.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.fetches++
		i.keys.ServeHTTP(w, q)
	}))
	t.Cleanup(i.server.Close)
	return i
}

// key makes an issuer with a key of its own.
func key(t testing.TB, r *runtimetest.Region) *access.Issuer {
	t.Helper()
	made, err := access.NewIssuer(access.IssuerConfig{
		File: filepath.Join(t.TempDir(), "issuer.key"), URL: r.Value(catalogue.TokenIssuer), Audience: r.Value(catalogue.TokenAudience),
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (i *issuer) address() string { return i.server.URL + keysPath }

// serve changes what the issuer publishes.
func (i *issuer) serve(h http.Handler) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = h
}

func (i *issuer) fetched() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetches
}

func status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

// page is what a captive portal or a broken proxy answers in the issuer's place.
var page = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<!DOCTYPE html><html><body>Please sign in</body></html>"))
})

// clinician is a caller whom the policy point lets in.
var clinician = access.Claims{Subject: "555021935107", Organisation: "RZZ", Role: "R8000", Name: "Quigley-Canary"}

// asked is the sample event with the issuer's own token.
func asked(t *testing.T, from *access.Issuer, claims access.Claims, ttl time.Duration) []byte {
	t.Helper()
	token, err := from.Token(claims, ttl)
	if err != nil {
		t.Fatal(err)
	}
	text := string(trigger(t, "authorize-request.request"))
	const before = "Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"
	if !strings.Contains(text, before) {
		t.Fatal("the sample event has another token")
	}
	return []byte(strings.ReplaceAll(text, before, "Bearer "+token))
}

func authorizer(t *testing.T, r *runtimetest.Region, i *issuer) *runtimetest.Process {
	t.Helper()
	r.Canaries = append(r.Canaries, clinician.Name, clinician.Subject, "eyJhbGciOiJFUzI1NiIs")
	return r.Start(t, "authorize-request", runtimetest.With(catalogue.TokenKeys, i.address()))
}

// said fails the test unless the authorizer's answer is the effect, or the
// error of that type.
func said(t *testing.T, a runtimetest.Answer, want string) events.APIGatewayCustomAuthorizerResponse {
	t.Helper()
	var answer events.APIGatewayCustomAuthorizerResponse
	got := a.Type
	if !a.Failed {
		if err := json.Unmarshal(a.Payload, &answer); err != nil || len(answer.PolicyDocument.Statement) != 1 {
			t.Fatalf("no policy of one statement: %v", err)
		}
		got = answer.PolicyDocument.Statement[0].Effect
	}
	if got != want {
		t.Errorf("the answer is %s, want %s", got, want)
	}
	return answer
}

func TestCallerIsLetIn(t *testing.T) {
	t.Parallel()
	r := bare(t)
	i := newIssuer(t, r)
	p := authorizer(t, r, i)
	a := said(t, p.Invoke(t, asked(t, i.Issuer, clinician, time.Hour)), "Allow")
	for name, want := range map[string]string{"subject": clinician.Subject, "organisation": "RZZ", "role": "R8000", "issuer": r.Value(catalogue.TokenIssuer)} {
		if a.Context[name] != want {
			t.Errorf("context %s is %v, want %s", name, a.Context[name], want)
		}
	}
	want := "arn:aws:execute-api:eu-west-2:123456789012:a1b2c3d4e5/dev/*"
	if got := a.PolicyDocument.Statement[0].Resource; !slices.Equal(got, []string{want}) {
		t.Errorf("for %v, want %s", got, want)
	}
	if a.PrincipalID == "" || strings.Contains(a.PrincipalID, clinician.Subject) {
		t.Errorf("the principal's id is not opaque")
	}
	for name, c := range map[string]struct {
		claims access.Claims
		ttl    time.Duration
		from   *access.Issuer
		want   string
	}{
		"expired":         {clinician, time.Nanosecond, i.Issuer, "Unauthorized"},
		"of another key":  {clinician, time.Hour, key(t, r), "Unauthorized"},
		"no organisation": {access.Claims{Subject: clinician.Subject, Role: "R8000"}, time.Hour, i.Issuer, "Deny"},
		"no role":         {access.Claims{Subject: clinician.Subject, Organisation: "RZZ"}, time.Hour, i.Issuer, "Deny"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := said(t, p.Invoke(t, asked(t, c.from, c.claims, c.ttl)), c.want); len(a.Context) != 0 {
				t.Error("a caller who is not let in has a context")
			}
		})
	}
	if got := i.fetched(); got != 1 {
		t.Errorf("the keys were fetched %d times, want once", got)
	}
}

// Nobody is let in while the keys cannot be had, and everybody as soon as they
// can: no answer to the question is kept.
func TestIssuerAway(t *testing.T) {
	t.Parallel()
	r := bare(t)
	for name, keys := range map[string]http.Handler{
		"down": status(http.StatusServiceUnavailable), "gone": status(http.StatusNotFound), "HTML": page,
		"hangs up": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t, r)
			i.serve(keys)
			p := authorizer(t, r, i)
			event := asked(t, i.Issuer, clinician, time.Hour)
			for range 2 {
				a := p.Invoke(t, event)
				said(t, a, "Retryable")
				want := []string{lambdakit.KeysUnavailable, lambdakit.InvocationFailed}
				if got := p.Codes(t, a.Request, 2); !slices.Equal(got, want) {
					t.Errorf("logged %v, want %v", got, want)
				}
			}
			i.serve(i.JWKS())
			said(t, p.Invoke(t, event), "Allow")
			i.serve(keys)
			said(t, p.Invoke(t, event), "Allow") // by the keys that are known
		})
	}
}

// A new key is taken up when a token of it comes, though not more often than
// every 15 seconds: nobody can have us call the issuer by sending bad tokens.
func TestIssuerRotatesItsKeys(t *testing.T) {
	t.Parallel()
	r := bare(t)
	i := newIssuer(t, r)
	p := authorizer(t, r, i)
	said(t, p.Invoke(t, asked(t, i.Issuer, clinician, time.Hour)), "Allow")
	fetched := time.Now()
	next := key(t, r)
	i.serve(next.JWKS())
	event := asked(t, next, clinician, time.Hour)
	for range 20 {
		said(t, p.Invoke(t, event), "Unauthorized")
	}
	if got := i.fetched(); got != 1 {
		t.Errorf("the keys were fetched %d times within a moment, want once", got)
	}
	time.Sleep(time.Until(fetched.Add(15500 * time.Millisecond)))
	said(t, p.Invoke(t, event), "Allow")
	said(t, p.Invoke(t, asked(t, i.Issuer, clinician, time.Hour)), "Unauthorized") // the key that was withdrawn
	if got := i.fetched(); got != 2 {
		t.Errorf("the keys were fetched %d times, want twice", got)
	}
}
