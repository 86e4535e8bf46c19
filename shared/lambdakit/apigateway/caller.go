package apigateway

import (
	"context"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/failure"
)

// The members of the authorizer's context. All values are text, which is what
// API Gateway passes on.
const (
	subject      = "subject"
	name         = "name"
	organisation = "organisation"
	role         = "role"
	client       = "client"
	issuer       = "issuer"
	tokenID      = "token"
)

func contextOf(c access.Caller) map[string]any {
	return map[string]any{
		subject: c.Subject, name: c.Name, organisation: c.Organisation, role: c.Role,
		client: c.Client, issuer: c.Issuer, tokenID: c.TokenID,
	}
}

type callerKey struct{}

// withCaller keeps what the authorizer said. The map comes from API Gateway
// alone: a client can put nothing into it.
func withCaller(ctx context.Context, from map[string]any) context.Context {
	text := func(key string) string {
		s, _ := from[key].(string)
		return s
	}
	c := access.Caller{
		Subject: text(subject), Name: text(name), Organisation: text(organisation), Role: text(role),
		Client: text(client), Issuer: text(issuer), TokenID: text(tokenID),
	}
	return context.WithValue(ctx, callerKey{}, c)
}

// Authorized authenticates a request by what the authorizer said of it. It is
// the restapi.Access of a function behind an API whose authorizer is one of
// this package.
type Authorized struct{}

// Authenticate gives the caller. The header itself was judged by the
// authorizer. Unauthenticated where there was none, as on a public route.
func (Authorized) Authenticate(ctx context.Context, _ string) (access.Caller, error) {
	c, _ := ctx.Value(callerKey{}).(access.Caller)
	if c.Subject == "" || c.Issuer == "" {
		return access.Caller{}, failure.New(failure.Unauthenticated, "access.Authenticate", "no bearer token")
	}
	return c, nil
}
