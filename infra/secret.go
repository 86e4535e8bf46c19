package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// newSecret makes the region's key, from which the opaque ids of patients are
// made. It is born in Secrets Manager and never seen by anyone: 64 letters and
// digits, which are 48 bytes read as base64 (RFC 4648, section 4).
func (r *region) newSecret(stack awscdk.Stack) awssecretsmanager.Secret {
	secret := awssecretsmanager.NewSecret(stack, jsii.String("RegionKey"), &awssecretsmanager.SecretProps{
		Description:   jsii.String("Key of the region's opaque ids. It cannot be changed: the stored keys were made with it."),
		EncryptionKey: r.data.keys.tables, RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			PasswordLength: jsii.Number(64), ExcludePunctuation: jsii.Bool(true), IncludeSpace: jsii.Bool(false),
		},
	})
	r.values[catalogue.RegionKey] = secret.SecretArn()
	r.places[catalogue.RegionKey] = place{arn: secret.SecretArn(), key: r.data.keys.tables.KeyArn()}
	return secret
}
