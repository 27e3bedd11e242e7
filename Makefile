# The only entry points; CI calls the same ones.
# The newest interpreter that is here and supported, unless PYTHON= names one.
SUPPORTED := 3.14 3.13 3.12 3.11
PYTHON ?= $(or $(shell for version in $(SUPPORTED); do python$$version -c "" 2>/dev/null && echo python$$version && break; done),$(error \
none of python3.11 to python3.14 is on this machine: install one, or name it with make PYTHON=...))
PORT ?= 3000
BIN := .venv/bin
export GX_ANALYTICS_ENABLED := false
export DAGSTER_DISABLE_TELEMETRY := true
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1
.DEFAULT_GOAL := help
.PHONY: help environment refresh ui ui-readonly docs test fuzz simulate test-vectors test-compat test-pythons endurance lint format bench bench-engine lock postgres databases engine engine-parity engine-test ducklake-test

help: ## What can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

environment: .venv/ready ## Create .venv from requirements.lock with the newest of Python 3.11 to 3.14 (PYTHON=python3.12 names one)

# --no-deps: the lock is the whole closure; pip 23 cannot resolve extras (gql[requests]) when it checks hashes.
LOCKED := --quiet --no-deps --require-hashes --only-binary :all:
PIP := $(BIN)/python -m pip install --disable-pip-version-check
# What `dagster dev` and `dg dev` read in this folder: the records of `make ui`, also of another data folder (HIW_DATA_LAKE). One's own .env stays.
ENV := 'DAGSTER_HOME=$${HIW_DATA_LAKE:-$(CURDIR)/data_lake}/dagster' DAGSTER_DISABLE_TELEMETRY=true DAGSTER_EVENT_BATCH_SIZE=1000
# uv takes a quarter of pip's time. It reads no pip.conf: where it does not reach the registry, pip installs the same lock (all cores
# compile then; a file of a package that is not of this Python is left as it is, as pip does). All is compiled here (34 s of processor time):
# where PYTHONDONTWRITEBYTECODE is set, as in many images of containers, every process would compile what it imports anew, and `make test`
# took 20 minutes in place of 15.
.venv/ready: requirements.lock pyproject.toml
	@echo "Creating .venv with $$($(PYTHON) --version) ($(PYTHON); PYTHON=... names another)"
	$(PYTHON) -m venv .venv
	awk '/^[^ ]/ { ours = /^uv==/ } ours' requirements.lock > .venv/uv.lock
	$(PIP) $(LOCKED) -r .venv/uv.lock
	$(BIN)/uv pip install $(LOCKED) --no-cache --compile-bytecode --python $(BIN)/python -r requirements.lock || \
	{ $(PIP) $(LOCKED) --no-compile -r requirements.lock && { $(BIN)/python -m compileall -q -j 0 .venv/lib > /dev/null || true; }; }
	$(BIN)/uv pip install --quiet --offline --no-deps --no-build-isolation --python $(BIN)/python --editable .
	$(BIN)/python -m compileall -q -j 0 dagster_project
	$(BIN)/python -m pip check
	test -e .env || printf '%s\n' $(ENV) > .env
	touch .venv/ready

refresh: environment ## Start the nightly run once (default: on the synthetic sample estate) and say where the marts are
	@$(BIN)/hiw refresh

ui: environment ## Dagster's webserver and daemon on http://127.0.0.1:3000 (PORT=...)
	@env --default-signal=INT,TERM $(BIN)/hiw ui --port $(PORT)

ui-readonly: environment ## The same pages for viewers: nothing can be started or changed (PORT=...)
	@env --default-signal=INT,TERM $(BIN)/hiw webserver --read-only --port $(PORT)

docs: environment ## dbt's documentation of the models for engineers, in the private folder build/dbt_docs
	@$(BIN)/hiw docs

# Three workers on two cores: a third one fills the waits for browsers, locks and killed processes (14 min 36 s); a fourth costs more than it fills (15 min 20 s).
test: environment ## All tests; the last lines say what was skipped and why
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

fuzz: environment ## 5,000 changed files of all sources, and every real file changed in every way: same figures, or held by name (HIW_FUZZ=number)
	HIW_FUZZ=$${HIW_FUZZ:-5000} $(BIN)/python -m pytest -n 0 -s --timeout 0 tests/faults/test_meaning.py tests/faults/test_real_files_changed.py

test-pythons: environment ## Install the lock with every interpreter of 3.11 to 3.14 that is here, run the pipeline and the unit tests with it
	@for version in $(SUPPORTED); do python$$version -c "" 2>/dev/null || { echo "python$$version is not on this machine"; continue; }; \
	folder=$$(mktemp -d) && git clone --quiet . $$folder/project && (cd $$folder/project && $(MAKE) PYTHON=python$$version refresh && \
	.venv/bin/python -m pytest -n 2 tests/unit tests/contract) || exit 1; rm -rf $$folder; done

test-vectors: environment ## The measures against the reference vectors (HIW_VECTORS=folder)
	$(BIN)/python -m pytest tests/integration/measures

simulate: environment ## A hundred times the suite's simulated releases and series in which nothing differs (HIW_SIMULATIONS=100)
	HIW_SIMULATIONS=$${HIW_SIMULATIONS:-100} $(BIN)/python -m pytest --timeout 0 tests/integration/marts/test_no_difference.py

test-compat: environment ## The published file and the notebook with DuckDB 1.0, 1.2, 1.4 and 2.0, in throw-away environments
	$(BIN)/python -m pytest -m compat tests/end_to_end/test_compat.py

LOOP_disk := tests/faults/test_failing_disk.py tests/faults/test_process.py -k changes_the_disk
LOOP_memory := tests/faults/test_failing_disk.py -k memory
LOOP_kills := tests/endurance/test_kills.py tests/faults/test_concurrency.py tests/faults/test_returns_intake.py
LOOP_nights := tests/faults/test_many_nights.py
LOOP_whole := tests/endurance/test_same_content.py
LOOP_tables := tests/endurance/test_made_by_part.py
LOOP_bytes := tests/integration/transform/test_same_bytes.py
LOOP_extract := tests/integration/extract
LOOP_all := tests/endurance tests/faults $(LOOP_bytes) $(LOOP_extract)
LOOP := all
endurance: environment ## Failing disk, short memory, 200 kills (HIW_ENDURANCE=number), a winter of nights; LOOP=disk one alone (memory, kills, nights, whole, tables, bytes, extract)
	$(BIN)/python -m pytest -n 0 -s -m endurance --timeout=0 $(LOOP_$(LOOP))

lint: environment ## ruff, mypy, import-linter, sqlfmt, and whether DuckDB and Spark both read the SQL: nothing is changed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/sqlfmt --check --quiet dbt/models dbt/tests
	$(BIN)/sqlfmt --check --quiet --line-length 120 dbt/macros
	$(BIN)/python -m tests.parity.subset

format: environment ## Put the code into form
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .
	$(BIN)/sqlfmt --quiet dbt/models dbt/tests
	$(BIN)/sqlfmt --quiet --line-length 120 dbt/macros

bench: environment ## Time and memory as ratios to bare DuckDB; writes data_lake/bench/results.json
	$(BIN)/python -m tests.bench

bench-engine: engine ## Facts of 42 and 126 million return rows by DuckDB within 1 GB and by Apache Spark on two workers; adds to results.json (MILLIONS="1 3")
	$(BIN)/python -m tests.bench.engine $(MILLIONS)

LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --only-binary :all: --no-emit-index-url --no-header --python-version 3.11
lock: environment ## Make requirements.lock, -postgres.lock, -databases.lock and -engine.lock anew from their .in files
	$(LOCK) requirements.in --output-file requirements.lock
	$(LOCK) --no-deps requirements-postgres.in --output-file requirements-postgres.lock
	$(LOCK) --no-deps requirements-databases.in --output-file requirements-databases.lock
	$(LOCK) --no-binary pyspark requirements-engine.in --output-file requirements-engine.lock

postgres: environment ## Add what keeps Dagster's records in PostgreSQL to .venv, from requirements-postgres.lock
	$(PIP) $(LOCKED) -r requirements-postgres.lock

databases: environment ## Add what reads SQLite files and PostgreSQL servers as extracts, and DuckLake, to .venv, from requirements-databases.lock
	$(PIP) $(LOCKED) -r requirements-databases.lock

ducklake-test: environment ## The sample night in DuckLake with its catalogue in PostgreSQL, against the night of the plain file; minutes
	$(BIN)/python -m pytest -n 0 --timeout 3600 -m ducklake tests/end_to_end/test_ducklake.py

# Apache Spark is published as source only: 456 MB of jars that setuptools copies, at most 3 minutes. Everything else is a wheel.
ENGINE := .venv-engine
INTO_ENGINE := $(BIN)/uv pip install --quiet --no-deps --require-hashes --python $(ENGINE)/bin/python
engine: environment $(ENGINE)/ready ## Create .venv-engine from requirements-engine.lock: dbt and Apache Spark, which needs Java 17 (apt-get install openjdk-17-jre-headless)
$(ENGINE)/ready: requirements-engine.lock
	@type java > /dev/null 2>&1 || { echo "Apache Spark needs Java 17: apt-get install openjdk-17-jre-headless"; exit 1; }
	$(PYTHON) -m venv --clear --without-pip $(ENGINE)
	awk '/^[^ ]/ { ours = !/^pyspark==/ } ours' requirements-engine.lock > $(ENGINE)/wheels.lock
	awk '/^[^ ]/ { ours = /^pyspark==/ } ours' requirements-engine.lock > $(ENGINE)/source.lock
	$(INTO_ENGINE) --only-binary :all: -r $(ENGINE)/wheels.lock
	$(INTO_ENGINE) --no-binary pyspark --no-build-isolation -r $(ENGINE)/source.lock
	cp requirements-engine.lock $(ENGINE)/ready

ENGINE_TESTS := tests/integration/transform tests/integration/extract tests/integration/measures
engine-test: engine ## A nightly run, returns of extracts and every measure by Apache Spark against DuckDB, a cluster whose workers die, Spark Connect; minutes
	$(BIN)/python -m pytest -n 0 --timeout 3600 -m requires_engine $(ENGINE_TESTS)

engine-parity: engine ## How many nodes of the dbt project Spark accepts and computes as DuckDB, on the last nightly run (NODES="part of a name ...")
	$(BIN)/python -m tests.parity $(NODES)
