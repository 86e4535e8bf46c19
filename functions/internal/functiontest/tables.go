package functiontest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/sample"
	"github.com/carerecord/carerecord/shared/table/dynamo"
	"github.com/carerecord/carerecord/shared/table/dynamo/dynamolocal"
)

// tables are the tables of one test, behind a server that notes what the
// function asks of them. The test itself goes past it.
type tables struct {
	endpoint string
	env      map[string]string
	client   *dynamodb.Client

	mu   sync.Mutex
	made map[[2]string]bool // operation and table
}

func openTables(t *testing.T, env map[string]string) *tables {
	t.Helper()
	client := dynamolocal.Start(t)
	suffix := "-" + strings.ToLower(rand.Text())
	for _, setting := range []string{catalogue.TableAudit, catalogue.TableDelivery, catalogue.TableIndex, catalogue.TableRecord} {
		env[setting] += suffix
		if err := dynamo.Create(t.Context(), client, env[setting]); err != nil {
			t.Fatal(err)
		}
	}
	target, err := url.Parse(aws.ToString(client.Options().BaseEndpoint))
	if err != nil {
		t.Fatal(err)
	}
	ts := &tables{env: env, client: client, made: map[[2]string]bool{}}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		ts.note(r.Header.Get("X-Amz-Target"), body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	ts.endpoint = server.URL
	return ts
}

// note takes the operation, and those inside of a transaction.
func (ts *tables) note(target string, body []byte) {
	var in struct {
		TableName     string
		RequestItems  map[string]json.RawMessage
		TransactItems []map[string]struct{ TableName string }
	}
	if json.Unmarshal(body, &in) != nil {
		return
	}
	_, operation, _ := strings.Cut(target, ".")
	ts.mu.Lock()
	defer ts.mu.Unlock()
	note := func(operation, table string) { ts.made[[2]string{operation, table}] = true }
	if in.TableName != "" {
		note(operation, in.TableName)
	}
	for table := range in.RequestItems {
		note(operation, table)
	}
	for _, item := range in.TransactItems {
		for action, on := range item {
			note(operation, on.TableName)
			note(action+"Item", on.TableName) // Put, Update, Delete, ConditionCheck
		}
	}
}

func (ts *tables) operations(env map[string]string) (calls []catalogue.Call) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for made := range ts.made {
		resource := made[1]
		for setting, name := range env {
			if name == made[1] {
				resource = setting
			}
		}
		calls = append(calls, catalogue.Call{Operation: "dynamodb:" + made[0], Resource: resource})
	}
	return calls
}

func (ts *tables) table(setting string) *dynamo.Table { return dynamo.New(ts.client, ts.env[setting]) }

func (ts *tables) service(objects object.Store) *delivery.Service {
	text, err := sample.FS.ReadFile(sample.Partners)
	if err != nil {
		panic(err) // embedded
	}
	partners, err := partner.Parse(sample.Partners, text)
	if err != nil {
		panic(err)
	}
	hasher, err := opaque.NewHasher(Key)
	if err != nil {
		panic(err)
	}
	return &delivery.Service{
		Partners: partners, Objects: objects, Table: ts.table(catalogue.TableDelivery), Hasher: hasher,
		Index: index.New(ts.table(catalogue.TableIndex), hasher, matching.NewMatcher(matching.Default())), Record: record.New(ts.table(catalogue.TableRecord)),
		Buckets: delivery.Buckets{Drop: Drop, Work: Work, Reports: Reports}, Now: time.Now,
	}
}
