# Everything a person or a machine does with this repository. `make` alone explains it.

GO       ?= go
BIN      := bin/rapport
LISTEN   ?= 127.0.0.1:8080
FUZZTIME ?= 10s
PKG      ?= ./...

# The program needs no C compiler, whatever the machine has.
export CGO_ENABLED ?= 0
# No downloads of other Go versions behind one's back: go.mod says which is needed.
export GOTOOLCHAIN ?= local

# Tests that drive somebody else's JavaScript keep it in a folder with a lock file.
NPM_LOCKS := $(wildcard test/*/package-lock.json)
NPM_DONE  := $(NPM_LOCKS:package-lock.json=node_modules/.package-lock.json)

.DEFAULT_GOAL := help
.PHONY: help run build deps test test-long mutants race fuzz bench pgo bench-go lint vet staticcheck laws fmt clean

help: ## what can be done here (this list)
	@echo "Rapport. On a fresh machine with Go, node and git, start with: make run"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  LISTEN=host:port make run     listens elsewhere than on $(LISTEN)"
	@echo "  PKG=./rule/... make test      tests some packages only"
	@echo "  FUZZTIME=1m make fuzz         fuzzes longer than $(FUZZTIME) a target"

run: build ## build the program and start the demo shop on http://127.0.0.1:8080
	$(BIN) demo --listen $(LISTEN)

build: ## build bin/rapport
	@echo "Building $(BIN). Installs nothing but the Go modules of go.mod, into Go's own module cache."
	@mkdir -p bin
	$(GO) build -trimpath -o $(BIN) ./cmd/rapport

deps: $(NPM_DONE) ## fetch what the tests need
	@scripts/needs.sh chromium:chromium || echo "Without Chromium the start page is not tried in a browser."
	@scripts/needs.sh curl:curl || echo "Without curl the boxes of some pages are not run."
	@scripts/postgresql.sh || echo "Without PostgreSQL's programs its engine is not tried."
	@echo "Go modules of go.mod, into Go's own module cache:"
	$(GO) mod download

test/%/node_modules/.package-lock.json: test/%/package-lock.json
	@scripts/needs.sh node:nodejs npm:npm
	@echo "npm packages of test/$*, into test/$*/node_modules:"
	cd test/$* && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

test: deps lint ## run every check and test: lint, laws, unit, property, story, conformance, kill, SDK (within 15 minutes)
	$(GO) test -timeout 14m $(PKG)
	cd rule/celoracle && $(GO) test -mod=mod .
	cd deploy/lint && $(GO) test -mod=mod .

test-long: deps lint ## the same with the long forms of property, kill and load tests (hours)
	RAPPORT_TEST_LONG=1 $(GO) test -count=1 -timeout 4h $(PKG)

mutants: ## plant each fault of a list, one at a time, and see that a test finds it; writes the table of docs/proof.md (within 15 minutes)
	$(GO) run ./test/mutants -into docs/proof.md

race: deps ## run the tests with the race detector (needs a C compiler)
	@scripts/needs.sh gcc:gcc
	CGO_ENABLED=1 $(GO) test -race -timeout 60m $(PKG)

fuzz: ## run each fuzz target for some seconds
	@FUZZTIME=$(FUZZTIME) GO=$(GO) scripts/fuzz.sh

bench: build ## measure the edge, the whole pipeline, segments and growth; prints JSON (some minutes)
	$(BIN) bench edge
	$(BIN) bench pipeline
	$(BIN) bench segment
	$(BIN) bench growth

pgo: build ## measure where the time goes, for the compiler to build faster code next time (cmd/rapport/default.pgo)
	@mkdir -p bin
	$(BIN) bench pipeline --events 300000 --flag=--profile=bin/zipf.pprof
	$(BIN) bench pipeline --events 300000 --spread uniform --flag=--profile=bin/uniform.pprof
	$(BIN) bench edge --events 300000 --flag=--profile=bin/edge.pprof
	$(BIN) bench segment --customers 10000 --events 300000 --segments 1000 --journeys 200 --phase 1s --flag=--profile=bin/segments-{run}.pprof
	$(BIN) bench send --customers 40000 --flag=--profile=bin/send.pprof
	$(GO) tool pprof -proto bin/zipf.pprof bin/uniform.pprof bin/edge.pprof bin/segments-stream-*.pprof bin/send.pprof > cmd/rapport/default.pgo

bench-go: ## run the Go benchmarks of single functions
	$(GO) test -run '^$$' -bench . -benchmem $(PKG)

lint: vet staticcheck laws ## check form, vet, staticcheck and the laws of the house
	@unformed=$$(git ls-files -co --exclude-standard '*.go' ':!**/testdata/**' | xargs gofmt -l -s); \
	if [ -n "$$unformed" ]; then echo "not in gofmt's form (make fmt puts that right):"; echo "$$unformed"; exit 1; fi

vet:
	$(GO) vet ./...

staticcheck:
	$(GO) tool staticcheck ./...

laws: ## check the laws of the house alone (a second)
	$(GO) test -run '^TestLaws' .

fmt: ## bring the Go files into gofmt's form
	git ls-files -co --exclude-standard '*.go' ':!**/testdata/**' | xargs gofmt -w -s

clean: ## remove what was built and fetched into this folder
	rm -rf bin test/*/node_modules
