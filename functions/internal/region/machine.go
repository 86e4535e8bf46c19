package region

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// Starter starts the state machine of deliveries. An execution has the name of
// its delivery, and Step Functions keeps names for 90 days: an event that comes
// twice starts nothing (AWS Step Functions API Reference, StartExecution).
func (r *Region) Starter(machine lambdakit.Machine) func(context.Context, string) error {
	client := sfn.NewFromConfig(r.config)
	return func(ctx context.Context, id string) error {
		input, err := json.Marshal(delivery.Input{Delivery: id})
		if err != nil {
			return failure.Wrap(failure.Internal, "region.Start", err)
		}
		_, err = client.StartExecution(ctx, &sfn.StartExecutionInput{
			StateMachineArn: aws.String(string(machine)), Name: &id, Input: aws.String(string(input)),
		})
		if started := (*types.ExecutionAlreadyExists)(nil); errors.As(err, &started) {
			return nil
		}
		return failure.Wrap(failure.Unavailable, "region.Start", err)
	}
}
