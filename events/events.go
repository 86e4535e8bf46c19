// Package events carries the samples of what the region's functions are given
// and the contracts of what the region tells others. It is data: tests read
// every file of it, and no function does.
//
// triggers/<function>[.<case>].json is an event as AWS delivers it to that
// function. contracts/<event>.v<version>.schema.json is the JSON Schema (draft
// 2020-12) of a published event with EventBridge's envelope, and the file beside
// it without "schema" a sample.
package events

import "embed"

// FS holds the files under the paths above.
//
//go:embed triggers contracts
var FS embed.FS

// Delivery and Person are the ids that stand in the samples of triggers. Who
// runs a sample puts those of an existing delivery or person in their place.
const (
	Delivery = "01KAS3R8F0Z6M4Q2V7X9C1B5N3"
	Person   = "01KAS3R8F0S1Q7T5W3Y2K9H4D6"
)
