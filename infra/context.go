package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/infra/stage"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

// The context of the app: -c key=value, of this program or of the CDK CLI.
const (
	contextStage    = "stage"    // dev, test or live; default dev
	contextSettings = "settings" // file of settings; default: those of the stage in infra/stage
	contextPartners = "partners" // file of the partner register; in dev the default is that of the sample region
	contextAssets   = "assets"   // folder of the built functions
)

const (
	samplePartners = "shared/sample/partners.yaml"
	builtFunctions = "bin/functions"
	assemblyFolder = "cdk.out"
)

// Options are all that the templates depend on.
type Options struct {
	Settings stage.Settings
	Partners *partner.Register
	Register []byte // the text of Partners
	Assets   string // folder with <function>/bootstrap
	Output   string
}

// contextOf gives the context of the CDK CLI (CDK_CONTEXT_JSON) with that of
// the command line over it.
func contextOf(args []string, getenv func(string) string) (map[string]string, error) {
	const op = "infra.contextOf"
	given := map[string]string{}
	if text := getenv("CDK_CONTEXT_JSON"); text != "" {
		var all map[string]any
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return nil, failure.New(failure.Invalid, op, "CDK_CONTEXT_JSON is no JSON object")
		}
		for _, key := range contextKeys() {
			if value, ok := all[key].(string); ok {
				given[key] = value
			}
		}
	}
	for len(args) > 0 {
		if args[0] != "-c" && args[0] != "--context" || len(args) == 1 {
			return nil, failure.New(failure.Invalid, op, "%q: want -c key=value with %s", args[0], strictyaml.Or(contextKeys()))
		}
		key, value, ok := strings.Cut(args[1], "=")
		if !ok || value == "" || !slices.Contains(contextKeys(), key) {
			return nil, failure.New(failure.Invalid, op, "-c %q: want key=value with %s", args[1], strictyaml.Or(contextKeys()))
		}
		given[key] = value
		args = args[2:]
	}
	return given, nil
}

func contextKeys() []string {
	return []string{contextAssets, contextPartners, contextSettings, contextStage}
}

// options reads the files that the context names.
func options(given map[string]string, out string) (Options, error) {
	o := Options{Assets: given[contextAssets], Output: out}
	if o.Assets == "" {
		o.Assets = builtFunctions
	}
	if o.Output == "" {
		o.Output = assemblyFolder
	}
	name := given[contextStage]
	if name == "" {
		name = stage.Dev
	}
	var err error
	if o.Settings, err = readSettings(name, given[contextSettings]); err != nil {
		return Options{}, err
	}
	if err := o.readPartners(given[contextPartners]); err != nil {
		return Options{}, err
	}
	return o, o.checkSenders()
}

func readSettings(name, file string) (stage.Settings, error) {
	if file == "" {
		return stage.Load(name)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return stage.Settings{}, failure.Wrap(failure.NotFound, "infra.readSettings", err)
	}
	return stage.Parse(name, file, data)
}

func (o *Options) readPartners(file string) error {
	const op = "infra.readPartners"
	if file == "" && o.Settings.Stage != stage.Dev {
		return failure.New(failure.Invalid, op, "stage %s needs its partner register: -c %s=FILE", o.Settings.Stage, contextPartners)
	}
	if file == "" {
		file = samplePartners
	}
	var err error
	if o.Register, err = os.ReadFile(file); err != nil {
		return failure.Wrap(failure.NotFound, op, err)
	}
	o.Partners, err = partner.Parse(file, o.Register)
	return err
}

// checkSenders refuses an account for an organisation that is no partner: it
// is more likely a slip of the pen than a wish.
func (o *Options) checkSenders() error {
	for code := range o.Settings.Senders {
		if !slices.ContainsFunc(o.Partners.Partners, func(p partner.Partner) bool { return p.ODS == code }) {
			return failure.New(failure.Invalid, "infra.checkSenders", "senders.%s: the partner register has no such partner", code)
		}
	}
	return nil
}

// asset gives the folder of a built function. It refuses a function that was
// not built, and one that carries another partner register than the roles are
// made from: a partner would be let in by one and not known to the other.
func (o *Options) asset(function string, carriesRegister bool) (string, error) {
	const op = "infra.asset"
	folder := filepath.Join(o.Assets, function)
	if _, err := os.Stat(filepath.Join(folder, "bootstrap")); err != nil {
		return "", failure.New(failure.NotFound, op, "%s/bootstrap is missing: run make build first", folder)
	}
	if !carriesRegister {
		return folder, nil
	}
	bundled, err := os.ReadFile(filepath.Join(folder, registerFile))
	if err != nil {
		return "", failure.New(failure.NotFound, op, "%s/%s is missing: run make build first", folder, registerFile)
	}
	if string(bundled) != string(o.Register) {
		return "", failure.New(failure.Conflict, op, "%s/%s is not the register given: run make build PARTNERS=FILE with the same file", folder, registerFile)
	}
	return folder, nil
}
