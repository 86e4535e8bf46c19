// Package notification reads what S3 tells of new objects, and starts a
// delivery for each. It knows both forms in which it comes through a queue: S3
// event notifications (event message structure 2.x) and EventBridge events
// "Object Created" (Amazon S3 User Guide, "Event message structure" and "Using
// EventBridge"). It loads nothing itself.
package notification

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// Notice is what one message says.
type Notice struct {
	Objects []object.Ref // versions that were made
	Test    bool         // it is the test event of S3
	Skipped []string     // names of events that are not the making of an object
}

// message has the members of all forms. Exactly one form is filled.
type message struct {
	Records []record `json:"Records"` // S3

	Event string `json:"Event"` // S3's test event

	DetailType string  `json:"detail-type"` // EventBridge
	Source     string  `json:"source"`
	Detail     *detail `json:"detail"`
}

type record struct {
	EventSource string `json:"eventSource"`
	EventName   string `json:"eventName"`
	S3          struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"` // as in a form of HTML: + for a blank, %XX for the rest
			VersionID string `json:"versionId"`
		} `json:"object"`
	} `json:"s3"`
}

type detail struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key       string `json:"key"` // as it is
		VersionID string `json:"version-id"`
	} `json:"object"`
}

// Parse reads the body of a message. What is none of the forms is
// failure.Invalid: it must not be taken for nothing to do.
func Parse(body string) (Notice, error) {
	const op = "notification.Parse"
	var m message
	if json.Unmarshal([]byte(body), &m) != nil {
		return Notice{}, failure.New(failure.Invalid, op, "the message is not JSON of a known form")
	}
	switch {
	case m.Event == "s3:TestEvent":
		return Notice{Test: true}, nil
	case m.Source == "aws.s3" && m.Detail != nil:
		return m.bridged()
	case len(m.Records) > 0:
		return m.direct()
	}
	return Notice{}, failure.New(failure.Invalid, op, "the message is neither of S3 nor of EventBridge")
}

func (m *message) bridged() (n Notice, err error) {
	if m.DetailType != "Object Created" {
		return Notice{Skipped: []string{eventName(m.DetailType)}}, nil
	}
	return n, n.add(m.Detail.Bucket.Name, m.Detail.Object.Key, m.Detail.Object.VersionID)
}

func (m *message) direct() (n Notice, err error) {
	for _, r := range m.Records {
		name := strings.TrimPrefix(r.EventName, "s3:")
		switch {
		case r.EventSource != "aws:s3":
			return n, failure.New(failure.Invalid, "notification.Parse", "a record is not of S3")
		case !strings.HasPrefix(name, "ObjectCreated:"):
			n.Skipped = append(n.Skipped, eventName(name))
			continue
		}
		key, err := url.QueryUnescape(r.S3.Object.Key)
		if err != nil { // its text would quote the key
			return n, failure.New(failure.Invalid, "notification.Parse", "a key is not encoded as S3 encodes keys")
		}
		if err := n.add(r.S3.Bucket.Name, key, r.S3.Object.VersionID); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (n *Notice) add(bucket, key, version string) error {
	if bucket == "" || key == "" || !utf8.ValidString(key) {
		return failure.New(failure.Invalid, "notification.Parse", "a bucket or a key is missing or is no text")
	}
	if version == "null" { // of an object from before versioning was on
		version = ""
	}
	n.Objects = append(n.Objects, object.Ref{Bucket: bucket, Key: key, Version: version})
	return nil
}

// eventName gives the names that S3 has for events, for the log, and nothing else.
func eventName(name string) string {
	for _, known := range []string{
		"ObjectRemoved", "ObjectRestore", "ObjectTagging", "ObjectAcl", "LifecycleExpiration", "LifecycleTransition",
		"IntelligentTiering", "Replication", "ReducedRedundancyLostObject",
		"Object Deleted", "Object Restore", "Object Tags", "Object ACL", "Object Storage Class", "Object Access Tier",
	} {
		if strings.HasPrefix(name, known) {
			return known
		}
	}
	return "unknown"
}
