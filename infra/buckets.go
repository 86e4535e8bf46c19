package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
)

func days(n int) awscdk.Duration { return awscdk.Duration_Days(jsii.Number(n)) }

// newBuckets makes the drop, work and reports buckets, and the one that takes
// their access logs.
func (r *region) newBuckets(stack awscdk.Stack) map[string]awss3.Bucket {
	logs := awss3.NewBucket(stack, jsii.String("AccessLogs"), r.private(&awss3.BucketProps{
		// Access logs can be delivered to buckets with S3's own keys only.
		Encryption: awss3.BucketEncryption_S3_MANAGED,
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Id: jsii.String("expire"), Expiration: days(r.Settings.Retention.Logs), NoncurrentVersionExpiration: days(1),
		}},
	}))
	r.data.accessLogs = logs
	retainPolicy(logs)
	keep := r.Settings.Retention
	made := map[string]awss3.Bucket{
		catalogue.BucketDrop:    awss3.NewBucket(stack, jsii.String("Drop"), r.encrypted(logs, r.raw())),
		catalogue.BucketWork:    awss3.NewBucket(stack, jsii.String("Work"), r.encrypted(logs, expiring(keep.Work))),
		catalogue.BucketReports: awss3.NewBucket(stack, jsii.String("Reports"), r.encrypted(logs, expiring(keep.Reports))),
	}
	for setting, bucket := range made {
		retainPolicy(bucket)
		r.values[setting] = bucket.BucketName()
		r.places[setting] = place{arn: bucket.BucketArn(), key: r.data.keys.objects.KeyArn()}
	}
	for _, setting := range []string{catalogue.BucketDrop, catalogue.BucketReports, catalogue.BucketWork} {
		r.refuseOtherKeys(made[setting])
	}
	notify(made[catalogue.BucketDrop])
	return made
}

// raw is the bucket that everything else can be rebuilt from: for a while
// nobody can delete or overwrite what was dropped.
func (r *region) raw() *awss3.BucketProps {
	keep := days(r.Settings.Retention.Raw)
	lock := awss3.ObjectLockRetention_Governance(keep)
	if r.Settings.Retention.RawMode == "COMPLIANCE" {
		lock = awss3.ObjectLockRetention_Compliance(keep)
	}
	return &awss3.BucketProps{
		ObjectLockEnabled: jsii.Bool(true), ObjectLockDefaultRetention: lock,
		LifecycleRules: &[]*awss3.LifecycleRule{abandoned()},
	}
}

func expiring(after int) *awss3.BucketProps {
	return &awss3.BucketProps{LifecycleRules: &[]*awss3.LifecycleRule{abandoned(), {
		Id: jsii.String("expire"), Expiration: days(after), NoncurrentVersionExpiration: days(1),
	}}}
}

// abandoned removes the parts of uploads that never ended.
func abandoned() *awss3.LifecycleRule {
	return &awss3.LifecycleRule{Id: jsii.String("abandoned-uploads"), AbortIncompleteMultipartUploadAfter: days(7)}
}

// private is what holds for every bucket.
func (r *region) private(p *awss3.BucketProps) *awss3.BucketProps {
	p.Versioned = jsii.Bool(true)
	p.EnforceSSL, p.MinimumTLSVersion = jsii.Bool(true), jsii.Number(1.2)
	p.BlockPublicAccess = awss3.BlockPublicAccess_BLOCK_ALL()
	p.ObjectOwnership = awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED
	p.RemovalPolicy = awscdk.RemovalPolicy_RETAIN
	return p
}

// retainPolicy keeps what a bucket refuses for as long as the bucket itself.
func retainPolicy(bucket awss3.Bucket) {
	bucket.Policy().ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN)
}

func (r *region) encrypted(logs awss3.Bucket, p *awss3.BucketProps) *awss3.BucketProps {
	p.Encryption, p.EncryptionKey, p.BucketKeyEnabled = awss3.BucketEncryption_KMS, r.data.keys.objects, jsii.Bool(true)
	p.ServerAccessLogsBucket = logs
	p.TargetObjectKeyFormat = awss3.TargetObjectKeyFormat_PartitionedPrefix(awss3.PartitionDateSource_EVENT_TIME)
	return r.private(p)
}

// refuseOtherKeys keeps a sender from choosing the encryption himself: with a
// key of his own he could take the file back by withdrawing the key.
func (r *region) refuseOtherKeys(bucket awss3.Bucket) {
	deny := func(sid, header string, value *string) {
		bucket.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: &sid, Effect: awsiam.Effect_DENY, Actions: jsii.Strings("s3:PutObject"),
			Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
			Resources:  &[]*string{bucket.ArnForObjects(jsii.String("*"))},
			Conditions: &map[string]any{"StringNotEqualsIfExists": map[string]*string{header: value}},
		}))
	}
	deny("OtherEncryption", "s3:x-amz-server-side-encryption", jsii.String("aws:kms"))
	deny("OtherKey", "s3:x-amz-server-side-encryption-aws-kms-key-id", r.data.keys.objects.KeyArn())
}

// notify has S3 tell EventBridge of each new object. The property is set on
// the resource itself: the CDK would put a function of its own, with wide
// rights, beside the bucket to do the same.
func notify(bucket awss3.Bucket) {
	resource := bucket.Node().DefaultChild().(awss3.CfnBucket)
	resource.SetNotificationConfiguration(&awss3.CfnBucket_NotificationConfigurationProperty{
		EventBridgeConfiguration: &awss3.CfnBucket_EventBridgeConfigurationProperty{EventBridgeEnabled: jsii.Bool(true)},
	})
}
