package arch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/carerecord/carerecord/"

// pkg is what `go list -json` says of a package. Imports are its own, without
// those of its tests; Deps are all that it brings along.
type pkg struct {
	ImportPath string
	Name       string
	Doc        string
	Imports    []string
	Deps       []string
	GoFiles    []string
}

// place is the package's path in the repository.
func (p pkg) place() string { return strings.TrimPrefix(p.ImportPath, module) }

// support says whether the package exists for tests: it takes a testing.T.
func (p pkg) support() bool { return slices.Contains(p.Imports, "testing") }

func packages(t *testing.T) []pkg {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Doc,Imports,Deps,GoFiles", module+"...")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	output, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []pkg
	for values := json.NewDecoder(bytes.NewReader(output)); ; {
		var p pkg
		if err := values.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// under says whether a path is one of the folders or inside of one.
func under(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return path == folder || strings.HasPrefix(path, folder+"/")
	})
}

var (
	pure = []string{
		"shared/nhs", "shared/demographics", "shared/hl7v2", "shared/csvfeed", "shared/fhir",
		"shared/extract", "shared/matching", "shared/version", "shared/failure", "shared/population",
	}
	programs = []string{"cmd", "functions"}
	engines  = []string{"shared/table/dynamo", "shared/table/embedded", "shared/object/s3", "shared/object/dir"}
	domain   = []string{
		"shared/index", "shared/record", "shared/access", "shared/audit", "shared/delivery", "shared/restapi", "shared/event", "shared/resolution",
	}
	aws    = []string{"github.com/aws"}
	sdk    = []string{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"}
	lambda = []string{"github.com/aws/aws-lambda-go"}
	cdk    = []string{"github.com/aws/aws-cdk-go", "github.com/aws/constructs-go", "github.com/aws/jsii-runtime-go", "github.com/cdklabs"}
)

func own(folders ...string) []string {
	list := make([]string, len(folders))
	for i := range folders {
		list[i] = module + folders[i]
	}
	return list
}

// The layers, lowest first. A package imports its own layer and lower ones.
var layers = [][]string{
	append([]string{"events", "shared/opaque", "shared/partner", "shared/sample", "shared/linkage"}, pure...),
	{"shared/table", "shared/object", "shared/statemachine"},
	{"shared/index", "shared/record", "shared/access", "shared/audit"},
	{"shared/delivery", "shared/resolution", "shared/restapi", "shared/event", "shared/lambdakit"},
	{"cmd", "functions", "infra", "tools", "shared/arch"},
}

func layer(place string) int {
	return slices.IndexFunc(layers, func(folders []string) bool { return under(place, folders...) })
}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		from := layer(p.place())
		if from < 0 {
			t.Errorf("%s is in no layer: give it one in shared/arch and in CONTRIBUTING.md", p.place())
			continue
		}
		for _, imported := range p.Imports {
			place, ours := strings.CutPrefix(imported, module)
			if ours && layer(place) > from && !p.support() {
				t.Errorf("%s imports %s, which stands above it", p.place(), place)
			}
		}
	}
}

// rule forbids packages in some folders to import some others, themselves or
// through what they import.
type rule struct {
	name    string
	folders []string // whose packages the rule is about; nil: all
	except  []string
	direct  bool     // its own imports alone
	never   []string // import paths
}

var rules = []rule{
	{name: "the pure packages know no port", folders: append([]string{"shared/linkage"}, pure...), never: own("shared/table", "shared/object")},
	{name: "the pure packages know no AWS", folders: append([]string{"shared/linkage"}, pure...), never: aws},
	{name: "the pure packages speak to no network", folders: append([]string{"shared/linkage"}, pure...), never: []string{"net/http", "database/sql"}},
	{name: "the domain knows no engine", folders: domain, never: own(engines...)},
	{name: "the domain knows no AWS", folders: domain, never: aws},
	{name: "the ports know no engine", folders: []string{"shared/table", "shared/object"}, never: own(engines...), except: append([]string{"shared/object/s3endpoint"}, engines...)},
	{name: "the AWS SDK stops at its engines", never: sdk, direct: true, except: append([]string{"shared/table/dynamo", "shared/object/s3"}, programs...)},
	{name: "aws-lambda-go stops at lambdakit", never: lambda, direct: true, except: []string{"shared/lambdakit", "functions"}},
	{name: "the CDK stops at infra", never: cdk, direct: true, except: []string{"infra"}},
	{name: "the runner of state machines is no AWS client", folders: []string{"shared/statemachine"}, never: aws},
	{name: "reading is not loading", folders: []string{"shared/restapi"}, never: own("shared/delivery")},
	{name: "loading is not reading", folders: []string{"shared/delivery"}, never: own("shared/restapi")},
	{name: "no product package brings a testing library", never: []string{"testing", "pgregory.net/rapid", "github.com/google/go-cmp"}},
}

func (r rule) holdsFor(p pkg) bool {
	if p.support() || under(p.place(), r.except...) {
		return false
	}
	return r.folders == nil || under(p.place(), r.folders...)
}

// broken gives the imports of the package that the rule forbids.
func (r rule) broken(p pkg) []string {
	if !r.holdsFor(p) {
		return nil
	}
	imports := p.Deps
	if r.direct {
		imports = p.Imports
	}
	var list []string
	for _, imported := range imports {
		if under(imported, r.never...) {
			list = append(list, imported)
		}
	}
	return list
}

func TestRules(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, p := range all {
				for _, imported := range r.broken(p) {
					t.Errorf("%s imports %s", p.place(), imported)
				}
			}
		})
	}
}

// Rules that catch nothing would hold for ever: each has a case here that
// breaks it.
func TestRulesCatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ place, imports string }{
		"the pure packages know no port":                {"shared/nhs", module + "shared/table"},
		"the pure packages know no AWS":                 {"shared/extract/messages", "github.com/aws/aws-sdk-go-v2/config"},
		"the pure packages speak to no network":         {"shared/fhir", "net/http"},
		"the domain knows no engine":                    {"shared/delivery", module + "shared/object/dir"},
		"the domain knows no AWS":                       {"shared/restapi", "github.com/aws/aws-lambda-go/lambda"},
		"the ports know no engine":                      {"shared/table/meter", module + "shared/table/embedded"},
		"the AWS SDK stops at its engines":              {"infra/deploy", "github.com/aws/aws-sdk-go-v2/service/s3"},
		"aws-lambda-go stops at lambdakit":              {"cmd/carerecord", "github.com/aws/aws-lambda-go/events"},
		"the CDK stops at infra":                        {"cmd/carerecord", "github.com/aws/aws-cdk-go/awscdk/v2"},
		"the runner of state machines is no AWS client": {"shared/statemachine", "github.com/aws/aws-sdk-go-v2/service/sfn"},
		"reading is not loading":                        {"shared/restapi", module + "shared/delivery"},
		"loading is not reading":                        {"shared/delivery", module + "shared/restapi"},
		"no product package brings a testing library":   {"cmd/carerecord", "pgregory.net/rapid"},
	} {
		i := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
		p := pkg{ImportPath: module + c.place, Imports: []string{c.imports}, Deps: []string{c.imports}}
		if i < 0 || len(rules[i].broken(p)) != 1 {
			t.Errorf("%s: %s may import %s", name, c.place, c.imports)
		}
		support := pkg{ImportPath: p.ImportPath, Imports: []string{c.imports, "testing"}, Deps: []string{c.imports, "testing"}}
		if i >= 0 && len(rules[i].broken(support)) != 0 {
			t.Errorf("%s: holds for packages of tests too", name)
		}
	}
}

// A program may be made of several packages, which are its own.
func TestNobodyImportsAProgram(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			place, ours := strings.CutPrefix(imported, module)
			if !ours || !under(place, programs...) {
				continue
			}
			program := strings.Join(strings.SplitN(place, "/", 3)[:2], "/")
			if place == "functions/catalogue" || program == "functions/internal" && under(p.place(), "functions") {
				continue // data about the functions, and what they share
			}
			if !under(p.place(), program) {
				t.Errorf("%s imports %s", p.place(), place)
			}
		}
	}
}

func TestProgramsStandInTheirFolders(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if p.Name == "main" && !under(p.place(), "cmd", "functions", "infra", "tools") {
			t.Errorf("%s is a program outside of cmd, functions, infra and tools", p.place())
		}
	}
}

// A doc comment says what a package is for: it begins as godoc expects.
func TestEveryPackageIsExplained(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = "Command "
		}
		if len(p.GoFiles) > 0 && !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s: the doc comment begins with %.40q, want %q", p.place(), p.Doc, want)
		}
	}
}

// A package is named for what it holds.
func TestNamesSayWhatAPackageHolds(t *testing.T) {
	t.Parallel()
	empty := []string{"util", "utils", "common", "helper", "helpers", "model", "models", "types", "handler", "handlers", "manager", "base", "misc"}
	for _, p := range packages(t) {
		for _, part := range append(strings.Split(p.place(), "/"), p.Name) {
			if slices.Contains(empty, part) {
				t.Errorf("%s: %q says nothing", p.place(), part)
			}
		}
	}
}
