# What people call and what CI calls are the same targets.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.setup

FUNCTIONS_WORKER := build/judges/functions-worker
DATAVERSE_CLIENT := build/judges/dataverse-client
ODATAPY := build/judges/odatapy
SCHEMATHESIS := build/judges/schemathesis
AZURITE := build/judges/azurite
JUDGE = $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target $(@D) -r $<
BENCH := build/bench/libraries

.PHONY: setup demo test test-all machine mutation check judges azurite bench-scoring bench-sync lock clean

setup: $(STAMP)

$(STAMP): requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install Python 3.11 or newer (Debian: apt-get install python3)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, this is `$(PYTHON) --version`: name another with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing (Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/leadgate demo

# Code of others that tests hold ours against, each in a folder of its own. Microsoft's worker code asks for Python 3.13;
# the part that is used runs on 3.11 too.
judges: $(FUNCTIONS_WORKER)/.setup $(DATAVERSE_CLIENT)/.setup $(ODATAPY)/.setup $(SCHEMATHESIS)/.setup

$(FUNCTIONS_WORKER)/.setup: tests/judges/functions_worker.txt | $(STAMP)
	rm -rf $(@D)
	$(JUDGE) --ignore-requires-python
	@touch $@

$(DATAVERSE_CLIENT)/.setup: tests/judges/dataverse_client.txt | $(STAMP)
	rm -rf $(@D)
	$(JUDGE)
	@touch $@

$(ODATAPY)/.setup: tests/judges/odatapy.txt | $(STAMP)
	rm -rf $(@D)
	$(JUDGE)
	@touch $@

$(SCHEMATHESIS)/.setup: tests/judges/schemathesis.txt | $(STAMP)
	rm -rf $(@D)
	$(JUDGE)
	@touch $@

# Microsoft's emulator of Azure Storage needs Node.js, which root can install; its tests are skipped where it is not there.
azurite: $(AZURITE)/.setup

$(AZURITE)/.setup: tests/judges/azurite/package.json tests/judges/azurite/package-lock.json
	rm -rf $(@D) && mkdir -p $(@D) && cp $^ $(@D)
	@command -v npm >/dev/null || [ "`id -u`" != 0 ] || ! command -v apt-get >/dev/null || \
		{ apt-get -qq update && apt-get -qq install --no-install-recommends nodejs npm; } || true
	@if command -v npm >/dev/null; then \
		cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch $(@F); \
	else \
		echo "Azurite is not installed: npm is missing (Debian: apt-get install nodejs npm); its tests are skipped"; \
	fi

test: $(STAMP) judges azurite
	$(BIN)/pytest -n 2 -m "not slow"

test-all: $(STAMP) judges azurite
	$(BIN)/pytest -n 2
	$(MAKE) mutation

# The state machine and the seeded faults at full size: hours. FAULT=swallow_412 for one fault.
machine: $(STAMP)
	$(BIN)/pytest -n 2 tests/faults/machine $(if $(FAULT),-k $(FAULT))

# connector/ and scoring/ broken in small ways, one after another: the tests have to notice 85 of 100.
mutation: $(STAMP)
	rm -rf mutants
	$(BIN)/mutmut run --max-children 2
	$(BIN)/mutmut export-cicd-stats
	$(BIN)/python -m tests.mutation

# The engine beside the rule libraries that people would take instead; LEADS=20000 for a quick look.
bench-scoring: $(BENCH)/.setup
	PYTHONPATH=$(BENCH) $(BIN)/python -m benchmarks.scoring $(if $(LEADS),--leads $(LEADS))

$(BENCH)/.setup: benchmarks/scoring.txt | $(STAMP)
	rm -rf $(BENCH)
	$(BIN)/pip install --quiet --disable-pip-version-check --target $(BENCH) --require-hashes -r benchmarks/scoring.txt
	@touch $@

# Change tracking, client against emulator, over a socket; LEADS=20000 for a quick look.
bench-sync: $(STAMP)
	$(BIN)/python -m benchmarks.sync $(if $(LEADS),--leads $(LEADS))

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# requirements.txt is what runs in Azure; requirements-dev.txt is everything, held to the same versions.
lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 --all-extras --group dev \
		-c requirements.txt pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 benchmarks/scoring.in -o benchmarks/scoring.txt

clean:
	rm -rf .venv build mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
