package region

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/failure"
)

// What the development issuer puts into its tokens and the API asks of them.
const (
	issuerPath = "/development-issuer"
	issuerURL  = "http://localhost" + issuerPath
	audience   = "carerecord-local"
)

// IssuerFile is the development issuer's key in a region's data folder.
const IssuerFile = "development-issuer.key"

// OpenIssuer opens the development issuer of a region's data folder, also
// while the region runs or before it first does. It is made when it is not there.
func OpenIssuer(data string) (*access.Issuer, error) {
	if err := makeFolder(data); err != nil {
		return nil, err
	}
	return access.NewIssuer(access.IssuerConfig{File: filepath.Join(data, IssuerFile), URL: issuerURL, Audience: audience})
}

// Addresses are where the region listens, as host:port. An empty host is
// loopback; a host that is not loopback is refused, as the S3 endpoint asks
// nobody who they are. Port 0 takes a free one.
type Addresses struct{ API, S3 string }

// Listen opens the ports and says which they are.
func (r *Region) Listen(at Addresses) (Addresses, error) {
	for _, l := range []struct {
		name, address string
		to            *net.Listener
	}{{"--api", at.API, &r.apiPort}, {"--s3", at.S3, &r.s3Port}} {
		port, err := listen(l.name, l.address)
		if err != nil {
			return Addresses{}, err
		}
		*l.to = port
	}
	at = Addresses{API: r.apiPort.Addr().String(), S3: r.s3Port.Addr().String()}
	return at, r.serveFHIR(at.API)
}

func listen(name, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, name, err)
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip == nil || !ip.IsLoopback() {
		return nil, failure.New(failure.Invalid, name, "%s is not a loopback address: a local region asks uploaders for no credentials", host)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	return l, failure.Wrap(failure.Unavailable, name, err)
}

// Serve answers until ctx ends, then lets requests under way finish. Each night
// it decides again on what was left in doubt.
func (r *Region) Serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { r.resolveNightly(ctx); return nil })
	for _, s := range []struct {
		port    net.Listener
		handler http.Handler
	}{{r.apiPort, r.mux}, {r.s3Port, r.s3}} {
		server := &http.Server{
			Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
			ErrorLog: log.New(discard{}, "", 0), // its lines quote requests
		}
		group.Go(func() error {
			if err := server.Serve(s.port); !errors.Is(err, http.ErrServerClosed) {
				return failure.Wrap(failure.Unavailable, "region.Serve", err)
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			_ = server.Shutdown(grace) // what is still open after that is closed with the process
			return nil
		})
	}
	return group.Wait()
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
