// Package region connects a function to the services of its region: tables,
// buckets, the region's key, the partner register and the model of the patient
// index. Clients of AWS are made here, from what the Lambda environment gives
// (credentials, region, AWS_ENDPOINT_URL_*); those that one function alone needs
// are made of Config, in a package of their own beside this one.
//
// Nothing is sent to a service before it is needed, apart from the read of the
// region's key. It holds no rule of the domain.
package region

import (
	"context"
	"encoding/base64"
	"net/http"
	"os"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/logging"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/s3"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/dynamo"
)

// answerTime bounds the wait for the first byte of any answer; a service that
// is silent for longer will not answer at all.
const answerTime = 20 * time.Second

// Region is what a function has of its region. Partners, Hasher and Matcher are
// nil where the settings have no field for them.
type Region struct {
	Partners *partner.Register
	Hasher   *opaque.Hasher
	Matcher  *matching.Matcher
	Config   aws.Config
}

// Open fills a function's settings (lambdakit.Settings), reads the configuration
// of the SDK from the environment, and reads what the settings name: the
// partner register (a lambdakit.File), the model (a lambdakit.Model; empty: the
// default one) and the region's key (a lambdakit.Secret). Errors: failure.Invalid for what is wrong in the
// environment or the function's package, Unavailable when the key cannot be
// read at this moment.
func Open(ctx context.Context, getenv func(string) string, settings any) (*Region, error) {
	const op = "region.Open"
	if err := lambdakit.Settings(getenv, settings); err != nil {
		return nil, err
	}
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = dynamo.Concurrency
		t.ResponseHeaderTimeout = answerTime
	})
	c, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client), config.WithLogger(logging.Nop{})) // its lines can quote a request
	if err == nil && c.Region == "" {
		err = lambdakit.Mistakes{"AWS_REGION is missing"}
	}
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, op, err)
	}
	r := &Region{Config: c}
	if err := r.read(ctx, reflect.ValueOf(settings).Elem()); err != nil {
		return nil, failure.Wrap(failure.KindOf(err), op, err)
	}
	return r, nil
}

// read reads what the fields of the settings name.
func (r *Region) read(ctx context.Context, settings reflect.Value) (err error) {
	for i := range settings.NumField() {
		switch v := settings.Field(i).Interface().(type) {
		case lambdakit.File:
			r.Partners, err = partners(v)
		case lambdakit.Model:
			r.Matcher, err = matcher(v)
		case lambdakit.Secret:
			r.Hasher, err = r.hasher(ctx, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Table gives a table by name.
func (r *Region) Table(name lambdakit.TableName) table.Table {
	return dynamo.New(dynamodb.NewFromConfig(r.Config), string(name))
}

// Index gives the patient index in the table of that name, under the region's
// key and model.
func (r *Region) Index(name lambdakit.TableName) *index.Index {
	return index.New(r.Table(name), r.Hasher, r.Matcher)
}

// Objects gives the store of all buckets.
func (r *Region) Objects() object.Store { return s3.New(awss3.NewFromConfig(r.Config)) }

// hasher makes ids under the region's key, which lies in Secrets Manager: at
// least opaque.KeySize bytes, as binary or as text in base64.
func (r *Region) hasher(ctx context.Context, secret lambdakit.Secret) (*opaque.Hasher, error) {
	const op = "region.hasher"
	out, err := secretsmanager.NewFromConfig(r.Config).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(string(secret))})
	if err != nil {
		return nil, failure.Wrap(failure.Unavailable, op, err)
	}
	key := out.SecretBinary
	if len(key) == 0 {
		if key, err = base64.StdEncoding.DecodeString(aws.ToString(out.SecretString)); err != nil {
			return nil, failure.New(failure.Invalid, op, "the secret is neither binary nor base64") // the cause would quote it
		}
	}
	return opaque.NewHasher(key)
}

func partners(file lambdakit.File) (*partner.Register, error) {
	text, err := os.ReadFile(string(file))
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, "region.partners", lambdakit.Mistakes{"PARTNERS_FILE names a file that cannot be read"})
	}
	return partner.Parse("partners.yaml", text)
}

// matcher reads a model. A file that is none stops the start: to link people by
// another model than the region chose would be worse than not to link them.
func matcher(file lambdakit.Model) (*matching.Matcher, error) {
	const op = "region.matcher"
	if file == "" {
		return matching.NewMatcher(matching.Default()), nil
	}
	text, err := os.ReadFile(string(file))
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, op, lambdakit.Mistakes{"MODEL_FILE names a file that cannot be read"})
	}
	model, err := matching.ReadModel(text)
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, op, lambdakit.Mistakes{"MODEL_FILE names a file that is no model"})
	}
	return matching.NewMatcher(model), nil
}
