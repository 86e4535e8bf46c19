package access_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/failure"
)

func issuerConfig(file string) access.IssuerConfig {
	return access.IssuerConfig{File: file, URL: issuer, Audience: audience, Now: clock}
}

func TestIssuerKeepsItsKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "issuer.pem")
	var wait sync.WaitGroup
	tokens := make([]string, 8)
	for n := range tokens {
		wait.Go(func() {
			i, err := access.NewIssuer(issuerConfig(file))
			if err != nil {
				t.Error(err)
				return
			}
			tokens[n], err = i.Token(access.Claims{Subject: "u", Organisation: "RXX", Role: "R8000"}, time.Minute)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	last, err := access.NewIssuer(issuerConfig(file))
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, last.Keys()...)
	for _, token := range tokens {
		if _, err := v.Authenticate(t.Context(), "Bearer "+token); err != nil {
			t.Errorf("a token of another start: %v", err)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: mode %v, error %v, want 0600", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("folder holds %d files, want the key alone", len(left))
	}
}

func TestIssuerRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for name, c := range map[string]access.IssuerConfig{
		"a key open to others": issuerConfig(write("open.pem", "x", 0o644)),
		"no PEM":               issuerConfig(write("text.pem", "x", 0o600)),
		"no key":               issuerConfig(write("empty.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600)),
		"no audience":          {File: "k", URL: issuer},
	} {
		if _, err := access.NewIssuer(c); !failure.Is(err, failure.Invalid) {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
	i, err := access.NewIssuer(issuerConfig(filepath.Join(folder, "good.pem")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Token(access.Claims{}, time.Hour); !failure.Is(err, failure.Invalid) {
		t.Errorf("token without subject: got %v, want invalid", err)
	}
	if _, err := i.Token(access.Claims{Subject: "u"}, 0); !failure.Is(err, failure.Invalid) {
		t.Errorf("token without time to live: got %v, want invalid", err)
	}
}

func TestIssuerDocuments(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "k.pem")
	i, err := access.NewIssuer(issuerConfig(file))
	if err != nil {
		t.Fatal(err)
	}
	keys, configuration := httptest.NewRecorder(), httptest.NewRecorder()
	i.JWKS().ServeHTTP(keys, httptest.NewRequest("GET", access.JWKSPath, nil))
	i.Configuration().ServeHTTP(configuration, httptest.NewRequest("GET", access.ConfigurationPath, nil))
	for _, member := range []string{`"kty":"EC"`, `"crv":"P-256"`, `"alg":"ES256"`, `"use":"sig"`, `"kid":"`} {
		if !strings.Contains(keys.Body.String(), member) {
			t.Errorf("key set lacks %s", member)
		}
	}
	// The private part of an EC key is member d (RFC 7518, 6.2.2.1).
	if bytes.Contains(keys.Body.Bytes(), []byte(`"d"`)) {
		t.Error("key set shows a private key")
	}
	if want := `"jwks_uri":"https://issuer.test/.well-known/jwks.json"`; !strings.Contains(configuration.Body.String(), want) {
		t.Errorf("configuration lacks %s", want)
	}
}

func TestDecideDeniesByDefault(t *testing.T) {
	t.Parallel()
	caller := access.Caller{Subject: "u", Issuer: issuer, Organisation: "RXX", Role: "R8000"}
	request := access.Request{Activity: access.Reading, Interaction: "read", Type: "Patient"}
	without := func(change func(*access.Caller, *access.Request)) bool {
		c, r := caller, request
		change(&c, &r)
		d := access.Decide(c, r)
		if !d.Permit && d.Reason == "" {
			t.Error("denied without a reason")
		}
		return d.Permit
	}
	if !without(func(*access.Caller, *access.Request) {}) {
		t.Error("a whole caller is denied")
	}
	for name, change := range map[string]func(*access.Caller, *access.Request){
		"subject":      func(c *access.Caller, _ *access.Request) { c.Subject = "" },
		"issuer":       func(c *access.Caller, _ *access.Request) { c.Issuer = "" },
		"organisation": func(c *access.Caller, _ *access.Request) { c.Organisation = "" },
		"role":         func(c *access.Caller, _ *access.Request) { c.Role = "" },
		"interaction":  func(_ *access.Caller, r *access.Request) { r.Interaction = "" },
		"type":         func(_ *access.Caller, r *access.Request) { r.Type = "" },
		"activity":     func(_ *access.Caller, r *access.Request) { r.Activity = "" },
		"a known one":  func(_ *access.Caller, r *access.Request) { r.Activity = "anything" },
		"everything":   func(c *access.Caller, _ *access.Request) { *c = access.Caller{} },
	} {
		if without(change) {
			t.Errorf("permitted without %s", name)
		}
	}
	if (access.Decision{}).Permit {
		t.Error("the zero decision permits")
	}
}
