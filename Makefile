# Entry points. Each target does all its own set-up; `make check` is meant to be run all the time.
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
CLUSTER ?= embedded

.PHONY: help demo test test-gitops test-node interop bench bench-verification mutation check generate build clean
help: ## Show the targets.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

demo: node_modules ## Play the product on an embedded control plane (CLUSTER=existing, CLUSTER=kind; KEEP=1 leaves it running).
	@node examples/demo/main.ts --cluster=$(CLUSTER) $(if $(KEEP),--keep)

test: node_modules ## Run everything that CI runs.
	@node test/run.ts all

test-node: node_modules ## Probe fence and quarantine with real packets on a real node (Linux, root; skipped by name elsewhere).
	@node test/run.ts node

bench: node_modules ## Measure, and write docs/benchmarks.md (about 35 minutes on an idle machine).
	@node test/run.ts bench

bench-verification: node_modules ## Measure verification alone, and write its sections of docs/benchmarks.md (about 10 minutes).
	@node test/run.ts bench-verification

test-gitops: node_modules ## Hold a revoked digest against a real Argo CD and Flux (root, Go, Debian; WRITE=1 writes docs/gitops-hold.md).
	@node test/run.ts gitops $(if $(WRITE),--write)

interop: node_modules ## Compare verdicts on signatures with the real cosign (Go; WRITE=1 writes docs/signature-corpus.md).
	@node test/run.ts interop $(if $(WRITE),--write)

mutation: node_modules ## Change the verification core in thousands of small ways; a test has to notice (GROUP=sigstore: one part; CONCURRENCY=2).
	@node test/run.ts mutation $(GROUP)

check: node_modules ## Format, lint, types, unit tests, generated files, architecture: under a minute.
	@node test/run.ts check

generate: node_modules ## Write the generated files anew: CRDs, policies, chart templates, reference pages.
	@node test/run.ts generate

build: node_modules ## Bundle the operator and the command line into dist/.
	@npm run --silent build

clean: ## Remove what builds leave in the tree.
	rm -rf dist .stryker node_modules

node_modules: package-lock.json package.json
	@command -v npm >/dev/null || { echo "npm is needed: install Node.js 20 or later from https://nodejs.org"; exit 1; }
	@npm ci --no-audit --no-fund --loglevel=error
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 22 || (a === 22 && b < 22)) { console.error("Node.js 22.22 or later is needed where no pinned Node comes by npm; found " + process.versions.node + ": install it from https://nodejs.org"); process.exit(1); }'
	@touch node_modules
