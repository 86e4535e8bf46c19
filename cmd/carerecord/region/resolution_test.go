package region

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/partner"
)

// The run comes once a night, half past three by the clocks of London, also in
// the nights in which they change (27 March and 30 October 2022).
func TestNextNight(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2022-01-10T03:29:59Z": "2022-01-10T03:30:00Z", "2022-01-10T03:30:00Z": "2022-01-11T03:30:00Z",
		"2022-07-10T02:29:00Z": "2022-07-10T02:30:00Z", "2022-07-10T23:30:00Z": "2022-07-11T02:30:00Z",
		"2022-03-26T12:00:00Z": "2022-03-27T02:30:00Z", "2022-03-27T02:30:00Z": "2022-03-28T02:30:00Z",
		"2022-10-29T12:00:00Z": "2022-10-30T03:30:00Z", "2022-10-30T02:30:00Z": "2022-10-30T03:30:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := nextNight(at).UTC().Format(time.RFC3339); got != want {
			t.Errorf("after %s: %s, want %s", now, got, want)
		}
	}
}

func TestItRunsEachNight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 72*time.Hour)
		defer stop()
		var runs []string
		nightly(ctx, func() {
			runs = append(runs, time.Now().UTC().Format("2006-01-02 15:04"))
			time.Sleep(time.Hour)
		})
		if diff := cmp.Diff([]string{"2000-01-01 03:30", "2000-01-02 03:30", "2000-01-03 03:30"}, runs); diff != "" { // the bubble's clock begins in 2000
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// strict gives a model that links nobody by details. Its version is the digest
// of its parameters.
func strict(t *testing.T) *matching.Model {
	t.Helper()
	m := *matching.Default()
	training := m.Training
	m.LinkBits, m.Version, m.Training = 60, "", matching.Training{}
	parameters, err := json.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(parameters)
	m.Version, m.Training = "fs1-"+hex.EncodeToString(sum[:6]), training
	return &m
}

// A region whose model is replaced keeps its links until they are decided again.
func TestResolveAllDecidesByTheNewModel(t *testing.T) {
	t.Parallel()
	ctx, data := t.Context(), t.TempDir()
	loaded(t, data)
	resolved := func(all bool) (looked, changed, people int) {
		o, err := OpenOffline(data)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		if looked, changed, err = o.Resolve(ctx, all); err == nil {
			_, people, err = index.Count(ctx, o.Table)
		}
		if err != nil {
			t.Fatal(err)
		}
		return looked, changed, people
	}
	if looked, changed, people := resolved(true); looked != 2 || changed != 0 || people != 1 {
		t.Fatalf("looked at %d, changed %d, %d people; want 2, none and 1", looked, changed, people)
	}
	if err := os.WriteFile(filepath.Join(data, ModelFile), strict(t).Write(), 0o600); err != nil {
		t.Fatal(err)
	}
	if looked, changed, people := resolved(false); looked != 0 || changed != 0 || people != 1 {
		t.Errorf("of those in doubt: looked at %d, changed %d, %d people; want none, none and 1", looked, changed, people)
	}
	if _, changed, people := resolved(true); changed == 0 || people != 2 {
		t.Errorf("changed %d, %d people; want some and 2", changed, people)
	}
	if _, changed, people := resolved(true); changed != 0 || people != 2 {
		t.Errorf("again: changed %d, %d people; want none and 2", changed, people)
	}
	if _, err := OpenOffline(t.TempDir()); !failure.Is(err, failure.NotFound) {
		t.Errorf("no region: %v", err)
	}
}

// loaded gives a region in which two organisations know one person, without an
// NHS number.
func loaded(t *testing.T, data string) {
	t.Helper()
	feeds := []partner.Feed{{Name: "adt", Format: partner.HL7v2}}
	register := &partner.Register{Partners: []partner.Partner{{ODS: "RZZ", Name: "A", Feeds: feeds}, {ODS: "RYY", Name: "B", Feeds: feeds}}}
	r, err := Open(Settings{Data: data, Partners: register})
	if err != nil {
		t.Fatal(err)
	}
	for _, ods := range []string{"RZZ", "RYY"} {
		message := "MSH|^~\\&|PAS|" + ods + "|R|R|20260901090000||ADT^A01|1|P|2.4\rPID|1||7^^^" + ods + "^MR||WOJCIECHOWSKA^ZOFIA||19571123|F|||4 MILL LANE^^WIGAN^^WN1 2AB\r"
		if _, err := r.Drop(t.Context(), ods+"/adt/a.hl7", strings.NewReader(message)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(r.Wait(t.Context()), r.Close()); err != nil {
		t.Fatal(err)
	}
}

// The model in the data folder is the one that is used, and nothing is used in
// place of one that cannot be read.
func TestTheModelOfARegion(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	version := func() string {
		m, err := loadMatcher(data)
		if err != nil {
			t.Fatal(err)
		}
		return m.Model().Version
	}
	if got := version(); got != matching.Default().Version {
		t.Errorf("without a file: %s", got)
	}
	own := strict(t)
	file := filepath.Join(data, ModelFile)
	text := own.Write()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := version(); got != own.Version {
		t.Errorf("the region's own model is not used, but %s", got)
	}
	if err := os.WriteFile(file, text[:len(text)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadMatcher(data); !failure.Is(err, failure.Invalid) {
		t.Errorf("half a model: %v", err)
	}
}
