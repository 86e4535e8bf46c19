package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/infra/stage"
)

func TestTables(t *testing.T) {
	a := synth(t, stage.Live)
	made := a.all("data", "AWS::DynamoDB::Table")
	if len(made) != 4 || len(a.every("AWS::DynamoDB::GlobalTable")) != 0 {
		t.Fatalf("%d tables, want 4 and no global ones", len(made))
	}
	for name, table := range made {
		table.want(t, name, map[string]any{
			"DeletionProtectionEnabled": true,
			"BillingMode":               "PAY_PER_REQUEST",
			"PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled": true,
			"PointInTimeRecoverySpecification.RecoveryPeriodInDays":       35,
			"SSESpecification.SSEEnabled":                                 true,
			"SSESpecification.SSEType":                                    "KMS",
			"SSESpecification.KMSMasterKeyId":                             "<TablesKey.Arn>",
			// The keys that shared/table/dynamo writes.
			"KeySchema":              []map[string]string{{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}},
			"GlobalSecondaryIndexes": nil,
		})
		var stream any
		if name != "AuditTable" { // of all others, events are published
			stream = "NEW_AND_OLD_IMAGES"
		}
		table.want(t, name, map[string]any{"StreamSpecification.StreamViewType": stream})
	}
}

// What must outlive the stack does.
func TestNothingIsDeletedWithItsStack(t *testing.T) {
	a := synth(t, stage.Live)
	for _, kind := range []string{
		"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::Backup::BackupVault", "AWS::Logs::LogGroup",
	} {
		found := a.every(kind)
		if len(found) == 0 {
			t.Errorf("no %s", kind)
		}
		for name, r := range found {
			if r.DeletionPolicy != "Retain" || r.UpdateReplacePolicy != "Retain" {
				t.Errorf("%s %s: DeletionPolicy %q, UpdateReplacePolicy %q", kind, name, r.DeletionPolicy, r.UpdateReplacePolicy)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	a := synth(t, stage.Dev)
	for name, key := range a.every("AWS::KMS::Key") {
		key.want(t, name, map[string]any{"EnableKeyRotation": true, "PendingWindowInDays": 30})
		for _, s := range statements(key.at("KeyPolicy")) {
			if slices.Equal(s.Principals, []string{"AWS:arn:aws:iam::<AWS::AccountId>:root"}) {
				continue // rights come from the account's own policies
			}
			// As AWS publishes it: TestAlarmsReachTheirTopic.
			if slices.Equal(s.Principals, []string{"Service:cloudwatch.amazonaws.com"}) {
				continue
			}
			described := slices.Equal(s.Actions, []string{"kms:DescribeKey"}) // tells nothing of what is encrypted
			if len(s.Conditions) == 0 && !described || slices.Contains(s.Principals, "*") {
				t.Errorf("%s: %v may use the key without a condition", name, s.Principals)
			}
		}
	}
}

// CloudWatch may use the topic's key without a condition, as in AWS's example:
// one that its calls do not meet would make every alarm silent. What it may
// publish to is held by the topic's policy.
func TestAlarmsReachTheirTopic(t *testing.T) {
	a := synth(t, stage.Live)
	found := 0
	for name, key := range a.every("AWS::KMS::Key") {
		for _, s := range statements(key.at("KeyPolicy")) {
			if !slices.Equal(s.Principals, []string{"Service:cloudwatch.amazonaws.com"}) {
				continue
			}
			found++
			if name != "MessagesKey" || len(s.Conditions) != 0 || !slices.Equal(s.Actions, []string{"kms:Decrypt", "kms:GenerateDataKey*"}) {
				t.Errorf("%s: %v under %v", name, s.Actions, s.Conditions)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d statements for CloudWatch, want 1", found)
	}
	held := slices.ContainsFunc(statements(a.one(t, "operations", "AWS::SNS::TopicPolicy", "OperatorsPolicy").at("PolicyDocument")), func(s statement) bool {
		return slices.Equal(s.Principals, []string{"Service:cloudwatch.amazonaws.com"}) && slices.Equal(s.Actions, []string{"sns:Publish"}) &&
			at(s.Conditions, "StringEquals").(map[string]any)["aws:SourceAccount"] != nil
	})
	if !held {
		t.Error("the topic does not take the alarms of this account alone")
	}
}

// EventBridge's calls carry no aws:SourceAccount or aws:SourceArn when it writes
// to what is encrypted: with such a condition events would be lost in silence.
func TestEventBridgeIsHeldByWhatIsEncrypted(t *testing.T) {
	key := synth(t, stage.Dev).one(t, "data", "AWS::KMS::Key", "MessagesKey")
	contexts := map[string]any{}
	for _, s := range statements(key.at("KeyPolicy")) {
		if !slices.Equal(s.Principals, []string{"Service:events.amazonaws.com"}) {
			continue
		}
		for operator, condition := range s.Conditions {
			if operator != "ArnLike" {
				t.Errorf("a condition %s", operator)
			}
			for name, value := range condition.(map[string]any) {
				contexts[name] = value
			}
		}
	}
	want := map[string]any{
		"kms:EncryptionContext:aws:sqs:arn":              "arn:aws:sqs:eu-west-2:<AWS::AccountId>:*",
		"kms:EncryptionContext:aws:events:event-bus:arn": "arn:aws:events:eu-west-2:<AWS::AccountId>:event-bus/*",
	}
	if diff := cmp.Diff(want, contexts); diff != "" {
		t.Errorf("contexts (-want +got):\n%s", diff)
	}
}

func TestBuckets(t *testing.T) {
	a := synth(t, stage.Live)
	policies := a.all("data", "AWS::S3::BucketPolicy")
	for name, bucket := range a.every("AWS::S3::Bucket") {
		bucket.want(t, name, map[string]any{
			"VersioningConfiguration.Status":                       "Enabled",
			"PublicAccessBlockConfiguration.BlockPublicAcls":       true,
			"PublicAccessBlockConfiguration.BlockPublicPolicy":     true,
			"PublicAccessBlockConfiguration.IgnorePublicAcls":      true,
			"PublicAccessBlockConfiguration.RestrictPublicBuckets": true,
			"OwnershipControls.Rules.0.ObjectOwnership":            "BucketOwnerEnforced",
		})
		denied := statements(policies[name+"Policy"].at("PolicyDocument"))
		refuses(t, name, denied, "Bool", "aws:SecureTransport", "false")
		refuses(t, name, denied, "NumericLessThan", "s3:TlsVersion", 1.2)
		if name == "AccessLogs" {
			continue
		}
		bucket.want(t, name, map[string]any{
			"BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm":   "aws:kms",
			"BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID": "<ObjectsKey.Arn>",
			"BucketEncryption.ServerSideEncryptionConfiguration.0.BucketKeyEnabled":                             true,
			"LoggingConfiguration.DestinationBucketName":                                                        "<AccessLogs>",
		})
		refuses(t, name, denied, "StringNotEqualsIfExists", "s3:x-amz-server-side-encryption", "aws:kms")
		refuses(t, name, denied, "StringNotEqualsIfExists", "s3:x-amz-server-side-encryption-aws-kms-key-id", "<ObjectsKey.Arn>")
	}
}

// refuses wants a statement that denies everybody under the condition.
func refuses(t *testing.T, bucket string, all []statement, operator, key string, value any) {
	t.Helper()
	if !slices.ContainsFunc(all, func(s statement) bool {
		return s.Effect == "Deny" && at(s.Conditions, operator) != nil && at(s.Conditions, operator).(map[string]any)[key] == value &&
			(slices.Contains(s.Principals, "AWS:*") || slices.Contains(s.Principals, "*"))
	}) {
		t.Errorf("%s: nobody is refused when %s %s %v", bucket, key, operator, value)
	}
}

func TestTheDropIsLockedAndToldOf(t *testing.T) {
	for name, want := range map[string]map[string]any{
		stage.Dev:  {"Mode": "GOVERNANCE", "Days": 1},
		stage.Live: {"Mode": "COMPLIANCE", "Days": 2922},
	} {
		drop := synth(t, name).one(t, "data", "AWS::S3::Bucket", "Drop")
		drop.want(t, name, map[string]any{
			"ObjectLockEnabled":                                                     true,
			"ObjectLockConfiguration.Rule.DefaultRetention":                         want,
			"NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled": true,
		})
		for _, rule := range list(drop.at("LifecycleConfiguration.Rules")) {
			if at(rule, "ExpirationInDays") != nil || at(rule, "NoncurrentVersionExpiration") != nil {
				t.Errorf("%s: dropped files expire: %v", name, rule)
			}
		}
	}
}

func TestWorkAndReportsExpire(t *testing.T) {
	a := synth(t, stage.Dev)
	for name, days := range map[string]int{"Work": 7, "Reports": 90} {
		bucket := a.one(t, "data", "AWS::S3::Bucket", name)
		bucket.want(t, name, map[string]any{
			"LifecycleConfiguration.Rules.0.AbortIncompleteMultipartUpload.DaysAfterInitiation": 7,
			"LifecycleConfiguration.Rules.1.ExpirationInDays":                                   days,
			"LifecycleConfiguration.Rules.1.NoncurrentVersionExpiration.NoncurrentDays":         1,
			"LifecycleConfiguration.Rules.1.Status":                                             "Enabled",
		})
	}
}

// 64 letters and digits are 48 bytes in base64.
func TestTheRegionsKeyIsGenerated(t *testing.T) {
	secrets := synth(t, stage.Dev).all("data", "AWS::SecretsManager::Secret")
	if len(secrets) != 1 {
		t.Fatalf("%d secrets", len(secrets))
	}
	secrets["RegionKey"].want(t, "RegionKey", map[string]any{
		"KmsKeyId":     "<TablesKey.Arn>",
		"SecretString": nil,
		"GenerateSecretString": map[string]any{
			"PasswordLength": 64, "ExcludePunctuation": true, "IncludeSpace": false,
		},
	})
}

func TestEveryTableIsBackedUp(t *testing.T) {
	a := synth(t, stage.Live)
	plan := a.one(t, "data", "AWS::Backup::BackupPlan", "Backup")
	plan.want(t, "Backup", map[string]any{
		"BackupPlan.BackupPlanRule.0.Lifecycle.DeleteAfterDays": 365,
		"BackupPlan.BackupPlanRule.0.ScheduleExpression":        "cron(0 2 * * ? *)",
	})
	for _, selection := range a.all("data", "AWS::Backup::BackupSelection") {
		if got := texts(selection.at("BackupSelection.Resources")); len(got) != 4 {
			t.Errorf("backs up %v", got)
		}
	}
	a.one(t, "data", "AWS::Backup::BackupVault", "Vault").want(t, "Vault", map[string]any{
		"EncryptionKeyArn": "<BackupsKey.Arn>", "LockConfiguration.MinRetentionDays": 365, "LockConfiguration.ChangeableForDays": 3,
	})
	synth(t, stage.Dev).one(t, "data", "AWS::Backup::BackupVault", "Vault").want(t, "GOVERNANCE", map[string]any{
		"LockConfiguration.ChangeableForDays": nil,
	})
}
