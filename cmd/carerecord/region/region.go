// Package region is a whole region in one process: the embedded storage engine
// and a folder of objects in place of DynamoDB and S3, the state machine's own
// definition run by the local runner, and the same delivery, index, record and
// API packages that run on AWS. It binds to loopback only.
package region

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	definition "github.com/carerecord/carerecord/infra/statemachine"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/s3endpoint"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/restapi"
	runner "github.com/carerecord/carerecord/shared/statemachine"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// Buckets of the local region.
var Buckets = delivery.Buckets{Drop: "carerecord-drop", Work: "carerecord-work", Reports: "carerecord-reports"}

// Settings of a region. Data and Partners are required.
type Settings struct {
	Data     string // folder of everything that the region keeps; made when missing
	Partners *partner.Register
	Log      *slog.Logger // coded events; nil: none
}

// Region is a running region.
type Region struct {
	Delivery *delivery.Service
	Index    *index.Index
	Record   *record.Store
	Issuer   *access.Issuer
	Objects  *dir.Store

	settings Settings
	tables   *embedded.DB
	machine  *runner.Machine
	queue    *queue
	ended    func(delivery.ReportOutput)
	config   restapi.Config
	mux      *http.ServeMux
	s3       http.Handler
	apiPort  net.Listener
	s3Port   net.Listener
	stop     context.CancelFunc

	counting  sync.Mutex // guards the two below
	counted   Totals
	countedAt time.Time
}

// Open starts a region on its folder and takes up the deliveries that an
// earlier run left unfinished. Errors name the setting that is wrong.
func Open(s Settings) (*Region, error) {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if err := makeFolder(s.Data); err != nil {
		return nil, err
	}
	r := &Region{settings: s}
	if err := r.open(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Region) open() error {
	hasher, err := loadKey(r.settings.Data)
	if err != nil {
		return err
	}
	if r.tables, err = embedded.Open(filepath.Join(r.settings.Data, "tables")); err != nil {
		return err
	}
	if r.Objects, err = dir.Open(filepath.Join(r.settings.Data, "objects"), Buckets.Drop, Buckets.Work, Buckets.Reports); err != nil {
		return err
	}
	if r.Issuer, err = OpenIssuer(r.settings.Data); err != nil {
		return err
	}
	if r.machine, err = parseMachine(); err != nil {
		return err
	}
	matcher, err := loadMatcher(r.settings.Data)
	if err != nil {
		return err
	}
	r.Index = index.New(r.tables.Table("index"), hasher, matcher)
	r.Record = record.New(r.tables.Table("record"))
	r.Delivery = &delivery.Service{
		Partners: r.settings.Partners, Objects: r.Objects, Table: r.tables.Table("delivery"),
		Index: r.Index, Record: r.Record, Hasher: hasher, Buckets: Buckets, Now: time.Now,
	}
	if err := r.openAPI(hasher); err != nil {
		return err
	}
	r.s3 = s3endpoint.New(r.Objects, map[string]s3endpoint.Access{Buckets.Drop: s3endpoint.Drop, Buckets.Reports: s3endpoint.ReadOnly})
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	r.queue = newQueue(runtime.GOMAXPROCS(0), r.process)
	if err := r.resume(ctx); err != nil {
		return err
	}
	return r.Objects.OnPut(ctx, Buckets.Drop, func(_ context.Context, info object.Info) error {
		r.queue.add(ctx, info.Ref)
		return nil
	})
}

func makeFolder(path string) error {
	return failure.Wrap(failure.Invalid, "region.makeFolder", os.MkdirAll(path, 0o700))
}

func parseMachine() (*runner.Machine, error) {
	text, err := definition.Delivery(definition.Local())
	if err != nil {
		return nil, err
	}
	return runner.Parse(text)
}

// resume queues the versions in the drop bucket in the order in which they came.
// Those that have their report already are passed over when their turn comes.
func (r *Region) resume(ctx context.Context) error {
	var refs []object.Ref
	for v, err := range r.Objects.Versions(ctx, Buckets.Drop, "", dir.After{}) {
		if err != nil {
			return err
		}
		if !v.Deleted {
			refs = append(refs, v.Ref)
		}
	}
	slices.SortFunc(refs, func(a, b object.Ref) int { return strings.Compare(a.Version, b.Version) })
	for _, ref := range refs {
		r.queue.add(ctx, ref)
	}
	return nil
}

// OnEnd has f told of every delivery that ends from now on. Set it before the
// first drop.
func (r *Region) OnEnd(f func(delivery.ReportOutput)) { r.ended = f }

// Drop puts a file into the drop bucket, as an upload does, and gives the id
// of the delivery that it becomes.
func (r *Region) Drop(ctx context.Context, key string, body io.Reader) (string, error) {
	info, err := r.Objects.Put(ctx, Buckets.Drop, key, "application/octet-stream", body)
	if err != nil {
		return "", err
	}
	return r.Delivery.ID(info), nil
}

// Wait returns when every delivery that was dropped has ended.
func (r *Region) Wait(ctx context.Context) error { return r.queue.wait(ctx) }

// Close stops the region. Deliveries under way are taken up at the next start.
func (r *Region) Close() error {
	if r.stop != nil {
		r.stop()
	}
	if r.queue != nil {
		_ = r.queue.wait(context.Background())
	}
	var err error
	if r.Objects != nil {
		err = r.Objects.Close()
	}
	if r.tables != nil {
		err = errors.Join(err, r.tables.Close())
	}
	return err
}
