package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// alarm goes off when the metric is at or over the limit in `of` periods
// out of the last `periods`. kind is its paragraph in docs/operations.md.
type alarm struct {
	name, kind, says string
	metric           awscloudwatch.IMetric
	limit            float64
	of, periods      int
}

// reviewDays is the age of the oldest open review that somebody is told of.
const reviewDays = 14

// over is the alarm with another limit.
func (a alarm) over(limit float64) alarm {
	a.limit = limit
	return a
}

// alarms gives every alarm of the stage in a fixed order.
func (r *region) alarms() []alarm {
	once := func(name, kind, says string, m awscloudwatch.IMetric) alarm {
		return alarm{name, kind, says, m, 1, 1, 1}
	}
	list := []alarm{
		once("NotificationDeadLetters", "dead-letters", "A dropped file could not be registered", r.visible(r.ingest.dropLetters)),
		once("EventDeadLetters", "dead-letters", "Events were not published", r.visible(r.ingest.eventLetters)),
		{"NotificationsAge", "notifications-age", "Dropped files wait for more than 15 minutes", r.metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", dims{"QueueName": r.ingest.dropQueue.QueueName()}), 900, 3, 3},
	}
	for _, m := range []string{"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"} {
		list = append(list, once(m, "executions", "A delivery ended without a report and without quarantine", r.ofMachine(m)))
	}
	for _, m := range []string{"Failed", "TimedOut", "Aborted"} {
		list = append(list, once("Resolution"+m, "resolution", "The re-resolution did not come to its end", r.ofStates("Executions"+m, r.ingest.resolution)))
	}
	if r.Settings.Resolution != "" {
		list = append(list, once("ResolutionNotStarted", "resolution-not-started", "The re-resolution was not started at its hour",
			r.metric("AWS/Scheduler", "InvocationDroppedCount", "Sum", dims{"ScheduleGroup": jsii.String(r.Settings.Prefix())})))
	}
	list = append(
		list,
		once("ReviewsOld", "reviews-old", "A review has waited for a human for two weeks", r.nightly("ReviewsOldestDays")).over(reviewDays),
		alarm{"ExecutionsThrottled", "executions-throttled", "Step Functions holds deliveries back", r.ofMachine("ExecutionThrottled"), 100, 3, 3},
		once("DeliveriesQuarantined", "quarantine", "A delivery was put into quarantine", r.own("DeliveriesQuarantined", "quarantine-delivery", "Sum")),
		once("SendersUnknown", "senders-unknown", "A file came of a sender or feed that is not in the partner register", r.own("DeliveriesQuarantined", "receive-delivery", "Sum")),
		once("NotificationsDropped", "notifications-dropped", "News of a file was dropped: another bucket's, or the file is gone", r.own("NotificationsDropped", "receive-delivery", "Sum")),
		once("AnswersTooLarge", "answers-too-large", "An answer was over Lambda's limit", r.own("AnswersTooLarge", "serve-fhir", "Sum")),
		once("IssuerKeysUnavailable", "issuer-keys", "Tokens cannot be checked: nobody is let in", r.own("IssuerKeysUnavailable", "authorize-request", "Sum")),
		alarm{"ApiFailures", "api-failures", "The API answers with errors of its own", r.ofAPI("5XXError", "Sum"), 5, 3, 5},
		alarm{"ApiLatency", "api-latency", "One answer in twenty takes more than a second", r.ofAPI("Latency", "p95"), 1000, 3, 5},
		alarm{"FirewallBlocks", "firewall", "The firewall refuses many requests", r.metric("AWS/WAFV2", "BlockedRequests", "Sum", dims{
			"WebACL": jsii.String(r.Settings.Prefix()), "Region": &r.Settings.Region, "Rule": jsii.String("ALL"),
		}), 1000, 3, 3},
	)
	for _, f := range catalogue.Functions() {
		list = append(list, r.functionAlarms(f)...)
	}
	for _, t := range tables {
		list = append(list, r.tableAlarms(t[0], t[1])...)
	}
	return list
}

func (r *region) functionAlarms(f catalogue.Function) []alarm {
	name, of := pascal(f.Name), dims{"FunctionName": r.function(f.Name).FunctionName()}
	list := []alarm{
		{name + "Errors", "function-errors", f.Name + " failed", r.metric("AWS/Lambda", "Errors", "Sum", of), 1, 2, 5},
		{name + "Throttles", "function-throttles", f.Name + " has no room", r.metric("AWS/Lambda", "Throttles", "Sum", of), 1, 3, 5},
		{name + "Panics", "panics", f.Name + " met a defect", r.own("Panics", f.Name, "Sum"), 1, 1, 1},
		// Four fifths of the time it has.
		{name + "Duration", "function-duration", f.Name + " comes near to its timeout", r.metric("AWS/Lambda", "Duration", "Maximum", of), float64(f.Timeout) * 800, 3, 5},
	}
	if f.Trigger == catalogue.Stream {
		list = append(list, alarm{
			name + "IteratorAge", "stream-age", "Events are more than an hour behind; after a day they are lost to the stream",
			r.metric("AWS/Lambda", "IteratorAge", "Maximum", of), 3600000, 2, 2,
		})
	}
	return list
}

func (r *region) tableAlarms(setting, name string) []alarm {
	of := dims{"TableName": r.data.tables[setting].TableName()}
	return []alarm{
		{name + "ReadThrottles", "table-throttles", "Reads of the table are throttled", r.metric("AWS/DynamoDB", "ReadThrottleEvents", "Sum", of), 10, 3, 5},
		{name + "WriteThrottles", "table-throttles", "Writes to the table are throttled", r.metric("AWS/DynamoDB", "WriteThrottleEvents", "Sum", of), 10, 3, 5},
	}
}

// dims are a metric's dimensions.
type dims map[string]*string

func (r *region) metric(namespace, name, statistic string, of dims) awscloudwatch.IMetric {
	dimensions := map[string]*string(of)
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: &namespace, MetricName: &name, Statistic: &statistic, DimensionsMap: &dimensions,
		Period: awscdk.Duration_Minutes(jsii.Number(5)),
	})
}

func (r *region) visible(queue awssqs.Queue) awscloudwatch.IMetric {
	return r.metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", dims{"QueueName": queue.QueueName()})
}

func (r *region) ofMachine(name string) awscloudwatch.IMetric {
	return r.ofStates(name, r.ingest.machine)
}

func (r *region) ofStates(name string, machine awsstepfunctions.StateMachine) awscloudwatch.IMetric {
	return r.metric("AWS/States", name, "Sum", dims{"StateMachineArn": machine.StateMachineArn()})
}

func (r *region) ofAPI(name, statistic string) awscloudwatch.IMetric {
	return r.metric("AWS/ApiGateway", name, statistic, dims{"ApiName": jsii.String(r.Settings.Prefix()), "Stage": &r.Settings.Stage})
}

// own is a figure that the functions count themselves (shared/lambdakit).
func (r *region) own(name, function, statistic string) awscloudwatch.IMetric {
	return r.metric("CareRecord", name, statistic, dims{"Stage": &r.Settings.Stage, "Function": &function})
}

// nightly is a figure of the re-resolution's end: it comes once a day and holds
// until the next one.
func (r *region) nightly(name string) awscloudwatch.IMetric {
	dimensions := map[string]*string{"Stage": &r.Settings.Stage, "Function": jsii.String("resolve-patients")}
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String("CareRecord"), MetricName: &name, Statistic: jsii.String("Maximum"), DimensionsMap: &dimensions,
		Period: awscdk.Duration_Days(jsii.Number(1)),
	})
}

func (r *region) newAlarm(stack awscdk.Stack, a alarm, tell awscloudwatchactions.SnsAction) awscloudwatch.Alarm {
	made := awscloudwatch.NewAlarm(stack, &a.name, &awscloudwatch.AlarmProps{
		AlarmName:          jsii.String(r.Settings.Prefix() + "-" + a.name),
		AlarmDescription:   jsii.String(a.says + ". See docs/operations.md#" + a.kind),
		Metric:             a.metric,
		Threshold:          &a.limit,
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		DatapointsToAlarm:  jsii.Number(a.of), EvaluationPeriods: jsii.Number(a.periods),
		TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING, // no figure: nothing happened
	})
	made.AddAlarmAction(tell)
	made.AddOkAction(tell)
	return made
}

// function gives a function of any stack.
func (r *region) function(name string) interface{ FunctionName() *string } {
	if f, ok := r.api.functions[name]; ok {
		return f
	}
	return r.ingest.functions[name]
}

// alarmsMayPublish lets CloudWatch write to the topic for this account.
func alarmsMayPublish(stack awscdk.Stack, topic awssns.Topic) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"), Resources: &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]*string{"aws:SourceAccount": stack.Account()}},
	})
}
