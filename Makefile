# make run    set up and start the demo on http://127.0.0.1:8000 (another port: make run PORT=9000)
# make check  the quick tests for contributors: rules, cards, charts, FHIR, hooks, golden cases; under a minute on two cores
# make test   set up and run the whole test suite
# make test-clock    the tests that start no server, on other days and in other time zones (needs faketime); all of it: CLOCK_CASES=all
# make proof  every input of the combination table: no reassuring card is shown with an alarming one; a few minutes
# make test-hapi     the same charts against a real FHIR server, HAPI FHIR JPA (needs a JDK, Maven and Maven Central)
# make test-browser  the pages in a real browser (needs Chromium and npm)
# make test-ask      from the chart to stored answers, in a real browser with the real FHIR server (needs all of these)
# make lint   ruff and mypy
# make bench  the benchmark, compared with its budget
# make wheel  the package to install elsewhere, in dist/
# make words  how well findings in free text are recognised, in each language; tests/words/README.md
# make load   the service under load and overload, SECONDS at RATE calls a second; docs/performance.md
# make fuzz   the fuzzers, FUZZ_SECONDS each (needs Python 3.11)
# make sbom   the list of shipped components (CycloneDX); make audit: known vulnerabilities in them (uses the network)
# make lock   resolve the dependencies again, with hashes

PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
AXE := build/axe/node_modules/axe-core/axe.min.js
LFORMS := build/lforms/package/dist/lforms
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# A lock lists everything, so nothing is resolved: old versions of pip ask for the newest release of `name[extra]` otherwise.
LOCKED := install --no-deps --require-hashes
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --exclude-newer "7 days" --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

# The first Python from 3.11 to 3.13 that works; `make PYTHON=/path/to/python3.12 run` chooses another.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: run check test test-clock proof test-coverage wheel test-hapi test-browser test-ask lint bench words load fuzz sbom audit lock clean
.DELETE_ON_ERROR:

run: $(VENV)/.installed
	@exec $(BIN)/twitch-cds serve --demo --port $(PORT)

# The files of a folder share servers, so each file stays in one process.
PARALLEL := -m pytest --numprocesses auto --dist loadfile
CHECKED := tests/rules tests/cards tests/chart tests/fhir tests/hooks tests/golden tests/cases

check: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal --quiet -r fE --durations 5 --durations-min 5 $(CHECKED)

test: $(VENV)/.installed-dev
	@$(BIN)/python $(PARALLEL)

test-coverage: $(VENV)/.installed-dev
	@$(BIN)/python $(PARALLEL) --cov --cov-report=term

CLOCK_CASES ?= sample
test-clock: $(VENV)/.installed-dev
	@.ci/clock $(BIN)/python $(CLOCK_CASES)

proof: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -q --numprocesses 2 --dist loadgroup tests/proof/whole_table.py

wheel: $(VENV)/.installed
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

test-hapi: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest tests/hapi

test-browser: $(VENV)/.installed-dev $(AXE) $(LFORMS)
	@AXE=$(AXE) LFORMS=$(LFORMS) $(BIN)/python -m pytest tests/browser

test-ask: $(VENV)/.installed-dev $(AXE)
	@AXE=$(AXE) PYTHONPATH=tests/browser $(BIN)/python -m pytest tests/hapi/browser

# axe-core judges the pages; its licence is not ours, so it is fetched by name.
$(AXE):
	@npm install --silent --no-save --ignore-scripts --prefix build/axe axe-core@4.14.1

# LHC-Forms renders our Questionnaire in a test; it is fetched by name and never shipped. Its package holds what a page
# loads; the hundreds of packages that it is built with are not needed.
$(LFORMS):
	@mkdir -p build/lforms
	@cd build/lforms && npm pack --silent lforms@40.1.3 >/dev/null && tar -xzf lforms-40.1.3.tgz

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev
	$(BIN)/python tests/bench/run.py

WORDS_FLAGS ?=
words: $(VENV)/.installed-dev
	@PYTHONPATH=tests/words $(BIN)/python tests/words/measure.py $(WORDS_FLAGS)

SECONDS ?= 60
RATE ?= 200
load: $(VENV)/.installed-dev
	$(BIN)/python tests/load/load_run.py --seconds $(SECONDS) --rate $(RATE)

FUZZ_SECONDS ?= 600
fuzz: $(VENV)/.installed-dev build/fuzz/.installed
	PYTHONPATH=tests build/fuzz/bin/python tests/fuzz/guided.py bodies -max_total_time=$(FUZZ_SECONDS)
	PYTHONPATH=tests build/fuzz/bin/python tests/fuzz/guided.py charts -max_total_time=$(FUZZ_SECONDS)
	PYTHONPATH=tests $(BIN)/python tests/fuzz/interface.py --max-time $(FUZZ_SECONDS)
	FUZZ_EXAMPLES=$$(($(FUZZ_SECONDS) * 40)) $(BIN)/python -m pytest -q tests/fuzz/test_fuzz_requests.py

build/fuzz/.installed: requirements.lock requirements-build.lock
	python3.11 deploy/install.py build/fuzz requirements.lock requirements-build.lock --project
	build/fuzz/bin/pip --quiet install atheris==3.0.0
	touch $@

sbom: build/audit/.installed build/shipped/.installed
	build/audit/bin/cyclonedx-py requirements --output-reproducible --of JSON --output-file build/sbom-hashes.json requirements.lock
	build/audit/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON \
		--output-file build/sbom-licences.json build/shipped
	build/audit/bin/python .ci/sbom.py build/sbom-hashes.json build/sbom-licences.json build/sbom.json

# Another database: make audit AUDIT_FLAGS="--vulnerability-service osv --osv-url https://osv.example.org/v1/query"
audit: build/audit/.installed
	build/audit/bin/pip-audit --strict --require-hashes --disable-pip $(AUDIT_FLAGS) -r requirements.lock

# What is shipped and nothing else, to read its licences.
build/shipped/.installed: $(VENV)/.installed requirements.lock
	$(BIN)/python -m venv --clear --without-pip build/shipped
	$(PIP) --python build/shipped/bin/python $(LOCKED) -r requirements.lock
	$(PIP) --python build/shipped/bin/python check
	touch $@

build/audit/.installed: $(VENV)/.installed
	$(BIN)/python -m venv build/audit
	build/audit/bin/pip --quiet install cyclonedx-bom==7.5.0 pip-audit==2.10.1
	touch $@

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv (https://docs.astral.sh/uv/)" >&2; exit 1; }
	$(UV_COMPILE) --output-file requirements.lock pyproject.toml
	$(UV_COMPILE) --output-file requirements-dev.lock --extra dev --constraint requirements.lock pyproject.toml
	printf 'duckdb>=2.0\n' | $(UV_COMPILE) --output-file requirements-replay.lock --constraint requirements-dev.lock -
	printf 'distributed>=2026.1\nduckdb>=2.0\ns3fs>=2026.1\nuniversal-pathlib>=0.3\n' | $(UV_COMPILE) --output-file requirements-cluster.lock \
		--constraint requirements-dev.lock -
	printf 'editables\nhatchling>=1.27\n' | $(UV_COMPILE) --output-file requirements-build.lock -

clean:
	rm -rf $(VENV) .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

# What is installed is remembered by a stamp: a second `make run` starts at once. Another folder: make VENV=/tmp/twitch-cds run
$(VENV)/.installed: requirements.lock requirements-build.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: install it, or name it with PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) deploy/install.py $(VENV) requirements.lock requirements-build.lock --project
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@$(PYTHON) deploy/install.py $(VENV) requirements-dev.lock
	@touch $@
