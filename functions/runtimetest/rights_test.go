package runtimetest_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
)

// checkRights holds the catalogue to what functions did when all tests have
// run: a call that none has made is a right too many. Process.Stop holds the
// other side: a call that is not in the catalogue.
func checkRights() (code int) {
	if world.delivered == nil {
		return 0 // without tables nothing was called
	}
	for _, f := range catalogue.Functions() {
		unmade := runtimetest.Unmade(f)
		for _, call := range unmade {
			if !excused(f, unmade, call) {
				fmt.Printf("FAIL: the catalogue lists %s on %s for %s, and no test makes it\n", call.Operation, call.Resource, f.Name)
				code = 1
			}
		}
	}
	return code
}

// excused calls are those whose only cause is a size that no test's file has.
func excused(f catalogue.Function, unmade []catalogue.Call, call catalogue.Call) bool {
	made := func(operation string) bool {
		other := catalogue.Call{Operation: operation, Resource: call.Resource}
		return slices.Contains(f.Calls, other) && !slices.Contains(unmade, other)
	}
	switch service, operation, _ := strings.Cut(call.Operation, ":"); {
	case service == "s3": // an object of more than s3.PartSize
		return made("s3:PutObject") && (strings.Contains(operation, "Multipart") || operation == "UploadPart")
	case call == catalogue.Call{Operation: "dynamodb:DeleteItem", Resource: catalogue.TableRecord}:
		return f.Name == "load-entries" // an entry of many parts whose origin became shorter: record, split
	case operation == "ConditionCheckItem": // guards against others who write a neighbour at the same moment
		return f.Name != "match-patients" && made("dynamodb:TransactWriteItems")
	case operation == "GetItem": // table.Get of one key, which is of several here
		return made("dynamodb:BatchGetItem")
	case operation == "BatchGetItem":
		return made("dynamodb:GetItem")
	}
	return false
}
