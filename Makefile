# A newcomer needs only `make demo` and `make test`; the other targets are for daily work.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PATH := $(abspath $(BIN)):$(PATH)
AUDIT := $(VENV)/audit/bin
# A file without a locked hash is refused. A lock file is complete, so pip resolves nothing (and does not stumble over
# extras, which lock files do not name). Two packages have no wheel; the locked setuptools builds them, because
# pip checks no hash of what it downloads for an isolated build.
INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes \
	--no-deps --no-build-isolation --only-binary :all: --no-binary pyspark,pyspark-client

# Containers often set it. Each of the many processes would then compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-fast lint sbom dev conformance parity spark slim docs bench clean lock format

demo: $(VENV)/.installed  ## set up, and run the whole pipeline over several simulated days
	medallion demo

# A worker runs whole files (conftest.py); a fifth would add memory rather than speed.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: lint  ## set up, and run every test
	pytest $(PARALLEL)

test-fast: $(VENV)/.installed-dev  ## run the tests without lint, and without those that take minutes
	pytest $(PARALLEL) -m "not long"

# sqlfluff compiles the models with dbt, which needs a warehouse: lint starts a separate, empty one.
lint: export MEDALLION_HOME := $(abspath target/lint)
lint: export DBT_PROFILES_DIR := $(MEDALLION_HOME)

lint: $(VENV)/.installed-dev $(VENV)/.installed-audit  ## ruff, mypy, import contracts, sqlfluff, dbt-bouncer, descriptions, zizmor, actionlint, checkov, Microsoft's T-SQL grammar and the models of its services
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-cache
	check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	zizmor --offline --quiet .github
	@if [ -x $(BIN)/actionlint ]; then actionlint; else echo "actionlint is not installed, so it is skipped: it needs Go"; fi
	@mkdir -p target
	@$(AUDIT)/checkov --config-file .checkov.yml > target/checkov.log 2>&1 || { cat target/checkov.log; exit 1; }
	maxdop --check sql/azure_sql sql/synapse/serverless sql/synapse/reports
	maxdop --check --parser-version 2019 sql/synapse/dedicated
	medallion synapse models --check
	medallion metrics models --check
	medallion factory tsql target/tsql
	@maxdop --write target/tsql > target/tsql.log 2>&1 || { cat target/tsql.log; exit 1; }
	medallion factory check
	medallion factory arm --check
	medallion infra check
	medallion rules --check
	medallion up
	dbt compile --quiet --target-path "$$MEDALLION_HOME" && dbt-bouncer run \
		&& medallion describe --check --manifest "$$MEDALLION_HOME/manifest.json" \
		&& sqlfluff lint --processes 2 models tests/singular; found=$$?; medallion down; exit $$found

dev: $(VENV)/.installed-dev  ## install the tools, and run the quick half of lint before each commit
	pre-commit install

N ?= 5000
KILLS ?= 10
conformance: export PYTHONPATH := $(abspath tests/python)
conformance: $(VENV)/.installed-dev  ## check N generated change logs against docs/history.md, and kill KILLS builds; SEED=… repeats a run
	python -m conformance --scenarios $(N) --kills $(KILLS) $(if $(SEED),--seed $(SEED))

spark: $(VENV)/.installed-dev  ## install Apache Spark, the reference engine: `medallion up --engine spark`
	$(INSTALL) -r requirements-spark.txt

parity: export PYTHONPATH := $(abspath tests/python)
parity: spark  ## build on both engines from the same landed files, compare every table, write docs/parity.md
	python -m parity

warehouse-conformance: export PYTHONPATH := $(abspath tests/python)
warehouse-conformance: spark  ## run the public classes of dbt-tests-adapter on both engines (or ENGINE=sail), write docs/warehouse_conformance.md
	$(INSTALL) -r requirements-conformance.txt
	python -m adapter_conformance $(if $(ENGINE),--engine $(ENGINE))

STATE ?= target
TARGET ?= local_ci
slim: $(VENV)/.installed  ## build and test the models that differ from production; STATE is the target folder of its last build
	medallion slim --state $(STATE) --target $(TARGET) $(OPTIONS)

# CycloneDX: of the tool's environment, with licenses, and of the job's lock file, with hashes.
sbom: $(VENV)/.installed $(VENV)/.installed-audit  ## write the software bills of materials to target/sbom
	mkdir -p target/sbom
	$(AUDIT)/cyclonedx-py environment --output-reproducible -o target/sbom/tool.cdx.json $(BIN)/python
	$(AUDIT)/cyclonedx-py requirements --output-reproducible -o target/sbom/job.cdx.json infra/job/requirements.txt

docs: $(VENV)/.installed-dev  ## build the docs site in target/site: docs/, data dictionary, star schema, column lineage, dbt docs
	medallion site

SIZE ?= 1
bench: $(VENV)/.installed-dev  ## measure SIZE million plays on each engine, write docs/benchmarks.md and docs/savings.md; ONLY=scale measures a part
	medallion bench --size $(SIZE) $(if $(ONLY),--only $(ONLY))

clean: $(VENV)/.installed  ## stop the warehouse, and remove all local state
	medallion clean
	rm -rf target logs

format: $(VENV)/.installed-dev
	ruff check --fix .
	ruff format .

# No lock file names a package index: the machine's own configuration does. Each package has the hashes of its files.
LOCK := uv pip compile -q --universal --generate-hashes --no-emit-index-url
UPGRADE ?= --upgrade
lock: $(VENV)/.installed-dev  ## update the locked version of every dependency; UPGRADE= only locks what pyproject.toml added
	$(LOCK) --python-version 3.11 $(UPGRADE) pyproject.toml --extra local --group dev -o requirements-dev.txt
	$(LOCK) --python-version 3.11 -c requirements-dev.txt pyproject.toml --extra local -o requirements.txt
	$(LOCK) --python-version 3.11 -c requirements-dev.txt pyproject.toml --extra local --extra spark -o requirements-spark.txt
	$(LOCK) --python-version 3.11 -c requirements-dev.txt --group conformance -o requirements-conformance.txt
	$(LOCK) --python-version 3.11 --group build -o requirements-build.txt
	$(LOCK) --python-version 3.11 $(UPGRADE) --group audit -o requirements-audit.txt
	$(LOCK) --python-version 3.12 -c requirements-dev.txt --group job -o infra/job/requirements.txt

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "error: Python 3.11, 3.12 or 3.13 is needed; name one with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo "error: Python's venv module is missing; on Debian: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements-build.txt requirements.txt pyproject.toml medallion/relocate.py | $(VENV)/bin/python
	@echo "installing $$(grep -c == requirements.txt) packages: about a minute"
	@$(INSTALL) -r requirements-build.txt
	@$(INSTALL) -r requirements.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m medallion.relocate
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "installing the tools: $$(grep -c == requirements-dev.txt) packages in all"
	@$(INSTALL) -r requirements-dev.txt
	@$(BIN)/python -m medallion.relocate
	@touch $@

# Go verifies the module against its checksum database. Without Go, zizmor and GitHub's schema remain.
$(VENV)/.installed-audit: requirements-audit.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/audit
	$(AUDIT)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r requirements-audit.txt
	@if command -v go >/dev/null; then GOBIN="$(abspath $(BIN))" go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 || echo "Go could not install actionlint: it is skipped"; fi
	@touch $@
