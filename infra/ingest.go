package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// ingestStack is the way of a file: from the drop into the record, from there to
// the events, and the look back each night at who is whom.
type ingestStack struct {
	stack        awscdk.Stack
	functions    map[string]awslambda.Function // by name
	dropQueue    awssqs.Queue
	dropLetters  awssqs.Queue
	eventLetters awssqs.Queue
	machine      awsstepfunctions.StateMachine
	resolution   awsstepfunctions.StateMachine
	bus          awsevents.CfnEventBus
}

func (r *region) newIngest() {
	stack := r.stack("ingest", "CareRecord: deliveries and events")
	r.ingest.stack = stack
	r.newNotifications(stack)
	r.ingest.functions = map[string]awslambda.Function{}
	for _, f := range catalogue.Functions() {
		if f.Trigger == catalogue.Task || f.Trigger == catalogue.Resolution {
			r.ingest.functions[f.Name] = r.newFunction(stack, f.Name)
		}
	}
	r.ingest.machine = r.newDelivery(stack, r.ingest.functions)
	r.ingest.resolution = r.newResolution(stack, r.ingest.functions)
	receive := r.newFunction(stack, "receive-delivery", r.queueRights(r.ingest.dropQueue)...)
	r.receive(stack, receive)
	r.ingest.functions["receive-delivery"] = receive
	r.ingest.bus = r.newBus(stack)
	r.ingest.functions["publish-events"] = r.newOutbox(stack)
	r.newSenders(stack)
	output(stack, "StateMachineArn", r.ingest.machine.StateMachineArn())
	output(stack, "ResolutionArn", r.ingest.resolution.StateMachineArn())
	output(stack, "EventBusName", r.ingest.bus.Ref())
	suppressIngest(r.ingest)
}
