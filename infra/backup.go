package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/jsii-runtime-go"
)

// newBackup keeps a copy of every table for each night, in a vault from which
// nobody can delete before its time. Point-in-time recovery covers what happens
// between two nights.
func (r *region) newBackup(stack awscdk.Stack) awsbackup.BackupPlan {
	keep := days(r.Settings.Retention.Backups)
	vault := awsbackup.NewBackupVault(stack, jsii.String("Vault"), &awsbackup.BackupVaultProps{
		EncryptionKey: r.data.keys.backups, RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
		LockConfiguration: &awsbackup.LockConfiguration{MinRetention: keep},
	})
	plan := awsbackup.NewBackupPlan(stack, jsii.String("Backup"), &awsbackup.BackupPlanProps{
		BackupVault: vault,
		BackupPlanRules: &[]awsbackup.BackupPlanRule{awsbackup.NewBackupPlanRule(&awsbackup.BackupPlanRuleProps{
			RuleName: jsii.String("nightly"), DeleteAfter: keep,
			ScheduleExpression: awsevents.Schedule_Cron(&awsevents.CronOptions{Hour: jsii.String("2"), Minute: jsii.String("0")}),
			StartWindow:        awscdk.Duration_Hours(jsii.Number(1)), CompletionWindow: awscdk.Duration_Hours(jsii.Number(8)),
		})},
	})
	var resources []awsbackup.BackupResource
	for _, t := range tables {
		resources = append(resources, awsbackup.BackupResource_FromDynamoDbTable(r.data.tables[t[0]]))
	}
	plan.AddSelection(jsii.String("Tables"), &awsbackup.BackupSelectionOptions{Resources: &resources})
	return plan
}
