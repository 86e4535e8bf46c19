package catalogue

import "slices"

// Functions gives every function of the region, in the order in which a
// delivery, then a request, meets them. The task of the re-resolution stands
// between the two.
//
// Timeouts of the tasks end before those of their states in the state machine;
// that of serve-fhir is API Gateway's. From 1,769 MB on a function has a whole
// processor (AWS Lambda Developer Guide, "Configure Lambda function memory").
func Functions() []Function {
	return []Function{
		{
			Name: "receive-delivery", Trigger: Queue, Timeout: 60, Memory: 512,
			Does:     "Registers the files that partners dropped and starts the state machine for each.",
			Settings: []string{BucketDrop, BucketReports, PartnersFile, RegionKey, Stage, StateMachine, TableDelivery},
			Calls: join(secret, on(BucketDrop, "s3:HeadObject"), on(BucketReports, write...),
				on(TableDelivery, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"), on(StateMachine, "states:StartExecution", "states:DescribeExecution")),
		},
		{
			Name: "split-delivery", Trigger: Task, Timeout: 890, Memory: 1769,
			Does:     "Reads a file row by row into chunks.",
			Settings: []string{BucketWork, PartnersFile, Stage, TableDelivery},
			Calls: join(on(BucketDrop, "s3:GetObject"), on(BucketWork, write...),
				on(TableDelivery, "dynamodb:GetItem", "dynamodb:UpdateItem")),
		},
		{
			Name: "match-patients", Trigger: Task, Timeout: 120, Memory: 1769,
			Does:     "Links the patients of a few chunks to people.",
			Settings: []string{BucketWork, ModelFile, PartnersFile, RegionKey, Stage, TableDelivery, TableIndex},
			Calls:    join(secret, on(BucketWork, "s3:GetObject"), on(TableDelivery, "dynamodb:GetItem"), link),
		},
		{
			Name: "load-entries", Trigger: Task, Timeout: 120, Memory: 1769,
			Does:     "Loads the entries of a few chunks into the record.",
			Settings: []string{BucketWork, ModelFile, PartnersFile, RegionKey, Stage, TableDelivery, TableIndex, TableRecord},
			Calls: join(secret, on(BucketWork, append([]string{"s3:GetObject"}, write...)...),
				on(TableDelivery, "dynamodb:GetItem", "dynamodb:UpdateItem"), on(TableIndex, get...),
				on(TableRecord, slices.Concat(get, commit)...)),
		},
		{
			Name: "report-delivery", Trigger: Task, Timeout: 290, Memory: 512,
			Does:     "Accounts for every row of a delivery and writes the partner's report.",
			Settings: []string{BucketReports, BucketWork, PartnersFile, Stage, TableDelivery},
			Calls:    join(reports, on(TableDelivery, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")),
		},
		{
			Name: "quarantine-delivery", Trigger: Task, Timeout: 290, Memory: 512,
			Does:     "Puts a delivery aside that cannot be loaded, with the reason in its report.",
			Settings: []string{BucketReports, BucketWork, PartnersFile, Stage, TableDelivery},
			Calls:    join(reports, on(TableDelivery, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")),
		},
		{
			Name: "resolve-patients", Trigger: Resolution, Timeout: 290, Memory: 1769,
			Does:     "Decides again on source patients that the order of arrival may have kept apart.",
			Settings: []string{ModelFile, RegionKey, Stage, TableIndex},
			Calls:    join(secret, link),
		},
		{
			Name: "serve-fhir", Trigger: API, Timeout: 29, Memory: 1769,
			Does:     "Answers FHIR requests for a person's record and for who is who, and takes reviewers' decisions.",
			Settings: []string{BaseURL, ModelFile, PartnersFile, RegionKey, Stage, TableAudit, TableDelivery, TableIndex, TableRecord},
			Calls: join(secret, link,
				on(TableRecord, append([]string{"dynamodb:Query"}, get...)...), on(TableDelivery, get...),
				on(TableAudit, append([]string{"dynamodb:TransactWriteItems", "dynamodb:UpdateItem"}, get...)...)),
		},
		{
			Name: "authorize-request", Trigger: Authorizer, Timeout: 10, Memory: 512,
			Does:     "Says who calls, from the token that came with a request.",
			Settings: []string{Stage, TokenAudience, TokenIssuer, TokenKeys},
		},
		{
			Name: "publish-events", Trigger: Stream, Timeout: 60, Memory: 512,
			Does:     "Publishes what changed in the tables as events.",
			Settings: []string{EventBus, Stage, TableDelivery, TableIndex, TableRecord},
			Calls:    on(EventBus, "events:PutEvents"),
		},
	}
}

// What the calls of the storage engines come down to. The writes of a
// transaction are listed beside it, as IAM asks for each of them.
var (
	get    = []string{"dynamodb:GetItem", "dynamodb:BatchGetItem"}
	commit = []string{"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:TransactWriteItems"}
	write  = []string{"s3:PutObject", "s3:HeadObject", "s3:CreateMultipartUpload", "s3:UploadPart", "s3:CompleteMultipartUpload", "s3:AbortMultipartUpload"}

	secret  = on(RegionKey, "secretsmanager:GetSecretValue")
	link    = on(TableIndex, slices.Concat(get, commit, []string{"dynamodb:ConditionCheckItem", "dynamodb:Query"})...)
	reports = join(on(BucketWork, "s3:GetObject"), on(BucketReports, write...))
)

func on(resource string, operations ...string) []Call {
	calls := make([]Call, len(operations))
	for i, operation := range operations {
		calls[i] = Call{Operation: operation, Resource: resource}
	}
	return calls
}

func join(lists ...[]Call) []Call { return slices.Concat(lists...) }
