package region_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/sample"
)

func open(t *testing.T, data string, log io.Writer) *region.Region {
	t.Helper()
	text, err := fs.ReadFile(sample.FS, sample.Partners)
	if err != nil {
		t.Fatal(err)
	}
	partners, err := partner.Parse(sample.Partners, text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := region.Open(region.Settings{Data: data, Partners: partners, Log: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// serve starts the region's ports and gives their addresses.
func serve(t *testing.T, r *region.Region) region.Addresses {
	t.Helper()
	at, err := r.Listen(region.Addresses{API: ":0", S3: ":0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- r.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return at
}

// TestPartnerAndClinician goes the whole way: a partner uploads with the AWS
// SDK and reads the report, a clinician finds the person by NHS number and
// reads the record of both organisations. No log line names anybody.
func TestPartnerAndClinician(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := open(t, t.TempDir(), &log)
	defer r.Close()
	at := serve(t, r)
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String("http://" + at.S3), Region: "eu-west-2", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
	})
	for key, file := range map[string]string{
		sample.Hospital + "/adt/simhospital.hl7":        "hl7/simhospital.hl7",
		sample.Practice + "/patients/practice-list.csv": "gp/practice-list.csv",
	} {
		upload(t, client, key, file)
	}
	if err := r.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	report := readReport(t, client, sample.Hospital+"/adt/simhospital.hl7")
	if want := (delivery.Counts{Read: 1013, Accepted: 1013}); report.Counts != want {
		t.Errorf("the hospital's counts are %+v, want %+v", report.Counts, want)
	}
	number, family := sharedPatient(t)
	bundle := everything(t, r, at, number)
	for _, want := range []string{family, `"urn:carerecord:patient:RZZ:`, `"urn:carerecord:patient:Z99901:`, `"Provenance"`, `"EpisodeOfCare"`} {
		if !strings.Contains(bundle, want) {
			t.Errorf("the record does not hold %s", want)
		}
	}
	for _, personal := range []string{number, family, "simhospital.hl7"} {
		if strings.Contains(log.String(), personal) {
			t.Errorf("a log line holds what is personal")
		}
	}
}

func upload(t *testing.T, client *s3.Client, key, file string) {
	t.Helper()
	content, err := fs.ReadFile(sample.FS, file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String(region.Buckets.Drop), Key: aws.String(key), Body: bytes.NewReader(content),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readReport(t *testing.T, client *s3.Client, key string) (r delivery.Report) {
	t.Helper()
	list, err := client.ListObjectsV2(context.Background(), &s3.ListObjectsV2Input{Bucket: aws.String(region.Buckets.Reports), Prefix: aws.String(key)})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Contents {
		if !strings.HasSuffix(*o.Key, ".json") {
			continue
		}
		answer, err := client.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String(region.Buckets.Reports), Key: o.Key})
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if err := json.NewDecoder(answer.Body).Decode(&r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Fatalf("no report among %d objects", len(list.Contents))
	return r
}

// sharedPatient gives the NHS number and family name of the first row of the
// practice list whose number the hospital has too.
func sharedPatient(t *testing.T) (number, family string) {
	t.Helper()
	list, err := fs.ReadFile(sample.FS, "gp/practice-list.csv")
	if err != nil {
		t.Fatal(err)
	}
	hospital, err := fs.ReadFile(sample.FS, "hl7/simhospital.hl7")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(list), "\n")[1:] {
		columns := strings.Split(line, ",")
		number := strings.ReplaceAll(columns[1], " ", "")
		if len(number) == 10 && bytes.Contains(hospital, []byte(number)) {
			return number, columns[4]
		}
	}
	t.Fatal("the practice and the hospital share nobody")
	return "", ""
}

func everything(t *testing.T, r *region.Region, at region.Addresses, number string) string {
	t.Helper()
	form := url.Values{"identifier": {"https://fhir.nhs.uk/Id/nhs-number|" + number}}
	found := call(t, r, http.MethodPost, "http://"+at.API+"/fhir/R4/Patient/_search", form.Encode())
	var bundle struct {
		Entry []struct {
			Resource struct{ ResourceType, ID string }
		}
	}
	if err := json.Unmarshal([]byte(found), &bundle); err != nil || len(bundle.Entry) == 0 || bundle.Entry[0].Resource.ResourceType != "Patient" {
		t.Fatalf("the search finds no patient: %v", err)
	}
	return call(t, r, http.MethodGet, "http://"+at.API+"/fhir/R4/Patient/"+bundle.Entry[0].Resource.ID+"/$everything", "")
}

func call(t *testing.T, r *region.Region, method, address, form string) string {
	t.Helper()
	token, err := r.Issuer.Token(access.Claims{Subject: "nurse", Organisation: sample.Hospital, Role: "R8001"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(method, address, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", answer.StatusCode, err)
	}
	return string(body)
}

// TestARestartGoesOn closes a region while files wait, and opens it again: all
// of them end, once.
func TestARestartGoesOn(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	r := open(t, data, io.Discard)
	const files = 20
	var ids []string
	for i := range files {
		message := fmt.Sprintf("MSH|^~\\&|PAS|RZZ|R|R|20260901090000||ADT^A01|1|P|2.4\rPID|1||%d^^^RZZ^MR||A^B||19500521|F\r", i)
		id, err := r.Drop(context.Background(), fmt.Sprintf("RZZ/adt/%d.hl7", i), strings.NewReader(message))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = open(t, data, io.Discard)
	defer r.Close()
	if err := r.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if d, err := r.Delivery.Get(context.Background(), id); err != nil || d.Status != delivery.Completed {
			t.Errorf("file %d: %s, %v", i, d.Status, err)
		}
	}
	if totals, err := r.Totals(context.Background()); err != nil || totals.SourcePatients != files {
		t.Errorf("%+v, %v; want %d source patients", totals, err, files)
	}
}

// TestOneRegionAFolder refuses a second region on the same folder.
func TestOneRegionAFolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	r := open(t, data, io.Discard)
	defer r.Close()
	if second, err := region.Open(region.Settings{Data: data, Partners: &partner.Register{}}); err == nil {
		second.Close()
		t.Error("two regions run on one folder")
	}
}
