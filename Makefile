# Each goal does its own set-up; all it needs is CPython >= 3.11, git, make and a package registry.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; done)
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install demo test check lint types layers guards docs format soak bench bench-large clean

help:
	@echo "make demo      the whole loop on a sample shop, in a minute or two"
	@echo "make test      every test, on real servers that the tests find or start"
	@echo "make check     ruff, mypy, the layers, the documentation"
	@echo "make soak      100,000 mails twice while workers are killed; some minutes"
	@echo "make bench     figures, as ratios measured side by side"
	@echo "make bench-large  the same questions of a million"
	@echo "make guards    takes each guard of delivery away and shows which test goes red"
	@echo "make docs      write the generated pages again"

.venv/ready: pyproject.toml requirements.txt
	@test -n "$(PYTHON)" || { echo "regulars needs CPython 3.11 or newer with venv; none was found (Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --requirement requirements.txt --group dev
	@touch $@

install: .venv/ready

demo: .venv/ready
	@$(BIN)/python samples/demo.py

test: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: lint types layers
	$(BIN)/python -m pytest -q tests/unit/test_house.py tests/unit/test_docs.py

lint: .venv/ready
	$(BIN)/ruff check
types: .venv/ready
	$(BIN)/mypy
layers: .venv/ready
	$(BIN)/lint-imports

guards: .venv/ready
	$(BIN)/python -m tests.guards

docs: .venv/ready
	$(BIN)/python -m docs.generate

soak: .venv/ready
	$(BIN)/python -m tests.soak

bench: .venv/ready
	$(BIN)/python -m benchmarks

bench-large: .venv/ready
	$(BIN)/python -m benchmarks large

clean:
	rm -rf .venv .regulars build dist .mypy_cache .ruff_cache .pytest_cache
