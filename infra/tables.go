package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// tables gives the tables in a fixed order: setting and name.
var tables = [][2]string{
	{catalogue.TableIndex, "Index"},
	{catalogue.TableRecord, "Record"},
	{catalogue.TableDelivery, "Delivery"},
	{catalogue.TableAudit, "Audit"},
}

// newTables makes the tables. They are AWS::DynamoDB::Table and no global
// tables: cdk-nag has no eyes for those. Their keys are those of
// shared/table/dynamo.
func (r *region) newTables(stack awscdk.Stack) map[string]awsdynamodb.Table {
	made := map[string]awsdynamodb.Table{}
	for _, t := range tables {
		setting, name := t[0], t[1]+"Table"
		props := &awsdynamodb.TableProps{
			PartitionKey:       &awsdynamodb.Attribute{Name: jsii.String("pk"), Type: awsdynamodb.AttributeType_STRING},
			SortKey:            &awsdynamodb.Attribute{Name: jsii.String("sk"), Type: awsdynamodb.AttributeType_STRING},
			BillingMode:        awsdynamodb.BillingMode_PAY_PER_REQUEST,
			Encryption:         awsdynamodb.TableEncryption_CUSTOMER_MANAGED,
			EncryptionKey:      r.data.keys.tables,
			DeletionProtection: jsii.Bool(true),
			RemovalPolicy:      awscdk.RemovalPolicy_RETAIN,
			PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
				PointInTimeRecoveryEnabled: jsii.Bool(true), RecoveryPeriodInDays: jsii.Number(35),
			},
		}
		if slices.Contains(catalogue.Streams(), setting) {
			props.Stream = awsdynamodb.StreamViewType_NEW_AND_OLD_IMAGES
		}
		table := awsdynamodb.NewTable(stack, &name, props)
		made[setting] = table
		r.values[setting] = table.TableName()
		r.places[setting] = place{arn: table.TableArn(), key: r.data.keys.tables.KeyArn()}
	}
	return made
}
