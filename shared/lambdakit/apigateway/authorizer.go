package apigateway

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/opaque"
)

// errUnauthorized is what API Gateway answers with 401; any other error of an
// authorizer is a 500.
var errUnauthorized = messages.InvokeResponse_Error{Type: "Unauthorized", Message: "Unauthorized"}

// Question is the event of either kind of authorizer: TOKEN gives the header's
// value, REQUEST all headers.
type Question struct {
	Type               string              `json:"type"`
	MethodARN          string              `json:"methodArn"`
	AuthorizationToken string              `json:"authorizationToken"`
	Headers            map[string]string   `json:"headers"`
	MultiValueHeaders  map[string][]string `json:"multiValueHeaders"`
}

// Access authenticates the value of an Authorization header.
type Access interface {
	Authenticate(ctx context.Context, authorization string) (access.Caller, error)
}

// Authorizer says who calls. On any doubt the answer is no:
//
//   - no token, several, or one that is not good: Unauthorized (401);
//   - a good token of someone whom the policy point would refuse whatever they
//     ask for, as it names no organisation or role: a policy that denies (403);
//   - the issuer's keys cannot be had: an error (500), which API Gateway does
//     not keep, so that the caller is let in as soon as they can.
//
// The policy covers the whole stage, because API Gateway keeps it for the token
// and not for the method. What the caller may see is decided behind it.
type Authorizer struct {
	kit    *lambdakit.Kit
	access Access
	ids    *opaque.Hasher
}

// NewAuthorizer makes an authorizer. The ids by which its policies name callers
// follow from a key of this process alone: they tell nobody who it was.
func NewAuthorizer(k *lambdakit.Kit, a Access) (*Authorizer, error) {
	key := make([]byte, opaque.KeySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	ids, err := opaque.NewHasher(key)
	return &Authorizer{kit: k, access: a, ids: ids}, err
}

// Authorize answers one question.
func (a *Authorizer) Authorize(ctx context.Context, q Question) (events.APIGatewayCustomAuthorizerResponse, error) {
	none := events.APIGatewayCustomAuthorizerResponse{}
	resource, err := stageOf(q.MethodARN)
	if err != nil {
		return none, err
	}
	token, err := q.token()
	var caller access.Caller
	if err == nil {
		caller, err = a.access.Authenticate(ctx, token)
	}
	switch {
	case failure.Is(err, failure.Unauthenticated):
		a.refused(ctx, reason(err))
		return none, errUnauthorized
	case err != nil:
		a.kit.Log.LogAttrs(ctx, slog.LevelError, lambdakit.KeysUnavailable, slog.String("kind", failure.KindOf(err).String()))
		a.kit.Count(ctx, lambdakit.Metric{Name: lambdakit.MetricKeysDown, Value: 1})
		return none, err
	}
	// The activity that is open to most: what is refused here is refused always.
	if d := access.Decide(caller, access.Request{Activity: access.Reading, Interaction: "read", Type: "Patient"}); !d.Permit {
		a.refused(ctx, d.Reason)
		return a.policy("Deny", resource, caller), nil
	}
	return a.policy("Allow", resource, caller), nil
}

func (a *Authorizer) policy(effect, resource string, caller access.Caller) events.APIGatewayCustomAuthorizerResponse {
	answer := events.APIGatewayCustomAuthorizerResponse{
		PrincipalID: a.ids.ID("principal", caller.Issuer, caller.Subject),
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Version:   "2012-10-17",
			Statement: []events.IAMPolicyStatement{{Action: []string{"execute-api:Invoke"}, Effect: effect, Resource: []string{resource}}},
		},
	}
	if effect == "Allow" {
		answer.Context = contextOf(caller)
	}
	return answer
}

func (a *Authorizer) refused(ctx context.Context, why string) {
	a.kit.Log.LogAttrs(ctx, slog.LevelWarn, lambdakit.CallerRefused, slog.String("reason", why))
	a.kit.Count(ctx, lambdakit.Metric{Name: lambdakit.MetricDenied, Value: 1})
}

// reason gives package access's own words, which hold nothing of the token.
func reason(err error) string {
	var e *failure.Error
	if errors.As(err, &e) && strings.HasPrefix(e.Op, "access.") {
		return e.Detail
	}
	return "the caller is not known"
}

// token gives the header's value. Two of them are refused: which one counts
// would be a guess.
func (q *Question) token() (string, error) {
	if q.AuthorizationToken != "" {
		return q.AuthorizationToken, nil
	}
	var found []string
	for name, list := range q.MultiValueHeaders {
		if http.CanonicalHeaderKey(name) == "Authorization" {
			found = append(found, list...)
		}
	}
	if len(q.MultiValueHeaders) == 0 {
		for name, value := range q.Headers {
			if http.CanonicalHeaderKey(name) == "Authorization" {
				found = append(found, value)
			}
		}
	}
	switch len(found) {
	case 0:
		return "", failure.New(failure.Unauthenticated, "access.Authenticate", "no bearer token")
	case 1:
		return found[0], nil
	}
	return "", failure.New(failure.Unauthenticated, "access.Authenticate", "more than one Authorization header")
}

// stageOf gives every method of the stage that a method ARN is of
// (arn:aws:execute-api:region:account:api/stage/METHOD/path).
func stageOf(arn string) (string, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 && parts[2] == "execute-api" {
		path := strings.Split(parts[5], "/")
		if len(path) >= 3 && path[0] != "" && path[1] != "" {
			return strings.Join(parts[:5], ":") + ":" + path[0] + "/" + path[1] + "/*", nil
		}
	}
	return "", failure.New(failure.Invalid, "apigateway.Authorize", "the method's ARN is not one of API Gateway")
}
