package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/stage"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

// The context of the app: -c key=value, of this program or of the CDK CLI.
const (
	contextStage    = "stage"    // dev, test or live; default dev
	contextSettings = "settings" // file of settings; default: those of the stage in infra/stage
	contextPartners = "partners" // file of the partner register; in dev the default is that of the sample region
	contextModel    = "model"    // file of the patient index's model; default: the one in the functions
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
	Model    []byte // of the patient index; nil: the one that comes with the functions
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
	return []string{contextAssets, contextModel, contextPartners, contextSettings, contextStage}
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
	if err := o.readModel(given[contextModel]); err != nil {
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

// readModel reads a model, which the functions would refuse to start with if it
// were none.
func (o *Options) readModel(file string) (err error) {
	const op = "infra.readModel"
	if file == "" {
		return nil
	}
	if o.Model, err = os.ReadFile(file); err != nil {
		return failure.Wrap(failure.NotFound, op, err)
	}
	_, err = matching.ReadModel(o.Model)
	return failure.Wrap(failure.Invalid, op, err)
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
// not built, one that carries another partner register than the roles are made
// from (a partner would be let in by one and not known to the other), and one
// that carries another model than was given.
func (o *Options) asset(f catalogue.Function) (string, error) {
	folder := filepath.Join(o.Assets, f.Name)
	if _, err := os.Stat(filepath.Join(folder, "bootstrap")); err != nil {
		return "", failure.New(failure.NotFound, "infra.asset", "%s/bootstrap is missing: run make build first", folder)
	}
	if f.Has(catalogue.PartnersFile) {
		if err := carries(folder, registerFile, o.Register, "register", "PARTNERS"); err != nil {
			return "", err
		}
	}
	if f.Has(catalogue.ModelFile) {
		if err := carries(folder, modelFile, o.Model, "model", "MODEL"); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// carries compares a file of a function's package with what was given; nil: it
// must not be there.
func carries(folder, name string, given []byte, what, variable string) error {
	const op = "infra.carries"
	bundled, err := os.ReadFile(filepath.Join(folder, name))
	switch {
	case err != nil && given == nil:
		return nil
	case err != nil:
		return failure.New(failure.NotFound, op, "%s/%s is missing: run make build %s=FILE first", folder, name, variable)
	case given == nil:
		return failure.New(failure.Conflict, op, "%s/%s is there, and no %s was given: run make build without %s", folder, name, what, variable)
	case !bytes.Equal(bundled, given):
		return failure.New(failure.Conflict, op, "%s/%s is not the %s given: run make build %s=FILE with the same file", folder, name, what, variable)
	}
	return nil
}
