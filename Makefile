# Every target sets up what it needs. `make` alone lists them.
VENV := .venv/bin
MONITORS := tests/golden/monitors
GENERATED := tests/golden
ARGUMENTS ?=
HISTORIES ?= 1000000
SEED ?= 1
MINUTES ?= 60

EXAMPLES := deploy/examples/monitors

# What `make generate` writes and `make check` compares (--check).
write_generated = $(VENV)/infranaut docs $(1) && \
	$(VENV)/infranaut generate all --monitors $(MONITORS) --out $(GENERATED) $(1) && \
	for kind in rules dashboards alertmanager; do \
	  $(VENV)/infranaut generate $$kind --monitors $(EXAMPLES) --out $$kind/generated $(1) || exit 1; \
	done

.DEFAULT_GOAL := help
.PHONY: help setup services test check lint types contract generated demo bench simulate chaos generate constraints pictures clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## Make .venv with the project and the packages of its tests
	@sh deploy/local/venv.sh dev

services: ## Put the servers that tests and demo use into .tools (links to PATH, or Debian's packages unpacked)
	@sh deploy/local/services.sh

test: setup services ## Run every test, with the set-up; ARGUMENTS="-k drift" goes to pytest
	@$(VENV)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadgroup $(ARGUMENTS)

check: lint types contract generated ## Lint, types, import contract, generated files

lint: setup
	$(VENV)/ruff check
	$(VENV)/ruff format --check

types: setup
	$(VENV)/mypy

contract: setup
	$(VENV)/lint-imports --no-logo --no-cache

generated: setup services
	$(call write_generated,--check)
	sh deploy/local/check_generated.sh $(GENERATED)

demo: ## Watch a model drift, to its alert; ONCE=1 ends after the alert, ARGUMENTS="--data FILE" takes your file
	@sh deploy/local/venv.sh demo
	@sh deploy/local/services.sh prometheus prometheus-alertmanager
	@$(VENV)/infranaut demo $(if $(ONCE),--once) $(ARGUMENTS)

bench: setup services ## Measure speed against the peers' figures
	@$(VENV)/python -m tests.bench $(ARGUMENTS)

simulate: setup ## Run a million histories of the spool with faults; HISTORIES=20000 runs fewer, SEED=7 others
	@$(VENV)/python -m tests.simulation --histories $(HISTORIES) --seed $(SEED)

chaos: setup services ## Kill, freeze and fill everything for an hour, then look for what was lost; MINUTES=5 SEED=7
	@$(VENV)/python -m tests.chaos --minutes $(MINUTES) --seed $(SEED)

generate: setup ## Write every generated file again
	$(call write_generated)

pictures: setup services ## Draw docs/pictures from a demonstration; needs node, npm and Chromium; ARGUMENTS="overview phone"
	@$(VENV)/python -m tests.pictures $(ARGUMENTS)

constraints: setup ## Write constraints.txt with the newest versions, and install them
	@sh deploy/local/constraints.sh
	@sh deploy/local/venv.sh dev

clean: ## Remove what the targets made
	rm -rf .venv .tools .bench dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
