# Every target sets up what it needs, once: Python 3.11 or later and make are enough.
# Pass more to a command with ARGS, for instance: make test ARGS="-k replayed"

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
endif

BIN := .venv/bin
# A node's own settings must never reach the tests.
PYTEST := env -u PARASOL_HOME -u PARASOL_PASSPHRASE_FILE $(BIN)/python -m pytest
SOURCES := protocol keys federation node cli tests

.DEFAULT_GOAL := help
.PHONY: help install demo run test quick slow browser words lint format type arch cov bench docs vectors lock check clean runtime dev

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

install: runtime  ## set up what a node needs; the command is then .venv/bin/parasol
	@echo "Ready: .venv/bin/parasol"

demo: runtime  ## three organisations on this machine federate their lists (ARGS=--once ends by itself)
	$(BIN)/parasol demo $(ARGS)

run: runtime  ## one node: serve the folder that PARASOL_HOME names
	$(BIN)/parasol serve $(ARGS)

test: dev  ## unit tests, properties and vectors: a few minutes
	$(PYTEST) -n 2 -m "not slow and not browser" $(ARGS)

quick: dev  ## unit tests alone, ending at the first failure
	$(PYTEST) -x -q -m "not slow" tests/unit $(ARGS)

slow: dev  ## the model of the whole network, nodes as processes, kill -9
	$(PYTEST) -n 2 -m "slow and not browser" $(ARGS)

browser: dev  ## the pages in Chromium: stories, faults, weight; pictures go to build/screens
	@$(PYTHON) .ci/chromium.py
	$(PYTEST) tests/browser $(ARGS)

words: dev  ## bring the catalogues of the languages up to date with the pages
	@$(BIN)/python .ci/words.py

lint: dev  ## ruff: faults, style, layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: dev  ## let ruff repair what it can
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

type: dev  ## mypy, strict, tests included
	$(BIN)/mypy

arch: dev  ## imports run one way: protocol, keys, federation, node, cli
	$(BIN)/lint-imports

cov: dev  ## coverage of lines and branches by the quick tests
	$(PYTEST) -m "not slow and not browser" --cov --cov-report=term-missing:skip-covered $(ARGS)

bench: dev  ## the figures of speed and size, as ratios within one run
	$(BIN)/python -m tests.bench $(ARGS)

docs: dev  ## what the documents promise: links, commands, error codes
	$(PYTEST) -q tests/unit/test_docs*.py $(ARGS)

vectors: dev  ## write the published test vectors anew
	$(BIN)/python -m tests.vectors.generate $(ARGS)

lock: dev  ## resolve the libraries anew; needs the tool uv
	@command -v uv >/dev/null || { echo "make lock needs uv: pipx install uv" >&2; exit 1; }
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--no-emit-index-url requirements.in -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--no-emit-index-url -c requirements.txt requirements-dev.in -o requirements-dev.txt

check: dev  ## everything that must hold before a change is taken
	bash .ci/run

clean:  ## remove .venv and every cache
	rm -rf .venv build dist htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime dev:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Parasol needs Python 3.11 or later: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) .ci/setup.py $@
