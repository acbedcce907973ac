# `make` prints what there is. Every goal does its own set-up, and asks the network only for what is missing.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PREFIX ?= /usr/local
DESTDIR ?=
HEATMAP ?= heatmap.png

# Go, ruff, pytest and the Python of the tests come from .venv (tools/setup.sh makes it).
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Go modules of this repository depend on nothing: no proxy, no other toolchain.
export GOFLAGS := -mod=mod
export GOPROXY := off
export GOTOOLCHAIN := local

RELEASE := .build/release
COMMAND := $(RELEASE)/berth
LIBRARY := $(RELEASE)/libberth.so

SWIFT_DIRS := Package.swift Sources Tests Bench
sources = $(shell git ls-files --cached --others --exclude-standard $(1))
C_FILES = $(call sources,'*.c' '*.h' '*.cpp')
GO_FILES = $(call sources,'*.go')

.PHONY: help setup build test test-long demo bench bench-boundary fmt lint check install clean

help: ## Print this list
	@echo 'Berth: an embedded scheduling engine. Goals:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16 | sed 's/^/  make /'

setup: ## Install what is missing: apt packages, Python and Go tools in .venv
	@tools/setup.sh

# Both products share one compilation; only the library is linked with the Swift runtime inside. The command has another
# name until here, because SwiftPM cannot tell an executable product `berth` from the library product `berth`.
build: setup ## Build the command .build/release/berth and the library .build/release/libberth.so
	@BERTH_BUILD=ship swift build -c release --product berth
	@BERTH_BUILD=levels swift build -c release --product berth-cli
	@ln -sfn berth-cli $(COMMAND)

test: build ## Run every test: Swift, C, Python, Go, small benchmarks and their gate
	@tools/test.sh

test-long: build ## Thousands of killed processes, full disks and random streams: about an hour
	@BERTH_BUILD=levels swift build -c release --product berth-crash
	@.build/release/berth-crash kill 3000 $$RANDOM
	@.build/release/berth-crash full 200 $$RANDOM
	@BERTH_FUZZ_SEEDS=2000 tools/test.sh

demo: build ## Run the main job: 1,000,000 pods on 1,000,000 nodes, with a picture of the cluster
	@$(COMMAND) simulate --heatmap '$(HEATMAP)'
	@echo "The cluster's picture, one pixel a node: $(abspath $(HEATMAP))"

bench: build ## Run the benchmarks and print times (the first run compiles for minutes)
	@for profile in binpack spread; do \
	  echo "== berth bench place --profile $$profile"; \
	  $(COMMAND) bench place --nodes 1000000 --classes 100 --pods 200000 --profile $$profile --seed 1; \
	done
	@echo '== berth bench state'; $(COMMAND) bench state --nodes 1000000
	@cd Bench && BERTH_BUILD=levels swift package --disable-sandbox benchmark --no-progress

bench-boundary: build ## Compare the same placements from Swift, C, Go and Python (two minutes)
	@Bench/boundary/build.sh
	@$(COMMAND) bench boundary

fmt: setup ## Format all sources in place
	@swift format --in-place --recursive --parallel $(SWIFT_DIRS)
	@clang-format -i $(C_FILES)
	@$(if $(GO_FILES),gofmt -w $(GO_FILES))
	@ruff format --quiet .
	@ruff check --quiet --fix-only .

lint: setup ## Check formatting and style, change nothing
	@swift format lint --strict --recursive --parallel $(SWIFT_DIRS)
	@clang-format --dry-run --Werror $(C_FILES)
	@$(if $(GO_FILES),unformatted=$$(gofmt -l $(GO_FILES)); [ -z "$$unformatted" ] || \
	  { echo "not gofmt's format (make fmt): $$unformatted" >&2; exit 1; })
	@ruff format --quiet --check .
	@ruff check --quiet .
	@echo 'lint: Swift, C, Go and Python are in format'

check: lint test ## Check formatting and style, then run every test

install: build ## Install library, header, berth.pc, command and manual below PREFIX (default /usr/local)
	@tools/install.sh '$(PREFIX)' '$(DESTDIR)'

clean: ## Remove what was built; .venv stays (make clean-all removes it, too)
	@rm -rf .build .build-* Bench/.build Bench/.build-*

.PHONY: clean-all
clean-all: clean
	@rm -rf .venv
