package statemachine

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The shapes are the fields this package implements, under the names of the
// States Language. A field that is in no shape is refused, so that a
// definition never means less here than on AWS.

type flowShape struct {
	Comment string
	StartAt string
	States  map[string]jsontext.Value
}

type machineShape struct {
	flowShape
	Version       string
	QueryLanguage string
}

type stateShape struct {
	Type       string
	Comment    string
	InputPath  jsontext.Value
	OutputPath jsontext.Value
	Next       string
	End        bool
}

type effectShape struct {
	ResultSelector jsontext.Value
	ResultPath     jsontext.Value
	Retry          []retrierShape
	Catch          []catcherShape
}

type taskShape struct {
	stateShape
	effectShape
	Resource       string
	Parameters     jsontext.Value
	TimeoutSeconds *int64
}

type mapShape struct {
	stateShape
	effectShape
	ItemReader                 *readerShape
	ItemsPath                  jsontext.Value
	ItemSelector               jsontext.Value
	ItemBatcher                *batcherShape
	MaxConcurrency             int
	ToleratedFailureCount      *int
	ToleratedFailurePercentage *float64
	ItemProcessor              processorShape
	Label                      string
}

type readerShape struct {
	Resource     string
	ReaderConfig struct{ InputType string }
	Parameters   jsontext.Value
}

type batcherShape struct {
	MaxItemsPerBatch int
	BatchInput       jsontext.Value
}

type processorShape struct {
	flowShape
	ProcessorConfig struct{ Mode, ExecutionType string }
}

type retrierShape struct {
	ErrorEquals     []string
	IntervalSeconds *int64
	MaxAttempts     *int64
	BackoffRate     *float64
	MaxDelaySeconds *int64
	JitterStrategy  string
}

type catcherShape struct {
	ErrorEquals []string
	ResultPath  jsontext.Value
	Next        string
}

type passShape struct {
	stateShape
	Result     jsontext.Value
	Parameters jsontext.Value
	ResultPath jsontext.Value
}

type choiceShape struct {
	stateShape
	Choices []ruleShape
	Default string
}

type ruleShape struct {
	Comment string
	Next    string
	And     []ruleShape
	Or      []ruleShape
	Not     *ruleShape

	Variable                 string
	StringEquals             *string
	BooleanEquals            *bool
	IsPresent                *bool
	NumericEquals            *float64
	NumericLessThan          *float64
	NumericLessThanEquals    *float64
	NumericGreaterThan       *float64
	NumericGreaterThanEquals *float64
}

type failShape struct {
	Type    string
	Comment string
	Error   string
	Cause   string
}

// unmarshal fills a shape. The error tells the field by its JSON pointer.
func unmarshal(raw jsontext.Value, shape any) error {
	err := json.Unmarshal(raw, shape, json.RejectUnknownMembers(true))
	var semantic *json.SemanticError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return errors.New("field " + string(semantic.JSONPointer) + " is not implemented")
	case errors.As(err, &semantic):
		return errors.New("field " + string(semantic.JSONPointer) + " has a value of another kind than implemented")
	default:
		return errors.New("is not valid JSON")
	}
}
