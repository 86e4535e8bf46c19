package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// dataStack holds all that must outlive the rest: keys, tables, buckets, the
// region's key and the backups. Nothing in it is deleted with the stack.
type dataStack struct {
	stack   awscdk.Stack
	keys    keys
	tables  map[string]awsdynamodb.Table // by setting
	buckets map[string]awss3.Bucket      // by setting

	accessLogs awss3.Bucket
}

func (r *region) newData() {
	r.data.stack = r.stack("data", "CareRecord: keys, tables, buckets and backups")
	r.data.keys = r.newKeys(r.data.stack)
	r.data.tables = r.newTables(r.data.stack)
	r.data.buckets = r.newBuckets(r.data.stack)
	secret := r.newSecret(r.data.stack)
	plan := r.newBackup(r.data.stack)
	output(r.data.stack, "DropBucketName", r.values[catalogue.BucketDrop])
	output(r.data.stack, "ReportsBucketName", r.values[catalogue.BucketReports])
	suppressData(r.data, secret, plan)
}

// output shows a value to whoever deployed the stack.
func output(stack awscdk.Stack, name string, value *string) {
	awscdk.NewCfnOutput(stack, &name, &awscdk.CfnOutputProps{Value: value})
}
