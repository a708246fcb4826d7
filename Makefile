# `make demo` and `make test` set up everything they need below .venv; nothing else on the machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
SOURCES := bot adapters digest config tests
MATERIAL ?= ../shared
# Two for each processor: tests wait more than they work.
WORKERS ?= $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.PHONY: demo test material lint format bench torture screenshots smoke clean help

help:
	@echo "make demo         see Paperboy work: a sample day, no account, no network"
	@echo "make test         tests, lint, types and import rules"
	@echo "make material     the tests on real papers, which are kept beside the checkout; MATERIAL=FOLDER if not in ../shared"
	@echo "make bench        the benchmarks: ratios measured side by side"
	@echo "make torture      kills by the thousand of a process that delivers, simulated years: nothing lost, nothing twice"
	@echo "make screenshots  remake the pictures in the README from real output"
	@echo "make format       ruff, mending what it can"
	@echo "make lint         lint, types and import rules, without the tests"
	@echo "make smoke        the wheel in a fresh environment, far from the source"
	@echo "make clean        remove what the others made"
	@echo "make help         this list"

demo: $(VENV)/installed
	@$(BIN)/paperboy demo

# Commands that tests start find their modules compiled, also where Python is told to write no bytecode.
test: lint
	$(BIN)/python -m compileall -q $(SOURCES)
	$(PYTEST)

# The tests of Discord run here too: against Discord's own description, which belongs to the material.
material: $(VENV)/installed-for-tests
	MATERIAL="$(MATERIAL)" $(PYTEST) tests/material tests/test_discord*.py

lint: $(VENV)/installed-for-tests
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-for-tests
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

bench: $(VENV)/installed-for-tests
	$(BIN)/python -m compileall -q bot adapters digest config
	$(BIN)/python -m tests.benchmarks

torture: $(VENV)/installed-for-tests
	$(BIN)/python -m tests.delivery_crash --kills 1000
	$(BIN)/python -m tests.delivery_crash --kills 400 --platform discord
	$(BIN)/python -m tests.delivery_crash --kills 400 --platform slack
	$(BIN)/python -m tests.year --rounds 10

screenshots: $(VENV)/installed
	$(BIN)/python -m tests.screenshots

# The wheel, in a fresh environment, with the source out of sight.
smoke: $(VENV)/installed-for-tests
	bash tests/smoke.sh $(BIN)/python

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Paperboy needs Python 3.11 or newer. Name one: make PYTHON=python3.12 demo"; exit 1; }
	@echo "Setting up $(VENV), once ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --constraint constraints.txt "pip>=25.1"
	@touch $@

$(VENV)/installed: $(VENV)/python pyproject.toml constraints.txt
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-for-tests: $(VENV)/installed
	@$(PIP) install --constraint constraints.txt --group test --group build
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
