package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/infra/stage"
	"github.com/carerecord/carerecord/shared/table/dynamo"
)

// The deployed tables have the keys that the storage engine writes: what it
// would create for itself is caught on its way to DynamoDB.
func TestTablesHaveTheEnginesKeys(t *testing.T) {
	var asked map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"com.amazonaws.dynamodb.v20120810#ResourceInUseException"}`))
	}))
	defer server.Close()
	client := dynamodb.New(dynamodb.Options{
		Region: stage.UKRegion, BaseEndpoint: &server.URL, Credentials: aws.AnonymousCredentials{},
	})
	if err := dynamo.Create(t.Context(), client, "any"); err == nil {
		t.Fatal("the table was made")
	}
	for name, table := range synth(t, stage.Dev).all("data", "AWS::DynamoDB::Table") {
		for _, property := range []string{"KeySchema", "AttributeDefinitions", "BillingMode"} {
			if diff := cmp.Diff(asked[property], table.at(property)); diff != "" {
				t.Errorf("%s: %s (-engine +template):\n%s", name, property, diff)
			}
		}
	}
}
