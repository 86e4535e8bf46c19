package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/stage"
	"github.com/carerecord/carerecord/shared/partner"
)

// newSenders makes one role for each partner of the register: it may put files
// under the prefixes of the partner's feeds and read the reports there. It may
// read no dropped file, nor delete or overwrite one.
func (r *region) newSenders(stack awscdk.Stack) {
	for i := range r.Partners.Partners {
		p := &r.Partners.Partners[i]
		policy := awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: r.senderRights(p)})
		role := awsiam.NewRole(stack, jsii.String("Sender"+p.ODS), &awsiam.RoleProps{
			RoleName:           jsii.String(r.Settings.Prefix() + "-sender-" + p.ODS),
			Description:        jsii.String("Delivers extracts of partner " + p.ODS),
			AssumedBy:          r.sender(stack, p.ODS),
			MaxSessionDuration: awscdk.Duration_Hours(jsii.Number(1)),
			// In the role itself: one resource a partner, of the 500 that a stack may have.
			InlinePolicies: &map[string]awsiam.PolicyDocument{"deliver": policy},
		})
		suppressSender(role, p)
	}
}

func (r *region) senderRights(p *partner.Partner) *[]awsiam.PolicyStatement {
	drop, reports := r.places[catalogue.BucketDrop], r.places[catalogue.BucketReports]
	var dropped, reported []*string
	for _, f := range p.Feeds {
		prefix := "/" + p.ODS + "/" + f.Name + "/*"
		dropped = append(dropped, jsii.String(*drop.arn+prefix))
		reported = append(reported, jsii.String(*reports.arn+prefix))
	}
	return &[]awsiam.PolicyStatement{
		allow(jsii.Strings("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"), dropped...),
		allow(jsii.Strings("s3:GetObject"), reported...),
		awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: jsii.Strings("s3:ListBucket"), Resources: &[]*string{reports.arn},
			Conditions: &map[string]any{"StringLike": map[string]string{"s3:prefix": p.ODS + "/*"}},
		}),
		// Uploads in parts are put together by whoever can decrypt them.
		r.allowKey(drop.key, "s3", "kms:Decrypt", "kms:GenerateDataKey"),
	}
}

// sender says who may take the partner's role: its own account with the shared
// external id, or, where it has none, an identity of the region's account that
// carries the partner's code as its tag.
func (r *region) sender(stack awscdk.Stack, ods string) awsiam.IPrincipal {
	s, ok := r.Settings.Senders[ods]
	if !ok {
		return awsiam.NewPrincipalWithConditions(awsiam.NewAccountPrincipal(stack.Account()), &map[string]any{
			"StringEquals": map[string]string{"aws:PrincipalTag/ods": ods},
		})
	}
	return trusted(s)
}

func trusted(s stage.Sender) awsiam.IPrincipal {
	return awsiam.NewPrincipalWithConditions(awsiam.NewAccountPrincipal(s.Account), &map[string]any{
		"StringEquals": map[string]string{"sts:ExternalId": s.ExternalID},
	})
}
