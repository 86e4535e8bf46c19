// Package client asks a region's FHIR API on behalf of a person at a terminal:
// the same requests work against a local region and one on AWS (docs/api.md). It
// gives the answers as the parts that are shown, and refusals in the server's
// own words.
//
// It prints nothing and keeps nothing. What names a patient goes into bodies,
// never into a URL.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
)

const (
	jsonType = "application/fhir+json"
	// mostAnswer bounds an answer in bytes; a page of the API is smaller.
	mostAnswer = 32 << 20
	// patience is how long an answer may take.
	patience = time.Minute
)

// Client asks one API as one user.
type Client struct {
	base, token string
	http        *http.Client
}

// New gives a client of the API with the FHIR root api, such as
// http://127.0.0.1:8080/fhir/R4. A token does not travel unencrypted: a root that
// is not https must be on this machine. Errors are failure.Invalid.
func New(api, token string) (*Client, error) {
	const op = "--api"
	u, err := url.Parse(api)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, failure.New(failure.Invalid, op, "it is no address of an API, such as https://api.example.nhs.uk/fhir/R4")
	case u.Scheme != "https" && (u.Scheme != "http" || !here(u.Hostname())):
		return nil, failure.New(failure.Invalid, op, "%s is another machine: use https, or everybody on the way sees the token", u.Hostname())
	case token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, failure.New(failure.Invalid, "--token", "it is no bearer token")
	}
	return &Client{
		base: strings.TrimRight(api, "/"), token: token,
		http: &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// here says whether a host is this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Get reads what is under a path below the FHIR root.
func (c *Client) Get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.ask(ctx, http.MethodGet, path, "", nil)
}

// Form sends a form, as searches and most operations take it.
func (c *Client) Form(ctx context.Context, path string, form url.Values) ([]byte, error) {
	return c.ask(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// Send sends a resource.
func (c *Client) Send(ctx context.Context, path string, resource []byte) ([]byte, error) {
	return c.ask(ctx, http.MethodPost, path, jsonType, resource)
}

func (c *Client) ask(ctx context.Context, method, path, kind string, body []byte) ([]byte, error) {
	const op = "client.ask"
	r, err := http.NewRequestWithContext(ctx, method, c.base+"/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, op, err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Accept", jsonType)
	r.Header.Set("Prefer", "handling=strict") // what a command asks for is not to be ignored in silence
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, failure.New(failure.Unavailable, "--api", "%s does not answer: %v", c.base, cause(err))
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return nil, failure.New(failure.Unavailable, "--api", "the answer broke off: %v", err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return nil, refusal(answer.StatusCode, text)
	}
	return text, nil
}

// cause leaves out the address, which the caller knows.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// kinds are the kinds of failure by HTTP status.
var kinds = map[int]failure.Kind{
	http.StatusUnauthorized: failure.Unauthenticated, http.StatusForbidden: failure.Forbidden, http.StatusNotFound: failure.NotFound,
	http.StatusConflict: failure.Conflict, http.StatusGone: failure.Gone, http.StatusTooManyRequests: failure.Throttled,
	http.StatusServiceUnavailable: failure.Unavailable, http.StatusNotImplemented: failure.NotSupported,
	http.StatusRequestEntityTooLarge: failure.TooLarge,
}

// Refused is an answer that is no, in the server's words.
type Refused struct {
	Status int
	Text   string
	kind   failure.Kind
}

func (r *Refused) Error() string { return r.Text }

// Unwrap gives the failure that the answer stands for.
func (r *Refused) Unwrap() error { return failure.New(r.kind, "client.ask", "status %d", r.Status) }

// refusal reads an OperationOutcome; anything else that answers with an error is
// told by its status.
func refusal(status int, body []byte) error {
	r := &Refused{Status: status, kind: failure.Invalid}
	if k, known := kinds[status]; known {
		r.kind = k
	} else if status >= http.StatusInternalServerError {
		r.kind = failure.Internal
	}
	r.Text = OutcomeText(body)
	if r.Text == "" {
		r.Text = fmt.Sprintf("the API answers with status %d (%s)", status, http.StatusText(status))
	}
	return r
}

// OutcomeText gives the words of an OperationOutcome, one line an issue; "" when
// the body is none.
func OutcomeText(body []byte) string {
	var o Outcome
	if json.Unmarshal(body, &o) != nil || o.ResourceType != "OperationOutcome" {
		return ""
	}
	var lines []string
	for _, issue := range o.Issue {
		text := issue.Details.Text
		if text == "" {
			text = issue.Diagnostics
		}
		if len(issue.Expression) > 0 && text != "" {
			text += " (" + strings.Join(issue.Expression, ", ") + ")"
		}
		if text != "" {
			lines = append(lines, text)
		}
	}
	return strings.Join(lines, "\n")
}
