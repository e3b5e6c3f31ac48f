# Everything a person or CI runs. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
STAMP := $(VENV)/.installed

.PHONY: help up test check lint types imports format lock soak test-pg15 clean docs

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

up: $(STAMP) ## start everything with a simulated bus company (Ctrl-C stops it)
	@$(BIN)/trilha up --demo

test: $(STAMP) ## the whole suite, on real PostgreSQL and NATS (ARGS="-k name" for a part)
	@$(BIN)/python -m tests.run $(ARGS)

check: lint types imports ## lint, types and import contracts

lint: $(STAMP)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

imports: $(STAMP)
	@$(BIN)/lint-imports

format: $(STAMP) ## let ruff arrange the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

soak: $(STAMP) ## the long versions of the kill and restart tests
	@$(BIN)/python -m tests.run soak $(ARGS)

test-pg15: $(STAMP) ## the database tests on the machine's own PostgreSQL 15
	@$(BIN)/python -m tests.run pg15 $(ARGS)

docs: $(STAMP) ## write the generated reference pages and pictures anew
	@$(BIN)/python -m trilha.entrypoints.reference docs
	@$(BIN)/python -m trilha.adapters.documents.specimen docs/images/guidance-form.png

lock: .uv-ready ## resolve the dependencies anew into requirements.lock
	@"$(UV)" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --no-emit-package trilha --extra server --extra testing --group dev pyproject.toml -o requirements.lock

clean: ## remove the environment and caches (not your data)
	@rm -rf $(VENV) .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: .python-ready .uv-ready
.python-ready:
	@command -v "$(PYTHON)" >/dev/null || { echo "Trilha needs Python 3.11 or newer as '$(PYTHON)': install it, or say where it is with PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Trilha needs Python 3.11 or newer, and '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1): set PYTHON=/path/to/python3.11" >&2; exit 1; }

.uv-ready: .python-ready
	@command -v "$(UV)" >/dev/null || { \
	  "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "'$(PYTHON)' has no venv module. On Debian or Ubuntu: apt install python3-venv (or install uv yourself), then try again" >&2; exit 1; }; \
	  echo "installing uv into .uv ..."; "$(PYTHON)" -m venv .uv && .uv/bin/python -m pip install --quiet uv; }

$(STAMP): requirements.lock pyproject.toml | .uv-ready
	@echo "installing Trilha into $(VENV), once; this takes half a minute ..."
	@"$(UV)" venv --quiet --allow-existing --python "$$(command -v "$(PYTHON)")" $(VENV)
	@"$(UV)" pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@"$(UV)" pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@
