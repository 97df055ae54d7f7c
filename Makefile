# leaktight: `make demo` shows what it does, `make test` checks everything. Both set up what they need.

MAKEFLAGS += --no-print-directory
BIN := .venv/bin
BIN61 := .venv-django61/bin
JOBS ?= auto

.PHONY: help docs-site site demo test check lint types floors docs-check services pytest pytest-django61 docs format bench constraints clean

help:
	@echo "make demo     scan the examples and a large Django application, and explain what was found"
	@echo "make test     lint, types, import contracts, docs, tests (and tests on Python 3.13 with Django 6.1 where it is installed)"
	@echo "make docs     write the generated pages below docs/"
	@echo "make docs-site  build the documentation site in docs/_build"
	@echo "make bench    measure speed against the parse floor, Bandit and Semgrep on real projects"
	@echo "make clean    remove everything that was set up or built here"

.venv/ready: scripts/venv pyproject.toml constraints.txt
	@scripts/venv .venv constraints.txt 3.11 3.12 3.13 3.14

.venv-django61/ready: scripts/venv pyproject.toml constraints-django61.txt
	@scripts/venv .venv-django61 constraints-django61.txt 3.13 --optional

.venv-peers/ready: bench/peers.txt
	@echo "Setting up .venv-peers ($<)"
	@rm -rf .venv-peers
	@$$(scripts/python 3.11 3.12 3.13) -m venv .venv-peers
	@.venv-peers/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

demo: .venv/ready
	@$(BIN)/python scripts/demo.py

test: check pytest-django61 pytest

check: lint types floors docs-check site

lint: .venv/ready
	$(BIN)/ruff check

types: .venv/ready
	$(BIN)/mypy

floors: .venv/ready
	$(BIN)/lint-imports --no-cache

docs-check: .venv/ready
	$(BIN)/python scripts/docs.py --check

# The guard is tested with real servers and a real browser.
services:
	@scripts/services

pytest: .venv/ready services
	$(BIN)/pytest -n $(JOBS) --dist loadgroup

pytest-django61: .venv-django61/ready services
	@if [ -x $(BIN61)/pytest ]; then set -x; $(BIN61)/pytest -n $(JOBS) --dist loadgroup; else echo "No Python 3.13 here: the tests run on one Python only."; fi

docs: .venv/ready
	$(BIN)/python scripts/docs.py

.venv-docs/ready: docs/packages.txt
	@echo "Setting up .venv-docs ($<)"
	@rm -rf .venv-docs
	@$$(scripts/python 3.11 3.12 3.13) -m venv .venv-docs
	@.venv-docs/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# A warning is an error, and so is a link to a page or heading that is not there.
docs-site: docs site

site: .venv-docs/ready
	.venv-docs/bin/sphinx-build -q -W --keep-going -b html docs docs/_build

format: .venv/ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Semgrep's rules are not a package: LEAKTIGHT_SEMGREP_RULES names a checkout of semgrep-rules, or Semgrep is left out.
bench: .venv/ready .venv-peers/ready
	$(BIN)/python bench/fetch.py
	$(BIN)/python bench/speed.py

constraints:
	scripts/constraints constraints.txt 3.11 5.2
	scripts/constraints constraints-django61.txt 3.13 6.1

clean:
	rm -rf .venv .venv-django61 .venv-peers .venv-docs docs/_build .demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests scripts bench eval -name __pycache__ -type d -prune -exec rm -rf {} +
