// Package apigateway stands between Amazon API Gateway's REST API and the
// region: Proxy turns proxy events into requests of an http.Handler and back,
// Authorizer answers a Lambda authorizer's question, and Authorized reads in
// the one what the other said of the caller.
//
// It follows the API Gateway Developer Guide ("Lambda proxy integrations in API
// Gateway", payload format 1.0, and "Use API Gateway Lambda authorizers"). The
// API must have the binary media type */*: bodies then come and go as base64
// where they are not text. It knows no route and decides about no access beyond
// what package access says.
package apigateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/carerecord/carerecord/shared/lambdakit"
)

// Proxy makes the function behind the API. The handler finds the caller whom
// the authorizer let in by Authorized. A body that is not the base64 it should
// be reaches it as a body that cannot be read.
func Proxy(k *lambdakit.Kit, handler http.Handler) func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		w := &response{header: http.Header{}}
		handler.ServeHTTP(w, request(withCaller(ctx, event.RequestContext.Authorizer), &event))
		answer := w.answer()
		if size := payload(&answer); size > MaxAnswer {
			return tooLarge(ctx, k, w.header, size), nil
		}
		return answer, nil
	}
}

// request makes the HTTP request that a client sent. It takes what API Gateway
// gives twice (once and as lists) from the lists.
func request(ctx context.Context, event *events.APIGatewayProxyRequest) *http.Request {
	r := &http.Request{
		Method: event.HTTPMethod, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		URL: &url.URL{Path: decoded(event.Path), RawQuery: query(event)}, Header: header(event),
		RemoteAddr: event.RequestContext.Identity.SourceIP,
	}
	r.RequestURI = r.URL.RequestURI()
	r.Host = r.Header.Get("Host")
	if r.Host == "" {
		r.Host = event.RequestContext.DomainName
	}
	r.Header.Del("Host") // as net/http's server does
	r.Body, r.ContentLength = body(event)
	return r.WithContext(ctx)
}

// decoded undoes percent escapes, which API Gateway leaves in some paths. Ids
// and routes of the region have no percent sign of their own.
func decoded(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

func query(event *events.APIGatewayProxyRequest) string {
	values := url.Values(event.MultiValueQueryStringParameters)
	if len(values) == 0 {
		values = url.Values{}
		for name, value := range event.QueryStringParameters {
			values.Set(name, value)
		}
	}
	return values.Encode()
}

func header(event *events.APIGatewayProxyRequest) http.Header {
	h := http.Header{}
	for name, list := range event.MultiValueHeaders {
		for _, value := range list {
			h.Add(name, value)
		}
	}
	if len(event.MultiValueHeaders) == 0 {
		for name, value := range event.Headers {
			h.Set(name, value)
		}
	}
	return h
}

var errBody = errors.New("the body is not base64 as announced")

func body(event *events.APIGatewayProxyRequest) (io.ReadCloser, int64) {
	if !event.IsBase64Encoded {
		return io.NopCloser(strings.NewReader(event.Body)), int64(len(event.Body))
	}
	raw, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil {
		return io.NopCloser(unreadable{}), -1
	}
	return io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
}

type unreadable struct{}

func (unreadable) Read([]byte) (int, error) { return 0, errBody }
