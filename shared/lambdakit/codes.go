package lambdakit

// The coded events of the functions' logs: the whole message of a log line is
// one of these codes. Tests and alarms hold on to them. The API's own codes,
// which begin with FHIR_, stand in shared/restapi.
const (
	StartRefused       = "FUNCTION_START_REFUSED" // settings, kind and calls: the function cannot be made
	InvocationFailed   = "INVOCATION_FAILED"      // kind and calls: the whole invocation failed and is tried again by its caller's rules
	InvocationPanicked = "INVOCATION_PANICKED"    // type and frames: a defect; it ended one invocation or one item
	ItemFailed         = "BATCH_ITEM_FAILED"      // item, kind and calls: one item of a batch goes back to its source
	Uncoded            = "UNCODED_MESSAGE"        // a library logged a text of its own; it is withheld

	DeliveryStarted   = "DELIVERY_STARTED"        // delivery: its state machine was started
	DeliveryRestarted = "DELIVERY_RESTARTED"      // delivery and item, the execution: an earlier one ended without a report
	DeliveryKnown     = "DELIVERY_KNOWN"          // delivery: the event came again, or the sender is unknown; nothing was started
	DeliveryEnded     = "DELIVERY_ENDED"          // delivery, status and the counts of its rows
	NotificationTest  = "NOTIFICATION_TEST"       // the test event that S3 sends when notifications are set up
	NotificationSkip  = "NOTIFICATION_SKIPPED"    // event: not the making of an object
	BucketUnknown     = "BUCKET_UNKNOWN"          // an event of a bucket that is not the drop; dropped
	ObjectGone        = "DELIVERY_OBJECT_GONE"    // an event of an object that is no longer there; dropped
	CallerRefused     = "CALLER_REFUSED"          // reason: the authorizer said no
	KeysUnavailable   = "ISSUER_KEYS_UNAVAILABLE" // the issuer's keys cannot be fetched: nobody is let in
	AnswerTooLarge    = "ANSWER_TOO_LARGE"        // bytes: an answer was over Lambda's limit and was withheld
	EventsPublished   = "EVENTS_PUBLISHED"        // events and records of one batch
	PartResolved      = "PART_RESOLVED"           // part, looked and changed: a stretch of the re-resolution was done
	ResolutionEnded   = "RESOLUTION_ENDED"        // parts, failed, looked, changed; open and days of the queue of reviews
)

// Messages of other packages that log through the kit's logger.
var foreign = []string{"FHIR_"}

// attributes are the keys that may stand in a log line. All their values are
// coded words, opaque ids, names of the product's own parts, or numbers. What
// is not here is withheld, so that no mistake can print a patient's data.
var attributes = map[string]bool{
	"timestamp": true, "level": true, "message": true,
	"requestId": true, "trace": true, "function": true, "stage": true,
	"kind": true, "calls": true, "type": true, "frames": true, "settings": true, "reason": true,
	"item": true, "items": true, "failed": true, "event": true, "events": true, "records": true,
	"delivery": true, "status": true, "read": true, "accepted": true, "unchanged": true, "rejected": true, "held": true,
	"part": true, "parts": true, "looked": true, "changed": true, "open": true, "days": true,
	"request": true, "method": true, "route": true, "bytes": true, "ms": true,
}

// Metrics are the names of the figures that the functions give, in the
// namespace MetricNamespace with the dimensions Stage and Function.
const (
	MetricNamespace = "CareRecord"

	MetricItemsFailed  = "ItemsFailed" // items of batches that went back to their source
	MetricPanics       = "Panics"      // defects met
	MetricStarted      = "DeliveriesStarted"
	MetricCompleted    = "DeliveriesCompleted" // also duplicates
	MetricRefused      = "DeliveriesRefused"   // files that could not be read as a whole
	MetricQuarantined  = "DeliveriesQuarantined"
	MetricRowsRead     = "RowsRead"
	MetricRowsRejected = "RowsRejected"
	MetricDenied       = "CallersRefused"
	MetricKeysDown     = "IssuerKeysUnavailable"
	MetricTooLarge     = "AnswersTooLarge"
	MetricPublished    = "EventsPublished"
	MetricDropped      = "NotificationsDropped" // of other buckets and of objects that are gone
	MetricLooked       = "PatientsLookedAgain"  // source patients that the re-resolution looked at
	MetricChanged      = "PatientsChanged"      // of which another person or another review came
	MetricReviews      = "ReviewsOpen"          // that wait for a human when the re-resolution ends
	MetricReviewAge    = "ReviewsOldestDays"    // age of the oldest of them, in days
)
