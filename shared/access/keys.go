package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	keysTimeout  = 5 * time.Second
	keysInterval = 15 * time.Second // least time between two fetches
	maxKeysBytes = 1 << 20
)

var errKeys = errors.New("the issuer's keys cannot be fetched")

// sighting records what the key set saw of one token: go-oidc's errors do not
// tell a bad signature from keys that could not be fetched.
type sighting struct {
	asked       bool   // the token was well formed: its signature was looked at
	payload     []byte // set once the signature is good
	unavailable bool
}

type sightingKey struct{}

// witness passes every call on and notes the outcome in the context's sighting.
type witness struct{ keys oidc.KeySet }

func (w witness) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := w.keys.VerifySignature(ctx, jwt)
	if seen, ok := ctx.Value(sightingKey{}).(*sighting); ok {
		seen.asked = true
		if err == nil {
			seen.payload = payload
		}
		seen.unavailable = errors.Is(err, errKeys) || ctx.Err() != nil
	}
	return payload, err
}

// remoteKeys fetches keys when a token's signature fits none that are cached,
// which is how keys are rotated (OpenID Connect Core 1.0, 10.1.1).
func remoteKeys(url string, client *http.Client, now func() time.Time) oidc.KeySet {
	if client == nil {
		client = &http.Client{Timeout: keysTimeout}
	}
	if now == nil {
		now = time.Now
	}
	calm := *client
	calm.Transport = &calmTransport{next: client.Transport, now: now}
	return oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), &calm), url)
}

// calmTransport answers from the last good answer within keysInterval.
// Without it, anyone could make us call the issuer by sending bad tokens.
type calmTransport struct {
	next http.RoundTripper
	now  func() time.Time

	mu     sync.Mutex
	at     time.Time
	body   []byte
	header http.Header
}

// RoundTrip gives errKeys for everything but a complete 200 of bounded size.
func (t *calmTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.body == nil || t.now().Sub(t.at) >= keysInterval {
		if err := t.fetch(r); err != nil {
			return nil, err
		}
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: t.header.Clone(), Body: io.NopCloser(bytes.NewReader(t.body)),
		ContentLength: int64(len(t.body)), Request: r,
	}, nil
}

func (t *calmTransport) fetch(r *http.Request) error {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	answer, err := next.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("%w: %w", errKeys, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: status %d", errKeys, answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxKeysBytes+1))
	if err != nil || len(body) > maxKeysBytes {
		return fmt.Errorf("%w: answer cut or too long", errKeys)
	}
	if !isKeySet(body) {
		return fmt.Errorf("%w: the answer is not a set of keys", errKeys)
	}
	t.at, t.body, t.header = t.now(), body, answer.Header.Clone()
	return nil
}

// isKeySet tells a set of keys (RFC 7517, 5) from the page that a proxy or a
// portal answers with in its place: a token must not be called bad for that.
func isKeySet(body []byte) bool {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	return json.Unmarshal(body, &set) == nil && set.Keys != nil
}
