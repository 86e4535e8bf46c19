package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/jsii-runtime-go"
)

// newOperations tells the operators when something needs them. Each alarm has
// a paragraph in docs/operations.md.
func (r *region) newOperations() {
	stack := r.stack("operations", "CareRecord: alarms and dashboard")
	topic := awssns.NewTopic(stack, jsii.String("Operators"), &awssns.TopicProps{
		DisplayName: jsii.String(r.Settings.Prefix()), MasterKey: r.data.keys.messages, EnforceSSL: jsii.Bool(true),
	})
	topic.AddToResourcePolicy(alarmsMayPublish(stack, topic))
	for _, address := range r.Settings.Operators {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(&address, nil))
	}
	tell := awscloudwatchactions.NewSnsAction(topic)
	made := map[string]awscloudwatch.Alarm{}
	for _, a := range r.alarms() {
		made[a.name] = r.newAlarm(stack, a, tell)
	}
	r.newDashboard(stack, made)
}

// newDashboard shows how the region is: what comes in, what goes out, and
// every alarm.
func (r *region) newDashboard(stack awscdk.Stack, alarms map[string]awscloudwatch.Alarm) {
	var states []interfacesawscloudwatch.IAlarmRef
	for _, a := range r.alarms() {
		states = append(states, alarms[a.name])
	}
	graph := func(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
		return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{Title: &title, Left: &metrics, Width: jsii.Number(12)})
	}
	awscloudwatch.NewDashboard(stack, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
		DashboardName: jsii.String(r.Settings.Prefix()),
		Widgets: &[]*[]awscloudwatch.IWidget{
			{awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
				Title: jsii.String("Alarms"), Alarms: &states, Width: jsii.Number(24), Height: jsii.Number(4),
			})},
			{
				graph("Deliveries", r.own("DeliveriesCompleted", "report-delivery", "Sum"),
					r.own("DeliveriesRefused", "report-delivery", "Sum"), r.own("DeliveriesQuarantined", "quarantine-delivery", "Sum")),
				graph("Rows", r.own("RowsRead", "report-delivery", "Sum"), r.own("RowsRejected", "report-delivery", "Sum")),
			},
			{
				graph("Re-resolution", r.own("PatientsLookedAgain", "resolve-patients", "Sum"), r.own("PatientsChanged", "resolve-patients", "Sum")),
				graph("Reviews", r.nightly("ReviewsOpen"), r.nightly("ReviewsOldestDays")),
			},
			{
				graph("Requests", r.ofAPI("Count", "Sum"), r.ofAPI("4XXError", "Sum"), r.ofAPI("5XXError", "Sum")),
				graph("Latency (ms)", r.ofAPI("Latency", "p50"), r.ofAPI("Latency", "p95"), r.ofAPI("Latency", "p99")),
			},
		},
	})
}
