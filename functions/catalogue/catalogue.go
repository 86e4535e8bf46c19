// Package catalogue lists the region's Lambda functions: for each its trigger,
// its settings, its limits and the calls that it makes to AWS. The functions
// are built from it, the CDK app makes functions, environments and roles from
// it, and tests hold the code to it. It is pure data and imports nothing of AWS.
//
// A resource is named by the setting that holds its name, also where a
// function has no need of that setting, so that roles can be written for it.
package catalogue

import "slices"

// Trigger is what calls a function.
type Trigger string

// The triggers.
const (
	Queue      Trigger = "SQS"        // a batch of messages; answers which of them failed
	Task       Trigger = "Task"       // a state of the state machine of deliveries
	Resolution Trigger = "Resolution" // a state of the state machine of the re-resolution
	API        Trigger = "API"        // API Gateway REST API, proxy integration
	Authorizer Trigger = "Authorizer" // API Gateway Lambda authorizer
	Stream     Trigger = "Stream"     // DynamoDB streams; answers where the batch failed
)

// Settings are environment variables. A function has those of its entry and no
// others; each is refused at the start when it is malformed, and when it is
// missing unless it is Optional.
const (
	Stage         = "STAGE"             // name of the stage, such as dev
	TableIndex    = "TABLE_INDEX"       // names of tables
	TableRecord   = "TABLE_RECORD"      //
	TableDelivery = "TABLE_DELIVERY"    //
	TableAudit    = "TABLE_AUDIT"       //
	BucketDrop    = "BUCKET_DROP"       // names of buckets
	BucketWork    = "BUCKET_WORK"       //
	BucketReports = "BUCKET_REPORTS"    //
	PartnersFile  = "PARTNERS_FILE"     // path of the partner register in the function's package
	ModelFile     = "MODEL_FILE"        // path of a model in the function's package; without it the one in the binary holds
	RegionKey     = "REGION_KEY_SECRET" // ARN of the secret that holds the region's key
	StateMachine  = "STATE_MACHINE_ARN" // of the deliveries
	EventBus      = "EVENT_BUS"         // name or ARN of the bus
	TokenIssuer   = "TOKEN_ISSUER"      // claim iss of a caller's token
	TokenAudience = "TOKEN_AUDIENCE"    // claim aud
	TokenKeys     = "TOKEN_JWKS_URL"    // where the issuer publishes its keys
	BaseURL       = "BASE_URL"          // FHIR root as clients see it
)

// Optional says whether a function starts without the setting.
func Optional(setting string) bool { return setting == ModelFile }

// Call is an operation of the AWS API that a function makes on one resource.
type Call struct {
	Operation string // service prefix of IAM, colon, operation of the SDK
	Resource  string // the setting that names it
}

// Function is one Lambda function. Its code is functions/<Name>.
type Function struct {
	Name     string
	Does     string // one sentence
	Trigger  Trigger
	Settings []string // in order of name
	Timeout  int      // seconds
	Memory   int      // MB
	Calls    []Call
}

// Has says whether the function has the setting.
func (f Function) Has(setting string) bool { return slices.Contains(f.Settings, setting) }

// Streams are the tables whose changes publish-events is given, by setting.
// Their streams carry both the new and the old image.
func Streams() []string { return []string{TableDelivery, TableIndex, TableRecord} }

// Find gives the function of that name.
func Find(name string) (Function, bool) {
	all := Functions()
	i := slices.IndexFunc(all, func(f Function) bool { return f.Name == name })
	if i < 0 {
		return Function{}, false
	}
	return all[i], true
}
