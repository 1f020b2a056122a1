# bulwark's own commands. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One setting for build and tests, so that each package is compiled once.
export CGO_ENABLED := 0

BIN := bin/bulwark
QUICKSTART := examples/quickstart

.PHONY: help build up down test e2e bench lint

help: ## Lists what there is to make.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Builds bin/bulwark.
	@mkdir -p bin
	go build -o $(BIN) ./cmd/bulwark

up: ## A hardened cluster on kind from examples/quickstart, and what was verified of it.
	@e2e/up.sh $(QUICKSTART)

down: ## Removes the nodes that `make up` made, and says what it keeps.
	@e2e/up.sh --down $(QUICKSTART)

test: ## All tests, with real sshd, clusters over SSH and on kind.
	@e2e/test.sh

e2e: ## Every step killed (docs/faults*.md), several control planes, kube-bench, and a whole virtual machine.
	@e2e/test.sh --planes
	@e2e/test.sh --judge
	@e2e/test.sh --put-back
	@e2e/test.sh --chain
	@e2e/test.sh --matrix
	@e2e/test.sh --vm

bench: ## Figures, side by side in one run; writes docs/benchmarks.md.
	@e2e/test.sh --bench

lint: ## gofmt, vet, shellcheck, and golangci-lint where it is installed.
	@e2e/lint.sh
