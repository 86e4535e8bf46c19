package s3endpoint_test

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/s3endpoint"
)

// check is the text whose checksums every catalogue of CRCs gives.
const check = "123456789"

// checks are the published check values (RevEng catalogue of CRC algorithms;
// FIPS 180-4 sums of the same text).
var checks = map[string]string{
	"crc32":     "cbf43926",
	"crc32c":    "e3069283",
	"crc64nvme": "ae8b14860a799888",
	"sha1":      "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
	"sha256":    "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
}

func base64Of(t *testing.T, hexSum string) string {
	t.Helper()
	sum, err := hex.DecodeString(hexSum)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(sum)
}

// send puts a raw body and gives the status.
func (r *region) send(t *testing.T, key, body string, header map[string]string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.url+"/"+drop+"/"+key, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func chunked(kind, trailer string) map[string]string {
	h := map[string]string{"X-Amz-Content-Sha256": kind, "Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": "9"}
	if trailer != "" {
		h["X-Amz-Trailer"] = trailer
	}
	return h
}

// The four forms of a chunked payload of the Signature Version 4 chapters.
func TestChunkedPayloads(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	signature := ";chunk-signature=" + strings.Repeat("0a", 32)
	crc := base64Of(t, checks["crc32"])
	for _, c := range []struct {
		name, body string
		header     map[string]string
		status     int
	}{
		{"unsigned with trailer", "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:" + crc + "\r\n\r\n", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32"), 200},
		{"several chunks", "4\r\n1234\r\n5\r\n56789\r\n0\r\nx-amz-checksum-crc32:" + crc + "\r\n\r\n", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32"), 200},
		{"signed", "5" + signature + "\r\n12345\r\n4" + signature + "\r\n6789\r\n0" + signature + "\r\n\r\n", chunked("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""), 200},
		{"signed with trailer", "9" + signature + "\r\n123456789\r\n0" + signature + "\r\nx-amz-checksum-crc32:" + crc + "\nx-amz-trailer-signature:00\r\n\r\n", chunked("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "x-amz-checksum-crc32"), 200},
		{"no empty line at the end", "9\r\n123456789\r\n0\r\n", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", ""), 200},
		{"wrong trailer", "9\r\n123456780\r\n0\r\nx-amz-checksum-crc32:" + crc + "\r\n\r\n", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32"), 400},
		{"announced trailer missing", "9\r\n123456789\r\n0\r\n\r\n", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32"), 400},
		{"shorter than told", "8\r\n12345678\r\n0\r\n\r\n", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", ""), 400},
		{"cut within a chunk", "9\r\n1234", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", ""), 400},
		{"last chunk missing", "9\r\n123456789\r\n", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", ""), 400},
		{"no size", "x\r\n123456789\r\n0\r\n\r\n", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", ""), 400},
		{"chunk longer than its size", "8\r\n123456789\r\n0\r\n\r\n", chunked("STREAMING-UNSIGNED-PAYLOAD-TRAILER", ""), 400},
		{"no decoded length", "9\r\n123456789\r\n0\r\n\r\n", map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, 400},
		{"plain", check, nil, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := strings.ReplaceAll(c.name, " ", "-")
			if got := r.send(t, key, c.body, c.header); got != c.status {
				t.Fatalf("status %d, want %d", got, c.status)
			}
			_, err := r.store.Head(t.Context(), object.Ref{Bucket: drop, Key: key})
			if (err == nil) != (c.status == 200) {
				t.Fatalf("Head = %v after the status %d", err, c.status)
			}
			if err == nil && r.text(t, key) != check {
				t.Errorf("stored %q", r.text(t, key))
			}
		})
	}
}

func TestChecksumsInHeaders(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for name, sum := range checks {
		header := map[string]string{"X-Amz-Checksum-" + name: base64Of(t, sum)}
		if got := r.send(t, name, check, header); got != 200 {
			t.Errorf("%s: status %d, want 200", name, got)
		}
		if got := r.send(t, name, "123456780", header); got != 400 {
			t.Errorf("%s of another text: status %d, want 400", name, got)
		}
		if got := r.text(t, name); got != check {
			t.Errorf("%s: stored %q", name, got)
		}
	}
	payload := map[string]string{"X-Amz-Content-Sha256": checks["sha256"]}
	if right, wrong := r.send(t, "payload", check, payload), r.send(t, "payload", "x", payload); right != 200 || wrong != 400 {
		t.Errorf("the payload's hash: status %d and %d, want 200 and 400", right, wrong)
	}
}

// Over TLS the SDK sends unsigned chunks with the checksum behind them, which
// is what it does with the real S3.
func TestSDKWithTrailingChecksums(t *testing.T) {
	t.Parallel()
	store, err := dir.Open(t.TempDir(), drop)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := s3endpoint.New(store, map[string]s3endpoint.Access{drop: s3endpoint.Drop})
	var mu sync.Mutex
	sent := map[string]int{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		sent[req.Method+" "+req.Header.Get("X-Amz-Content-Sha256")]++
		mu.Unlock()
		endpoint.ServeHTTP(w, req)
	}))
	t.Cleanup(func() {
		server.Close()
		_ = store.Close()
	})
	client := awss3.New(awss3.Options{
		Region: "eu-west-2", BaseEndpoint: &server.URL, UsePathStyle: true, HTTPClient: server.Client(), RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", strings.Repeat("session", 300)),
	})
	text := strings.Repeat("0123456789", 300_000)
	var want []string
	for _, algorithm := range []types.ChecksumAlgorithm{"", types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256, types.ChecksumAlgorithmSha512} {
		key := "sdk " + string(algorithm)
		_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{
			Bucket: aws.String(drop), Key: &key, ChecksumAlgorithm: algorithm, ContentLength: aws.Int64(int64(len(text))), Body: io.MultiReader(strings.NewReader(text)),
		})
		if err != nil {
			t.Errorf("%q: %v", algorithm, err)
			continue
		}
		if r := (&region{store: store}); r.text(t, key) != text {
			t.Errorf("%q: other bytes were stored", algorithm)
		}
		want = append(want, key)
	}
	if diff := cmp.Diff(map[string]int{"PUT STREAMING-UNSIGNED-PAYLOAD-TRAILER": len(want)}, sent); diff != "" {
		t.Errorf("payloads sent (-want +got):\n%s", diff)
	}
}
