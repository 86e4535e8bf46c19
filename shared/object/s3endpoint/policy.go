package s3endpoint

import (
	"encoding/xml"
	"net/http"
	"net/url"

	"github.com/johannesboyne/gofakes3"
)

// refusal is an answer that gofakes3 has no word for.
type refusal struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
	status  int
}

// Refusals with S3's codes (Amazon S3 API Reference, "Error responses").
var (
	denied      = &refusal{Code: "AccessDenied", Message: "Access Denied", status: http.StatusForbidden}
	owned       = &refusal{Code: "BucketAlreadyOwnedByYou", Message: "The bucket is there already", status: http.StatusConflict}
	unsupported = &refusal{Code: "NotImplemented", Message: "The local region does not offer this", status: http.StatusNotImplemented}
	malformed   = &refusal{Code: "InvalidRequest", Message: "The payload's encoding or checksum header cannot be read", status: http.StatusBadRequest}
)

func (f *refusal) write(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/xml")
	// The body was not read; whatever comes of it must not be the next request.
	w.Header().Set("Connection", "close")
	w.WriteHeader(f.status)
	if r.Method == http.MethodHead {
		return
	}
	if _, err := w.Write([]byte(xml.Header)); err == nil {
		_ = xml.NewEncoder(w).Encode(f) // the client has gone
	}
}

// subresources are the query parameters that make a request something else
// than it looks like. gofakes3 does not know them and would, for one, store
// the XML of a PUT ?tagging as the object.
var subresources = []string{
	"accelerate", "acl", "analytics", "attributes", "cors", "encryption", "intelligent-tiering", "inventory", "legal-hold", "lifecycle", "logging", "metadataConfiguration",
	"metadataTable", "metrics", "notification", "object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "renameObject", "replication", "requestPayment",
	"restore", "retention", "select", "session", "tagging", "torrent", "website",
}

// refuse says no before gofakes3 sees a request; nil lets it pass. A hidden
// bucket passes, and is then not found.
func (e *endpoint) refuse(r *http.Request, bucket, key string) *refusal {
	q := r.URL.Query()
	for _, s := range subresources {
		if q.Has(s) {
			return unsupported
		}
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	access := e.access[bucket]
	switch {
	case key == "":
		return refuseBucket(r.Method, q, access)
	case access == Hidden:
		return nil
	case access == ReadOnly || r.Method == http.MethodDelete && q.Has("versionId"):
		return denied
	case r.Header.Get("X-Amz-Copy-Source") != "" && q.Has("uploadId"), r.Header.Get("X-Amz-Write-Offset-Bytes") != "":
		return unsupported
	}
	return nil
}

// refuseBucket is about changes of a bucket itself.
func refuseBucket(method string, q url.Values, access Access) *refusal {
	switch {
	case method == http.MethodPut && len(q) == 0 && access != Hidden:
		return owned
	case method != http.MethodPost:
		return denied
	case !q.Has("delete"):
		return unsupported // an upload by a browser's form
	case access == ReadOnly:
		return denied
	}
	return nil
}

// visible says whether clients see a bucket.
func (e *endpoint) visible(bucket string) bool { return e.access[bucket] != Hidden }

func (e *endpoint) mustSee(bucket string) error {
	if !e.visible(bucket) {
		return gofakes3.BucketNotFound(bucket)
	}
	return nil
}
