# The field kit. `make help` lists what can be made.
SHELL  := /bin/bash
GO     ?= go
SHARED ?= ../shared
# x11: one window system, so that input methods work; no_glfw: lists scroll by a finger's drag;
# migrated_fynedo: the app keeps Fyne's rule of one goroutine for the screen.
TAGS   := x11,no_glfw,migrated_fynedo
export CGO_ENABLED ?= 1

.PHONY: help build run test lint acceptance bench bench-forms bench-match bench-log bench-scale soak fuzz race package clean
.DEFAULT_GOAL := help

help: ## lists what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | awk -F'\t' '{printf "  make %-11s %s\n", $$1, $$2}'

build: ## builds both programs into bin/
	@.ci/system build
	$(GO) build -tags $(TAGS) -o bin/fieldkit ./app
	CGO_ENABLED=0 $(GO) build -o bin/fieldkit-server ./server

run: ## starts a centre in var/, enrols a kit and opens the app on it (without a display: walks a registration through it)
	@.ci/system run
	@$(MAKE) --no-print-directory build
	@.ci/demo

test: ## runs every test, the real window included
	@.ci/system test
	@$(MAKE) --no-print-directory build
	npm ci --silent --no-audit --no-fund --prefix sync/rehearsal/testdata/tus
	npm ci --silent --no-audit --no-fund --prefix server/web/testdata/axe
	$(GO) vet -tags $(TAGS),window,browser,acceptance,soak ./...
	.ci/postgres $(GO) test -timeout 30m -tags $(TAGS) ./...
	.ci/postgres env FIELDKIT_TEST_ENGINE=postgres $(GO) test -timeout 30m -skip PowerCut ./server/...
	.ci/postgres env FIELDKIT_TEST_ENGINE=postgres $(GO) test -timeout 30m -run 'Journey(FirstLight|LostCentre|BadBatches|Forms|Citizen|OutsideRegistry|Pack|SixAgencies)$$' ./sync/rehearsal
	$(GO) test -count=1 -timeout 30m -run '^TestSimulation$$' ./sync/rehearsal -sim.seeds 10000
	$(GO) test -count=1 -timeout 30m -tags $(TAGS),window ./app/windowtest
	$(GO) test -count=1 -timeout 30m -tags $(TAGS),browser -run '^TestBrowser' ./server/web

acceptance: ## runs what needs the data in SHARED (receipt vectors, labelled people, forms)
	@[ -d "$(SHARED)" ] || { echo "No data at $(SHARED): give SHARED=folder" >&2; exit 1; }
	@$(MAKE) --no-print-directory build
	SHARED="$$(cd "$(SHARED)" && pwd)" $(GO) test -count=1 -timeout 40m -tags $(TAGS),acceptance -run '^TestAcceptance' ./...

lint: ## runs the linter at its pinned version
	@.ci/system build
	.ci/lint

bench: ## prints the tables of figures, each measured against something in the same run
	$(GO) run ./sync/batch/batchbench
	$(GO) test -run '^$$' -bench . -benchtime 1x -count=1 ./store/... ./server/serve ./sync/receipt
	$(GO) test -count=1 -v -run '^TestLinkTimes$$' ./sync/rehearsal -link.table
	$(GO) test -count=1 -v -timeout 25m -run '^TestPackFigures$$' ./sync/rehearsal -pack.people 50000

bench-forms: ## prints how forms of the field load, compile and play, with the data in SHARED; JSON to the file BENCH_JSON or on the last line
	@SHARED="$$(cd "$(SHARED)" && pwd)" .ci/bench-forms

bench-match: ## prints how well people are matched, with the data in SHARED
	@json="$${BENCH_JSON:-$$(mktemp)}"; : >"$$json"; \
	SHARED="$$(cd "$(SHARED)" && pwd)" BENCH_JSON="$$json" $(GO) test -count=1 -v -p 1 -timeout 40m -tags acceptance -run '^TestAcceptance' ./sync/match/...; s=$$?; \
	echo "figures as JSON, one object a line:"; cat "$$json"; exit $$s

bench-agencies: ## prints how quickly agencies are answered, on SQLite and on PostgreSQL (PERSONS=1000000 KEEP=DIR to measure again)
	@[ -z "$$KEEP" ] || mkdir -p "$$KEEP"
	$(GO) run ./server/agency/agencybench -persons $${PERSONS:-100000} -dir "$${KEEP:+$$KEEP/sqlite}"
	POSTGRES_DURABLE=1 POSTGRES_BUFFERS=1GB POSTGRES_KEEP="$${KEEP:+$$KEEP/postgres}" .ci/postgres \
	$(GO) run ./server/agency/agencybench -postgres -persons $${PERSONS:-100000} -dir "$${KEEP:+$$KEEP/beside-postgres}"

bench-scale: ## prints how lookups and reconciling grow with the registry, on SQLite and PostgreSQL, to a million persons, beside what is asked
	$(GO) build -o bin/scalebench ./server/registry/scalebench
	POSTGRES_DURABLE=1 POSTGRES_BUFFERS=4GB .ci/postgres bin/scalebench -cluster 1000000 -night 100000

bench-log: ## prints what the log of looks costs beside the access rows, with 1,000,000 rows
	$(GO) test -count=1 -v -timeout 60m -run '^(TestLogCosts|TestFleetOfWitnesses)$$' ./server/translog -log.rows 1000000

soak: ## kills the programs 200 times each in the middle of their work; holds the modelled link against the kernel (as root)
	$(GO) test -count=1 -v -timeout 30m -tags soak -run Kernel ./sync/badlink ./sync/rehearsal
	KILLS=200 $(GO) test -count=1 -v -timeout 120m -run Kill ./store/... ./sync/rehearsal ./server/claims
	.ci/postgres env KILLS=50 $(GO) test -count=1 -v -timeout 60m -run TwoServers ./server/serve

package: ## makes a package of the app for this system in dist/
	@.ci/system build
	cp FyneApp.toml app/FyneApp.toml
	mkdir -p dist && cd dist && $(GO) run fyne.io/tools/cmd/fyne@v1.7.4 package --release --tags $(TAGS) --src ../app; s=$$?; rm -f ../app/FyneApp.toml; exit $$s

race: ## runs the tests of store, sync and server under the race detector
	$(GO) test -race -timeout 40m -tags $(TAGS) ./store/... ./sync/... ./server/... ./app/kit/... ./app/capture/... ./app/background/...

fuzz: ## runs every fuzz target for FUZZTIME (10m) each
	.ci/fuzz

clean: ## removes what was made; the demonstration's data in var/ too
	rm -rf bin dist var
