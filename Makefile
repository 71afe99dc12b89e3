# `make render` and `make test` are all a new machine needs: Python 3.11 to 3.14, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENV := PIP_DISABLE_PIP_VERSION_CHECK=1

.PHONY: help render test room lint types layers tests coverage audit sbom bench clean

help: ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'

$(VENV)/.installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(ENV) $(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(ENV) $(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.tools: $(VENV)/.installed requirements-dev.lock
	$(ENV) $(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@

render: $(VENV)/.installed ## compile this repository's own profiles/ to output/
	$(BIN)/lamella render

test: lint types layers tests ## lint, types, layer rules and every test

ROOM ?= overlay
PLACES = $(wildcard compiler/$(ROOM) compiler/$(ROOM).py tests/$(ROOM))

room: $(VENV)/.tools ## lint, types and tests of one room: make room ROOM=overlay
	$(if $(PLACES),,$(error no room $(ROOM)))
	$(BIN)/ruff check $(PLACES)
	$(BIN)/ruff format --check $(PLACES)
	$(BIN)/mypy $(PLACES)
	$(if $(wildcard tests/$(ROOM)),$(BIN)/pytest -q tests/$(ROOM),@echo "no tests/$(ROOM): its tests are beside those of the rooms that use it")

lint: $(VENV)/.tools ## ruff: style and formatting
	$(BIN)/ruff check compiler tests
	$(BIN)/ruff format --check compiler tests

types: $(VENV)/.tools ## mypy, strict
	$(BIN)/mypy

layers: $(VENV)/.tools ## who may import whom
	$(BIN)/lint-imports --no-logo

tests: $(VENV)/.tools ## the test suite, with the real helm and kubectl where they can be had
	$(BIN)/python -m tests.support.oracles
	$(BIN)/python -m tests.support.servers
	$(BIN)/pytest -n auto --dist loadgroup

coverage: $(VENV)/.tools ## the test suite with branch coverage of compiler/; fails below the floor of pyproject.toml
	$(BIN)/python -m tests.support.oracles
	$(BIN)/python -m tests.support.servers
	$(BIN)/pytest -n auto --dist loadgroup --cov

AUDIT := $(VENV)/audit

$(AUDIT)/.installed:
	$(PYTHON) -m venv $(AUDIT)
	$(ENV) $(AUDIT)/bin/python -m pip install --quiet 'pip-audit>=2.9,<3'
	@touch $@

audit: $(AUDIT)/.installed ## known vulnerabilities of what requirements.lock pins (needs network)
	$(AUDIT)/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip --progress-spinner off

sbom: $(AUDIT)/.installed ## sbom.json: the bill of materials of what requirements.lock pins
	$(AUDIT)/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip --progress-spinner off \
	  --format cyclonedx-json --output sbom.json || test -s sbom.json

bench: $(VENV)/.tools ## measurements: see tests/bench/README.md
	$(BIN)/python -m tests.support.oracles
	$(BIN)/python -m tests.support.servers
	$(BIN)/python -m tests.bench

clean: ## remove what make created
	rm -rf $(VENV) .oracles .mypy_cache .ruff_cache .pytest_cache .hypothesis
