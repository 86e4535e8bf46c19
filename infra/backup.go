package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/jsii-runtime-go"
)

// newBackup keeps a copy of every table for each night, in a vault that is
// locked like the dropped files. With COMPLIANCE the lock itself can be changed
// for three days, AWS Backup's least, and by nobody after that; with GOVERNANCE
// who may administer the vault can lift it. Point-in-time recovery covers what
// happens between two nights.
func (r *region) newBackup(stack awscdk.Stack) awsbackup.BackupPlan {
	keep := days(r.Settings.Retention.Backups)
	lock := &awsbackup.LockConfiguration{MinRetention: keep}
	if r.Settings.Retention.RawMode == "COMPLIANCE" {
		lock.ChangeableFor = days(3)
	}
	vault := awsbackup.NewBackupVault(stack, jsii.String("Vault"), &awsbackup.BackupVaultProps{
		EncryptionKey: r.data.keys.backups, RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
		LockConfiguration: lock,
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
