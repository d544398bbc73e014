# The tasks of this repository. `make help` lists them.

SHELL := bash
CARGO ?= cargo
# Continuous integration sets this to --locked: the lockfile is what was reviewed.
CARGO_FLAGS ?=

.PHONY: help tools test lint fmt generate book deny bench demo ci

help: ## Lists these tasks
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 12

tools: ## Gets what the tests run against: a control plane, helm, two SCIM servers, PostgreSQL, mdbook (once, cached)
	@tests/tools/get.sh

test: tools ## Runs all tests, also those against the real components
	$(CARGO) test $(CARGO_FLAGS) --workspace --doc
	$(CARGO) test $(CARGO_FLAGS) --workspace --lib --bins --tests

lint: ## Checks the format and all lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

fmt: ## Formats the code
	$(CARGO) fmt --all

generate: ## Writes the generated files: definitions in crds/ and the chart, plain manifests, the reference in docs/
	UPDATE_CRDS=1 UPDATE_INSTALL=1 $(CARGO) test $(CARGO_FLAGS) --quiet --test it -- definitions::the_files install::the_plain
	UPDATE_DOCS=1 $(CARGO) test $(CARGO_FLAGS) --quiet --test it has_a_page_that_is_that_of_its

book: ## Makes the book of docs/ in target/book
	@tests/tools/get.sh mdbook >/dev/null
	@tests/tools/book.sh

deny: ## Checks licences, advisories, bans and sources of all dependencies (needs cargo-deny)
	$(CARGO) deny --all-features check

bench: ## Runs the benchmarks: ratios against a floor that is measured in the same run
	$(CARGO) bench $(CARGO_FLAGS) --package appaccess-scim --bench listing
	$(CARGO) bench $(CARGO_FLAGS) --package appaccess-core --bench plan
	$(CARGO) bench $(CARGO_FLAGS) --package appaccess --bench startup

demo: ## Shows the whole story on simulated apps, in under a minute once it is built
	$(CARGO) run $(CARGO_FLAGS) --release -- demo

ci: ## Runs what continuous integration runs
	.ci/run
