package main

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/carerecord/carerecord/functions/internal/functiontest"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

func TestSettings(t *testing.T) { functiontest.CheckSettings(t, name, run, settings{}) }

const sampleToken = "Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"

func TestAuthorize(t *testing.T) {
	r := functiontest.New(t, name, run, false)
	issuer, err := access.NewIssuer(access.IssuerConfig{File: filepath.Join(t.TempDir(), "key"), URL: "https://issuer.example", Audience: "carerecord"})
	if err != nil {
		t.Fatal(err)
	}
	keys := httptest.NewServer(issuer.JWKS())
	t.Cleanup(keys.Close)
	r.Env["TOKEN_JWKS_URL"] = keys.URL
	token, err := issuer.Token(access.Claims{Subject: "555021935107", Organisation: "RZZ", Role: "R8000", Name: "CANARY Zoe"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{".token", ".request"} {
		var a events.APIGatewayCustomAuthorizerResponse
		if err := json.Unmarshal([]byte(r.Must(t, functiontest.Sample(t, name+kind, sampleToken, "Bearer "+token))), &a); err != nil {
			t.Fatal(err)
		}
		if len(a.PolicyDocument.Statement) != 1 || a.PolicyDocument.Statement[0].Effect != "Allow" || a.Context["organisation"] != "RZZ" {
			t.Errorf("%s: %+v", kind, a)
		}
		_, err := r.Invoke(t, functiontest.Sample(t, name+kind))
		var refused messages.InvokeResponse_Error
		if !errors.As(err, &refused) || refused.Message != "Unauthorized" || !r.Logged(lambdakit.CallerRefused) {
			t.Errorf("%s with a token that nobody signed: %+v", kind, err)
		}
	}
	keys.Close()
	other := functiontest.New(t, name, run, false)
	other.Env["TOKEN_JWKS_URL"] = keys.URL
	_, err = other.Invoke(t, functiontest.Sample(t, name+".token", sampleToken, "Bearer "+token))
	var refused messages.InvokeResponse_Error
	if !errors.As(err, &refused) || refused.Type != "Retryable" || !other.Logged(lambdakit.KeysUnavailable) {
		t.Errorf("without the issuer's keys: %+v", err)
	}
	r.CheckCalls(t)
}
