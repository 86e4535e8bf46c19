package runtimetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/s3"
	"github.com/carerecord/carerecord/shared/object/s3endpoint"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/table/dynamo"
	"github.com/carerecord/carerecord/shared/table/dynamo/dynamolocal"
)

// Region is what the functions of one region stand on, on this machine. The
// zero value is not usable: see Open.
type Region struct {
	Key      []byte // the region's key, as Secrets Manager has it
	Objects  *dir.Store
	Machine  *Machine // Step Functions
	Canaries []string // personal values that must appear in no log, message or key

	values   map[string]string
	objects  *httptest.Server // the buckets as S3, for the tests' own calls
	dynamo   *dynamodb.Client
	endpoint string // of DynamoDB Local; "" while there are no tables
	tables   map[string]*dynamo.Table
}

// Open makes a region in a folder: empty buckets, a key, and no tables yet. It
// needs no java. Who opens it closes it.
func Open(tb testing.TB, folder string) *Region {
	tb.Helper()
	r := &Region{
		Machine: &Machine{}, Key: make([]byte, opaque.KeySize),
		tables: map[string]*dynamo.Table{},
		values: map[string]string{
			catalogue.Stage: "dev", catalogue.BucketDrop: "carerecord-dev-drop", catalogue.BucketWork: "carerecord-dev-work",
			catalogue.BucketReports: "carerecord-dev-reports", catalogue.BaseURL: "https://api.carerecord.example/fhir/R4",
			catalogue.RegionKey:    "arn:aws:secretsmanager:eu-west-2:123456789012:secret:carerecord-dev-region-key-AbCdEf",
			catalogue.StateMachine: "arn:aws:states:eu-west-2:123456789012:stateMachine:carerecord-dev-delivery",
			catalogue.EventBus:     "carerecord-dev-events",
			catalogue.TokenIssuer:  "https://issuer.example", catalogue.TokenAudience: "carerecord-dev",
			catalogue.TokenKeys: "https://issuer.example/.well-known/jwks.json",
		},
	}
	run := strings.ToLower(rand.Text()[:10])
	for _, setting := range tableSettings {
		r.values[setting] = "carerecord-dev-" + strings.ToLower(strings.TrimPrefix(setting, "TABLE_")) + "-" + run
	}
	_, _ = rand.Read(r.Key) // never fails (crypto/rand)
	r.open(tb, folder)
	return r
}

func (r *Region) open(tb testing.TB, folder string) {
	tb.Helper()
	var err error
	if r.Objects, err = dir.Open(filepath.Join(folder, "objects"), r.Value(catalogue.BucketDrop), r.Value(catalogue.BucketWork),
		r.Value(catalogue.BucketReports), ReferenceWork, ReferenceReports, ForeignBucket); err != nil {
		tb.Fatal(err)
	}
	access := map[string]s3endpoint.Access{}
	for _, bucket := range []string{catalogue.BucketDrop, catalogue.BucketWork, catalogue.BucketReports} {
		access[r.Value(bucket)] = s3endpoint.Drop
	}
	access[ReferenceWork], access[ReferenceReports], access[ForeignBucket] = s3endpoint.Drop, s3endpoint.Drop, s3endpoint.Drop
	r.objects = httptest.NewServer(s3endpoint.New(r.Objects, access))
}

// Close ends the region. Its processes must have ended.
func (r *Region) Close() error {
	r.objects.Close()
	return r.Objects.Close()
}

// Store gives the buckets through the same protocol and engine by which the
// functions see them: what it tells of an object is what they are told.
func (r *Region) Store() object.Store {
	return s3.New(awss3.New(awss3.Options{
		Region: "eu-west-2", BaseEndpoint: &r.objects.URL, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}))
}

// Buckets beside those of the settings: for the same delivery in process, and
// one that is no drop.
const (
	ReferenceWork    = "reference-work"
	ReferenceReports = "reference-reports"
	ForeignBucket    = "somebody-elses"
)

var tableSettings = []string{catalogue.TableIndex, catalogue.TableRecord, catalogue.TableDelivery, catalogue.TableAudit}

// OpenTables makes the region's tables in DynamoDB Local, with the streams that
// publish-events is given. Where there is no DynamoDB Local it skips or fails
// the test, as dynamolocal does. The tables go with the server.
func (r *Region) OpenTables(tb testing.TB) {
	tb.Helper()
	r.dynamo = dynamolocal.Start(tb)
	r.endpoint = *r.dynamo.Options().BaseEndpoint
	for _, setting := range tableSettings {
		name := r.Value(setting)
		if err := dynamo.Create(context.Background(), r.dynamo, name); err != nil {
			tb.Fatal(err)
		}
		r.tables[setting] = dynamo.New(r.dynamo, name)
	}
	on := true
	for _, setting := range catalogue.Streams() {
		name := r.Value(setting)
		if _, err := r.dynamo.UpdateTable(context.Background(), &dynamodb.UpdateTableInput{
			TableName:           &name,
			StreamSpecification: &types.StreamSpecification{StreamEnabled: &on, StreamViewType: types.StreamViewTypeNewAndOldImages},
		}); err != nil {
			tb.Fatal(err)
		}
	}
}

// Table gives the table of a setting.
func (r *Region) Table(setting string) *dynamo.Table { return r.tables[setting] }

// Endpoint gives DynamoDB Local's address, for a process whose calls are
// measured and not watched.
func (r *Region) Endpoint() string { return r.endpoint }

// Value gives what a setting has in this region, apart from PARTNERS_FILE.
func (r *Region) Value(setting string) string { return r.values[setting] }

// settingOf finds the setting that has the value.
func (r *Region) settingOf(value string) string {
	for setting, v := range r.values {
		if v == value {
			return setting
		}
	}
	return "unknown"
}

// CheckPrivate fails the test when a text holds a personal value of the region.
// It does not repeat the value.
func (r *Region) CheckPrivate(tb testing.TB, where string, text []byte) {
	tb.Helper()
	for i, canary := range r.Canaries {
		if bytes.Contains(text, []byte(canary)) {
			tb.Errorf("%s: personal value %d stands in it", where, i)
		}
	}
}

// environment is what Lambda gives a function: the variables of its runtime
// (AWS Lambda Developer Guide, "Defined runtime environment variables"), its
// settings, and where the services are.
func (r *Region) environment(p *Process, folder string) map[string]string {
	env := map[string]string{
		"_HANDLER": Bootstrap, "_X_AMZN_TRACE_ID": "", "AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-2",
		"AWS_LAMBDA_FUNCTION_NAME": p.Function.Name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769", "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/" + p.Function.Name, "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]0",
		"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": "local",
		"AWS_LAMBDA_RUNTIME_API": p.api.address(), "LAMBDA_TASK_ROOT": folder, "LAMBDA_RUNTIME_DIR": "/var/runtime",
		"AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR", "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
		"LANG": "en_US.UTF-8", "TZ": ":UTC", "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
	}
	for _, service := range []string{"DYNAMODB", "S3", "SFN", "SECRETS_MANAGER", "EVENTBRIDGE"} {
		env["AWS_ENDPOINT_URL_"+service] = p.gateway.server.URL
	}
	for _, setting := range p.Function.Settings {
		if value := r.values[setting]; value != "" || !catalogue.Optional(setting) {
			env[setting] = value
		}
	}
	if p.Function.Has(catalogue.PartnersFile) {
		env[catalogue.PartnersFile] = filepath.Join(folder, register)
	}
	return env
}
