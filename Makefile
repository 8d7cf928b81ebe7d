# SPDX-License-Identifier: Apache-2.0
# Every gate of the project. `make demo` and `make test` do all of their own set-up; CI calls .ci/run.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Builds live outside the clone, one folder per toolchain and manifest, so that a new clone does not build the
# dependencies again. The compiler runs from the clone's own sources: nothing of ours is taken from elsewhere.
CACHE := $(if $(SLIPWAY_BUILD_CACHE),$(SLIPWAY_BUILD_CACHE),$(HOME)/.cache/slipway/build)
KEY := $(shell { swift --version 2>/dev/null; cat Package.swift; } | sha256sum | cut -c1-16)
SCRATCH := $(CACHE)/$(KEY)
SWIFT_FLAGS := -c release --scratch-path $(SCRATCH)
BIN := $(SCRATCH)/release/slipway
PREFIX ?= /usr/local
SECONDS_PER_FUZZER ?= 60
BENCH_FLAGS ?=
PYTEST_FLAGS ?=

export SLIPWAY_BIN = $(BIN)

.NOTPARALLEL:
.PHONY: help setup setup-tests build compile test test-swift test-interop check differential format demo run bench bench-core bench-llm bench-monitoring bench-imports \
	fuzz golden install clean

help: ## what there is to make
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Debian packages, engine libraries, demo model (cached; offline afterwards)
	@Scripts/bootstrap

setup-tests:
	@Scripts/bootstrap --with tests

build: setup compile ## everything in release mode, tests included

# By product: a build of everything would compile protoc, which only a plugin of swift-protobuf wants.
compile:
	@echo "==> building (release)"
	@swift build $(SWIFT_FLAGS) --product slipway
	@swift build $(SWIFT_FLAGS) --product slipwayPackageTests
	@echo "==> $(BIN)"

test: setup-tests compile ## Swift tests, then the interop tests against the real binary
	@Scripts/run-tests $(SCRATCH) $(PYTEST_FLAGS)

test-swift: setup compile ## only the Swift tests
	@swift test $(SWIFT_FLAGS) --skip-build

test-interop: setup-tests ## only the interop tests, with the binary that is built
	@Scripts/run-interop $(PYTEST_FLAGS)

differential: setup-tests ## the same calls to a real Triton and to Slipway, compared field by field (a large download)
	@swift build $(SWIFT_FLAGS) --product slipway
	@Benchmarks/peers/setup.sh triton
	@"$$(Scripts/interop-venv)/bin/python" Tests/Differential/run.py

check: ## format, sizes, floors, licence headers, links, gates' own tests
	@Scripts/check-all $(SCRATCH)

format: ## rewrite Swift sources in the house's format
	@swift format format --in-place --recursive --parallel Sources Tests

demo: setup ## import a real model, deploy it, ask it, look at it, stop
	@swift build $(SWIFT_FLAGS) --product slipway
	@Scripts/demo

run: setup ## as demo, and the server stays up
	@swift build $(SWIFT_FLAGS) --product slipway
	@Scripts/demo --keep

bench: setup ## side by side with other model servers (ratios, same machine, same run)
	@swift build $(SWIFT_FLAGS) --product slipway
	@swift run $(SWIFT_FLAGS) JSONBenchmark
	@Benchmarks/peers/bench $(BENCH_FLAGS)

bench-core: setup ## batches, tails, live swaps, memory and shadows of the serving core
	@swift build $(SWIFT_FLAGS) --product slipway
	@Benchmarks/serving/all $(BENCH_FLAGS)

bench-llm: ## a language model beside llama-server, same source, threads and cache (builds llama-server the first time)
	@Scripts/bootstrap --with bench
	@swift build $(SWIFT_FLAGS) --product slipway
	@Benchmarks/llm/bench --markdown docs/benchmarks/llm.md $(BENCH_FLAGS)

bench-monitoring: setup ## what monitors cost, how fast a fault is rolled back, what is detected when
	@swift build $(SWIFT_FLAGS) --product slipway
	@swift run $(SWIFT_FLAGS) MonitoringBenchmark cost
	@Benchmarks/monitoring/cost $(BENCH_FLAGS)
	@Benchmarks/monitoring/rollback $(BENCH_FLAGS)
	@MONITORING_BENCHMARK=$(SCRATCH)/release/MonitoringBenchmark Benchmarks/monitoring/detection $(BENCH_FLAGS)

bench-imports: setup ## an imported forest beside scikit-learn, and how fast pickles are scanned
	@swift build $(SWIFT_FLAGS) --product slipway
	@Benchmarks/imports/forest $(BENCH_FLAGS)
	@Benchmarks/imports/scan $(BENCH_FLAGS)

fuzz: setup ## libFuzzer on everything that parses outside bytes, SECONDS_PER_FUZZER each
	@Scripts/fuzz $(SCRATCH) $(SECONDS_PER_FUZZER)

golden: ## the committed fixtures again, with the frameworks that made them, and whether they are the same (large downloads)
	@Scripts/golden/all

install: setup ## the binary to $(PREFIX)/bin
	@swift build $(SWIFT_FLAGS) --product slipway
	@install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/slipway

clean: ## remove the builds of this toolchain and manifest
	@rm -rf "$(SCRATCH)" "$(SCRATCH)-fuzz"
