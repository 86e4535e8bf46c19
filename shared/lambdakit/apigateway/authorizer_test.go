package apigateway_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda/messages"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/lambdakit/apigateway"
)

const (
	issuerURL = "https://issuer.example"
	audience  = "carerecord"
	method    = "arn:aws:execute-api:eu-west-2:123456789012:a1b2c3d4e5/dev/GET/fhir/R4/Patient"
	stage     = "arn:aws:execute-api:eu-west-2:123456789012:a1b2c3d4e5/dev/*"
)

// place is where an issuer's keys are fetched; what answers can be changed.
type place struct {
	atomic.Pointer[http.Handler]
	fetched atomic.Int32
	url     string
}

func (p *place) serve(h http.Handler) { p.Store(&h) }

func keysAt(t *testing.T, h http.Handler) *place {
	t.Helper()
	p := &place{}
	p.serve(h)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fetched.Add(1)
		(*p.Load()).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func issuer(t *testing.T, name string) *access.Issuer {
	t.Helper()
	i, err := access.NewIssuer(access.IssuerConfig{File: filepath.Join(t.TempDir(), name), URL: issuerURL, Audience: audience})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

var clinician = access.Claims{Subject: "555021935107", Organisation: "RZZ", Role: "R8000", Name: "CANARY Zoe"}

func bearer(t *testing.T, i *access.Issuer, c access.Claims) string {
	t.Helper()
	token, err := i.Token(c, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

// ask gives a question to a function's handler, as JSON both ways.
func ask(t *testing.T, keys *place, now func() time.Time) func(apigateway.Question) (events.APIGatewayCustomAuthorizerResponse, *messages.InvokeResponse_Error) {
	t.Helper()
	k, ctx, _ := kit(t)
	verifier, err := access.NewVerifier(access.VerifierConfig{Issuer: issuerURL, Audience: audience, JWKSURL: keys.url, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	a, err := apigateway.NewAuthorizer(k, verifier)
	if err != nil {
		t.Fatal(err)
	}
	h := lambdakit.Handler(k, a.Authorize)
	return func(q apigateway.Question) (answer events.APIGatewayCustomAuthorizerResponse, refused *messages.InvokeResponse_Error) {
		raw, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		out, err := h.Invoke(ctx, raw)
		var worded messages.InvokeResponse_Error
		if errors.As(err, &worded) {
			return answer, &worded
		}
		if err := json.Unmarshal(out, &answer); err != nil {
			t.Fatal(err)
		}
		return answer, nil
	}
}

func effect(a events.APIGatewayCustomAuthorizerResponse) string {
	if len(a.PolicyDocument.Statement) != 1 {
		return ""
	}
	return a.PolicyDocument.Statement[0].Effect
}

func TestAllow(t *testing.T) {
	t.Parallel()
	i := issuer(t, "key")
	asked := ask(t, keysAt(t, i.JWKS()), nil)
	token := bearer(t, i, clinician)
	for name, q := range map[string]apigateway.Question{
		"TOKEN":                {Type: "TOKEN", MethodARN: method, AuthorizationToken: token},
		"REQUEST":              {Type: "REQUEST", MethodARN: method, Headers: map[string]string{"Authorization": token}, MultiValueHeaders: map[string][]string{"Authorization": {token}}},
		"REQUEST, small":       {Type: "REQUEST", MethodARN: method, MultiValueHeaders: map[string][]string{"authorization": {token}}},
		"REQUEST, single only": {Type: "REQUEST", MethodARN: method, Headers: map[string]string{"authorization": token}},
	} {
		a, refused := asked(q)
		if refused != nil || effect(a) != "Allow" {
			t.Fatalf("%s: %+v, %+v", name, a, refused)
		}
		s := a.PolicyDocument.Statement[0]
		if len(s.Resource) != 1 || s.Resource[0] != stage || s.Action[0] != "execute-api:Invoke" {
			t.Errorf("%s: %+v", name, s)
		}
		if strings.Contains(a.PrincipalID, clinician.Subject) || len(a.PrincipalID) != 26 {
			t.Errorf("%s: the principal is %q", name, a.PrincipalID)
		}
		// What comes out goes in again at the API: the caller is the same.
		e := events.APIGatewayProxyRequest{RequestContext: events.APIGatewayProxyRequestContext{Authorizer: a.Context}}
		for key, value := range a.Context {
			if _, text := value.(string); !text {
				t.Errorf("%s: %s is no text, which API Gateway does not pass on", name, key)
			}
		}
		if got := echo(t, e).Caller; got.Subject != clinician.Subject || got.Organisation != "RZZ" || got.Role != "R8000" || got.Name != clinician.Name || got.Issuer != issuerURL {
			t.Errorf("%s: caller %+v", name, got)
		}
	}
}

func TestNo(t *testing.T) {
	t.Parallel()
	i, other := issuer(t, "key"), issuer(t, "other")
	asked := ask(t, keysAt(t, i.JWKS()), nil)
	good := bearer(t, i, clinician)
	old, err := i.Token(clinician, time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		q      apigateway.Question
		policy string // Deny, or empty for the error
		error  string
	}{
		{"no token", apigateway.Question{Type: "REQUEST"}, "", "Unauthorized"},
		{"headers without one", apigateway.Question{MultiValueHeaders: map[string][]string{"Accept": {"CANARY"}}}, "", "Unauthorized"},
		{"two tokens", apigateway.Question{MultiValueHeaders: map[string][]string{"Authorization": {good, good}}}, "", "Unauthorized"},
		{"two spellings of the header", apigateway.Question{MultiValueHeaders: map[string][]string{"Authorization": {good}, "authorization": {good}}}, "", "Unauthorized"},
		{"no bearer", apigateway.Question{AuthorizationToken: "Basic CANARY"}, "", "Unauthorized"},
		{"not a token", apigateway.Question{AuthorizationToken: "Bearer CANARY"}, "", "Unauthorized"},
		{"of another issuer's key", apigateway.Question{AuthorizationToken: bearer(t, other, clinician)}, "", "Unauthorized"},
		{"old", apigateway.Question{AuthorizationToken: "Bearer " + old}, "", "Unauthorized"},
		{"no organisation", apigateway.Question{AuthorizationToken: bearer(t, i, access.Claims{Subject: "CANARY", Role: "R8000"})}, "Deny", ""},
		{"no role", apigateway.Question{AuthorizationToken: bearer(t, i, access.Claims{Subject: "CANARY", Organisation: "RZZ"})}, "Deny", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.q.MethodARN = method
			a, refused := asked(c.q)
			switch {
			case c.error != "" && (refused == nil || refused.Message != c.error || effect(a) != ""):
				t.Errorf("%+v, %+v", a, refused)
			case c.policy != "" && (refused != nil || effect(a) != c.policy || len(a.Context) != 0):
				t.Errorf("%+v, %+v", a, refused)
			}
		})
	}
	for _, arn := range []string{"", "CANARY", "arn:aws:s3:::bucket/a/b", "arn:aws:execute-api:eu-west-2:1:api", "arn:aws:execute-api:eu-west-2:1://GET/"} {
		if a, refused := asked(apigateway.Question{AuthorizationToken: good, MethodARN: arn}); refused == nil || effect(a) != "" {
			t.Errorf("method %q: %+v", arn, a)
		}
	}
}

// The issuer's keys rotate, are away, or are a web page: nobody is let in who
// should not be, nobody is called bad because of it, and it passes.
func TestKeys(t *testing.T) {
	t.Parallel()
	first, second := issuer(t, "first"), issuer(t, "second")
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>CANARY: please log in</body></html>"))
	})
	away := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	cut := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })

	var offset atomic.Int64
	keys := keysAt(t, page)
	asked := ask(t, keys, func() time.Time { return time.Now().Add(time.Duration(offset.Load())) })
	step := func(name string, at http.Handler, i *access.Issuer, want string) {
		t.Helper()
		keys.serve(at)
		offset.Add(int64(time.Minute)) // past the least time between two fetches
		a, refused := asked(apigateway.Question{AuthorizationToken: bearer(t, i, clinician), MethodARN: method})
		got := effect(a)
		if refused != nil {
			got = refused.Type
		}
		if got != want {
			t.Errorf("%s: %s, want %s (%+v)", name, got, want, refused)
		}
	}
	step("a page at the start", page, first, "Retryable")
	step("away at the start", away, first, "Retryable")
	step("cut off at the start", cut, first, "Retryable")
	step("there", first.JWKS(), first, "Allow")
	fetched := keys.fetched.Load()
	step("kept", first.JWKS(), first, "Allow")
	if keys.fetched.Load() != fetched {
		t.Error("keys that are known were fetched again")
	}
	step("away, known key", away, first, "Allow")
	step("away, new key", away, second, "Retryable")
	step("a page, new key", page, second, "Retryable")
	step("rotated", second.JWKS(), second, "Allow")
	step("rotated, the former key", second.JWKS(), first, "Unauthorized")
}

// The samples are of the right shape; their token is one that nobody signed.
func TestSamplesOfQuestions(t *testing.T) {
	t.Parallel()
	asked := ask(t, keysAt(t, issuer(t, "key").JWKS()), nil)
	for _, name := range []string{"authorize-request.token.json", "authorize-request.request.json"} {
		raw, err := samples.FS.ReadFile("triggers/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var q apigateway.Question
		if err := json.Unmarshal(raw, &q); err != nil || q.MethodARN != method {
			t.Fatalf("%s: %v", name, err)
		}
		if _, refused := asked(q); refused == nil || refused.Message != "Unauthorized" {
			t.Errorf("%s: %+v", name, refused)
		}
	}
}
