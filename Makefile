# The targets that people use; PACKAGES=./shared/nhs narrows most of them. Everything a target needs is fetched in a fixed
# version by `go run tool@version` or npm, and nothing is installed globally.

GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Where goroutines meet, tests run under the race detector.
RACE := shared/linkage,shared/table,shared/object,shared/index,shared/record,shared/delivery,shared/statemachine,shared/audit,shared/restapi

CODE     := $(wildcard cmd functions infra shared tools)
PACKAGES ?= ./...
FUZZTIME ?= 30s
NPM_LOCK := node_modules/.package-lock.json

# A stage of the region on AWS; stages other than dev have no register of their own here.
STAGE     ?= dev
FUNCTIONS := $(patsubst functions/%/main.go,%,$(wildcard functions/*/main.go))
ifeq ($(STAGE),dev)
PARTNERS  ?= shared/sample/partners.yaml
endif
# The patient index's model (carerecord train); without one the functions use that of the sources.
MODEL     ?=
# A file of settings in place of infra/stage/$(STAGE).yaml.
SETTINGS  ?=
# The CDK's notice that Node 20 has come to its end; 22 and 24 work as well.
QUIET_NODE := JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20

.PHONY: test lint tools bench fuzz build build-functions synth snapshot demo
.DEFAULT_GOAL := test

test: tools lint ## every test; the last line counts them
	@$(QUIET_NODE) go run ./tools/testcount -packages "$(PACKAGES)" -race $(RACE) -- -timeout 15m

lint: ## formatting, vet and staticcheck
	@unformatted=$$(go run $(GOFUMPT) -l $(CODE)) || exit 1; \
	if [ -n "$$unformatted" ]; then printf 'not formatted (gofumpt -w):\n%s\n' "$$unformatted" >&2; exit 1; fi
	@go vet $(PACKAGES)
	@go run $(STATICCHECK) $(PACKAGES)

# DynamoDB Local and two state machine tools, for tests alone. Without npm the
# tests that need them are skipped, except where CI is set.
tools:
	@if command -v npm >/dev/null; then $(MAKE) -s --no-print-directory $(NPM_LOCK); \
	elif [ -n "$$CI" ]; then echo 'npm is required' >&2; exit 1; \
	else echo 'npm is missing: tests that need its tools are skipped'; fi

$(NPM_LOCK): package.json package-lock.json .npmrc
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

bench: ## a region end to end, the matcher against the truth, then the parts
	go run ./cmd/carerecord bench
	go run ./cmd/carerecord measure
	go test -run '^$$' -bench . -benchmem $(PACKAGES)

fuzz: ## every fuzz target in turn, FUZZTIME each
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' $(CODE) | sed 's/func //' | \
	while IFS=: read -r file name; do \
		echo "$$(dirname $$file) $$name"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "./$$(dirname $$file)" || exit 1; \
	done

build: build-functions ## bin/carerecord and the functions
	go build -trimpath -buildvcs=false -o bin/ ./cmd/...

# The functions as Lambda runs them, each with the partner register and the model, if there is one, beside it.
# The same sources give the same bytes, in whichever commit they stand. Sizes are printed; 15 MB is the most.
build-functions: ## bin/functions/<name>/bootstrap
	@test -n "$(PARTNERS)" || { echo 'stage $(STAGE) needs its partner register: PARTNERS=FILE' >&2; exit 1; }
	@for name in $(FUNCTIONS); do \
		GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -tags lambda.norpc -trimpath -buildvcs=false -ldflags='-s -w -buildid=' \
			-o bin/functions/$$name/bootstrap ./functions/$$name || exit 1; \
		cp $(PARTNERS) bin/functions/$$name/partners.yaml || exit 1; \
		rm -f bin/functions/$$name/model.json; \
		$(if $(MODEL),cp $(MODEL) bin/functions/$$name/model.json || exit 1;) \
		size=$$(wc -c < bin/functions/$$name/bootstrap); \
		printf '%-22s %5d.%d MB\n' $$name $$((size / 1000000)) $$((size / 100000 % 10)); \
		if [ $$size -gt 15000000 ]; then echo "$$name is over 15 MB" >&2; exit 1; fi; \
	done

# Needs no AWS account, and no network once the modules are there. The first
# compile of the CDK takes a minute or more; the packages outside of infra do
# without it.
synth: build-functions ## cdk.out: the templates of STAGE
	@$(QUIET_NODE) go run ./infra -c stage=$(STAGE) -c partners=$(PARTNERS) $(if $(MODEL),-c model=$(MODEL)) $(if $(SETTINGS),-c settings=$(SETTINGS))
	@ls cdk.out/carerecord-$(STAGE)-*.template.json

snapshot: ## the templates' snapshot anew, after a wanted change
	@$(QUIET_NODE) go test ./infra -run Snapshot -update

demo: ## a region on this machine with sample data
	go run ./cmd/carerecord demo
