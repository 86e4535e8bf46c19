// Package executions is Step Functions for the function that starts deliveries.
// It stands apart from package region, so that no other function carries its
// client.
package executions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/carerecord/carerecord/functions/internal/region"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// maxExecutions bounds the executions that one delivery may have by itself. A
// delivery that never comes to its report is looked at by a person instead.
const maxExecutions = 20

// Starter starts the state machine of deliveries, for deliveries that have no
// report yet. The first execution has the name of its delivery. Step Functions
// finds a running execution of the same name and input again and refuses the
// name for 90 days after it has ended (AWS Step Functions API Reference,
// StartExecution): an event that comes twice starts nothing. An execution that
// has ended although its delivery has no report did not finish the delivery, or
// ended before the tables were restored: then the delivery gets another one,
// named <delivery>-2 and so on, and that is logged.
//
// Errors: failure.Unavailable when Step Functions does not answer, Conflict when
// all of the delivery's executions have ended.
func Starter(r *region.Region, k *lambdakit.Kit, machine lambdakit.Machine) func(context.Context, string) error {
	s := &starter{client: sfn.NewFromConfig(r.Config), machine: string(machine)}
	return func(ctx context.Context, id string) error {
		const op = "executions.Start"
		input, err := json.Marshal(delivery.Input{Delivery: id})
		if err != nil {
			return failure.Wrap(failure.Internal, op, err)
		}
		for n := 1; n <= maxExecutions; n++ {
			name := executionName(id, n)
			runs, err := s.start(ctx, name, string(input))
			if err != nil {
				return failure.Wrap(failure.Unavailable, op, err)
			}
			if !runs {
				continue
			}
			if n > 1 {
				k.Log.LogAttrs(ctx, slog.LevelWarn, lambdakit.DeliveryRestarted, slog.String("delivery", id), slog.String("item", name))
			}
			return nil
		}
		return failure.New(failure.Conflict, op, "%d executions have ended without a report", maxExecutions)
	}
}

// executionName names the nth execution of a delivery. An id has 26 letters and
// digits; a name may have 80 characters.
func executionName(id string, n int) string {
	if n == 1 {
		return id
	}
	return fmt.Sprintf("%s-%d", id, n)
}

type starter struct {
	client  *sfn.Client
	machine string // ARN
}

// start starts the execution of that name, or finds it running. It gives false
// when there was one that has ended.
func (s *starter) start(ctx context.Context, name, input string) (runs bool, err error) {
	_, err = s.client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &s.machine, Name: &name, Input: &input})
	if exists := (*types.ExecutionAlreadyExists)(nil); !errors.As(err, &exists) {
		return err == nil, err
	}
	out, err := s.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{
		ExecutionArn: aws.String(strings.Replace(s.machine, ":stateMachine:", ":execution:", 1) + ":" + name),
		IncludedData: types.IncludedDataMetadataOnly, // else it asks for the key of the machine's data
	})
	if err != nil {
		return false, err
	}
	return out.Status == types.ExecutionStatusRunning || out.Status == types.ExecutionStatusPendingRedrive, nil
}
