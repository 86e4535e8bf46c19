package lambdakit

import (
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// The types of settings. Each reads itself from the text of a variable and
// says what is wanted when it is something else, without repeating it.
type (
	Stage      string // name of a stage, such as dev or live
	TableName  string // of a DynamoDB table
	BucketName string // of an S3 bucket
	File       string // absolute path
	Model      string // absolute path of a model of the patient index
	Secret     string // ARN of a secret of Secrets Manager
	Machine    string // ARN of a state machine
	Bus        string // name or ARN of an event bus
	Text       string // printable text of one line
	URL        string // absolute; https, or http of this machine
)

var (
	stageForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)
	tableForm   = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)                                                  // Amazon DynamoDB Developer Guide, "Naming rules"
	bucketForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)                                       // Amazon S3 User Guide, "General purpose bucket naming rules"
	secretForm  = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^\s]+$`)       // AWS Secrets Manager API Reference, SecretListEntry
	machineForm = regexp.MustCompile(`^arn:aws[a-z-]*:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[^\s:]+$`)        // AWS Step Functions API Reference, StartExecution
	busForm     = regexp.MustCompile(`^(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[\w./-]{1,256}$`) // Amazon EventBridge API Reference, PutEvents
)

func match(text []byte, form *regexp.Regexp, wanted string) (string, error) {
	if !form.Match(text) {
		return "", errors.New("is not " + wanted)
	}
	return string(text), nil
}

// UnmarshalText takes lower-case letters, digits and hyphens, at most 20.
func (v *Stage) UnmarshalText(text []byte) error {
	s, err := match(text, stageForm, "the name of a stage")
	*v = Stage(s)
	return err
}

// UnmarshalText takes the name of a table, not its ARN.
func (v *TableName) UnmarshalText(text []byte) error {
	s, err := match(text, tableForm, "the name of a table")
	*v = TableName(s)
	return err
}

// UnmarshalText takes the name of a bucket, not its ARN.
func (v *BucketName) UnmarshalText(text []byte) error {
	s, err := match(text, bucketForm, "the name of a bucket")
	*v = BucketName(s)
	return err
}

// UnmarshalText takes an ARN.
func (v *Secret) UnmarshalText(text []byte) error {
	s, err := match(text, secretForm, "the ARN of a secret")
	*v = Secret(s)
	return err
}

// UnmarshalText takes an ARN.
func (v *Machine) UnmarshalText(text []byte) error {
	s, err := match(text, machineForm, "the ARN of a state machine")
	*v = Machine(s)
	return err
}

// UnmarshalText takes a name or an ARN.
func (v *Bus) UnmarshalText(text []byte) error {
	s, err := match(text, busForm, "the name or ARN of an event bus")
	*v = Bus(s)
	return err
}

// UnmarshalText takes an absolute path. The file is read later.
func (v *File) UnmarshalText(text []byte) error {
	if !filepath.IsAbs(string(text)) {
		return errors.New("is not an absolute path")
	}
	*v = File(text)
	return nil
}

// UnmarshalText takes an absolute path. The file is read later.
func (v *Model) UnmarshalText(text []byte) error { return (*File)(v).UnmarshalText(text) }

// UnmarshalText refuses control characters and blanks around the text.
func (v *Text) UnmarshalText(text []byte) error {
	s := string(text)
	if strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("is not printable text of one line")
	}
	*v = Text(s)
	return nil
}

// UnmarshalText takes an absolute https URL without user, query or fragment;
// http only of this machine, for tests.
func (v *URL) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	plain := err == nil && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
	if !plain || u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname())) {
		return errors.New("is not an absolute https URL")
	}
	*v = URL(text)
	return nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
