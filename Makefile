# The package in virtual environments of its own; nothing is installed outside of them. `make help` lists the targets.
#
#   PYTHON=...    the Python to make the environment with, 3.11 or later (default: python3, or else the newest one found)
#   VENV=...      the folder of the environment (default: .venv); another Python needs another folder
#   SCENARIO=...  what `make run` simulates
#   TESTS=...     which tests `make test` runs
#   ARGS=...      more options for what is run, as in: make run ARGS="--days 90 --seed 2"

PYTHON ?=
VENV ?= .venv
BENCH_VENV ?= .venv-bench
SHOW_VENV ?= .venv-show
LOCK_VENV ?= .venv-lock
SCENARIO ?= scenarios/base.yaml
TESTS ?= tests
ARGS ?=

# A slow network should take longer, not fail. What is set already is kept.
export PIP_DEFAULT_TIMEOUT ?= 120
export PIP_RETRIES ?= 10
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Another copy of the package on this path would be run instead of this one.
unexport PYTHONPATH

BIN = $(VENV)/bin
IN_BENCH = $(BENCH_VENV)/bin/python
IN_SHOW = $(SHOW_VENV)/bin/python
CANDIDATES = $(if $(PYTHON),$(PYTHON),python3 python3.15 python3.14 python3.13 python3.12 python3.11)
SUITABLE = import sys; sys.exit(sys.version_info < (3, 11))
SCHEMA = scenarios/scenario.schema.json

.DEFAULT_GOAL = help
.NOTPARALLEL:
.PHONY: help run test check format js js-check docs bench bench-show schema lock faults fuzz verify validate odd pictures screens studies claims robustness clean

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "%-15s %s\n", $$1, $$2}'

run: $(VENV)/.has-package  ## Simulate SCENARIO (scenarios/base.yaml) and show what became of its stores
	@$(BIN)/o2o-sim run $(SCENARIO) $(ARGS)

test: $(VENV)/.has-test  ## Run the tests, or those of TESTS
	$(BIN)/python -m pytest $(TESTS) $(ARGS)

check: $(VENV)/.has-check  ## Look for mistakes without running anything: ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.has-check  ## Put imports and lines in their usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

js: js/node_modules/.has-packages  ## Build the pages' script and style sheet from js/src (needs Node and npm)
	node js/build.mjs

js-check: js/node_modules/.has-packages  ## Test the pages' modules, and that the built files are those of js/src
	node --test js/test/*.mjs
	node js/build.mjs --check

docs: $(VENV)/.has-docs  ## Build the documentation as a site in site/ (no network needed); a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The site is built: open site/index.html"

bench: $(BENCH_VENV)/.has-bench  ## Time the package against what people would use instead (see benchmarks/README.md)
	$(IN_BENCH) -m benchmarks.shopping $(ARGS)
	$(IN_BENCH) -m benchmarks.scaling
	$(IN_BENCH) -m benchmarks.cities
	$(IN_BENCH) -m benchmarks.machine_code
	$(IN_BENCH) -m benchmarks.startup
	$(IN_BENCH) -m benchmarks.studies

bench-show: $(SHOW_VENV)/.has-bench-show  ## Count the pictures a browser shows of Mesa's SolaraViz and of our page (needs Chromium)
	$(IN_SHOW) -m benchmarks.show $(ARGS)

schema: $(VENV)/.has-package  ## Write the JSON Schema of scenarios, with which editors complete and check them
	$(BIN)/o2o-sim schema > $(SCHEMA).new
	mv $(SCHEMA).new $(SCHEMA)

lock: $(LOCK_VENV)/.has-uv  ## Write requirements.lock: one version of every package, for all supported Pythons and systems
	$(LOCK_VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --extra test --extra check --extra docs \
	  --no-annotate --no-emit-index-url --custom-compile-command "make lock" --upgrade --quiet --output-file requirements.lock

faults: $(VENV)/.has-test  ## Try what should break the package, and count what held; with ARGS=--write also in docs/faults.md
	$(BIN)/python docs/make_faults.py $(ARGS)

fuzz: $(VENV)/.has-test  ## Give the loader and the server 10,000 examples that Hypothesis invents (some time; for nights)
	FUZZ=1000 $(BIN)/python -m pytest -m fuzz $(ARGS)

verify: $(VENV)/.has-test  ## Judge the model by what theory knows
	$(BIN)/python -m pytest tests/verify $(ARGS)

validate: $(VENV)/.has-package  ## Hold the base city against what was observed, and write docs/validation.md (about an hour)
	$(BIN)/python experiments/validation/validate.py $(ARGS)

odd: $(VENV)/.has-package  ## Write docs/ODD.md, the model in full, from its prose and the code
	$(BIN)/python docs/make_odd.py $(ARGS)

pictures: $(VENV)/.has-package  ## Run the base scenario; put its pictures and its table of outcomes into the README
	$(BIN)/python docs/make_pictures.py

screens: $(VENV)/.has-test  ## Photograph the live page and a report for the README (needs Chromium)
	$(BIN)/python docs/make_screens.py

studies: $(VENV)/.has-package  ## Carry out the three shipped studies (an hour or more), and put their pictures into the docs
	$(BIN)/python docs/make_studies.py $(ARGS)

claims: $(VENV)/.has-package  ## Put all claims to the test (most of an hour on two cores), and write docs/claims.md
	$(BIN)/python docs/make_claims.py $(ARGS)

robustness: $(VENV)/.has-package  ## See which of the ten largest effects survive other defaults (hours; goes on where it stopped)
	$(BIN)/python experiments/claims/sensitivity.py $(ARGS)
	$(BIN)/python experiments/claims/robustness.py

clean:  ## Remove the environments and what tools left behind; runs/ is kept
	rm -rf $(VENV) $(BENCH_VENV) $(SHOW_VENV) $(LOCK_VENV) .venv-3.* .venv-mesa js/node_modules build dist site *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- environments ------------------------------------------------------------------------------------------------
# Each `.has-...` file says that something is installed; it is made again when pyproject.toml changes.

define make_environment
@for python in $(CANDIDATES); do \
  if "$$python" -c '$(SUITABLE)' 2>/dev/null; then \
    echo "Making $(1) with $$("$$python" --version)"; \
    "$$python" -m venv --clear $(1) || { rm -rf $(1); exit 1; }; \
    exit 0; \
  fi; \
done; \
echo "This needs Python 3.11 or later, and found none (tried: $(CANDIDATES))." >&2; \
echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
exit 1
endef

$(VENV)/bin/python:
	$(call make_environment,$(VENV))

$(VENV)/.has-package: pyproject.toml | $(VENV)/bin/python
	@echo "Installing o2o_sim into $(VENV) (once; it needs the network and some minutes)"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.has-test $(VENV)/.has-check $(VENV)/.has-docs: $(VENV)/.has-%: pyproject.toml | $(VENV)/bin/python
	@echo "Installing o2o_sim and what '$*' needs into $(VENV) (once; it needs the network and some minutes)"
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	@touch $(VENV)/.has-package $@

$(IN_BENCH):
	$(call make_environment,$(BENCH_VENV))

# mesa-frames comes without its dependencies, because its release asks for NumPy 1.26 (see benchmarks/README.md).
$(BENCH_VENV)/.has-bench: pyproject.toml | $(IN_BENCH)
	@echo "Installing o2o_sim and what it is compared with into $(BENCH_VENV) (once; it needs the network and some minutes)"
	$(IN_BENCH) -m pip install --quiet --editable ".[bench]"
	$(IN_BENCH) -m pip install --quiet --no-deps "mesa-frames==0.1.0a0"
	@touch $@

$(IN_SHOW):
	$(call make_environment,$(SHOW_VENV))

$(SHOW_VENV)/.has-bench-show: pyproject.toml | $(IN_SHOW)
	@echo "Installing o2o_sim and Mesa's pages into $(SHOW_VENV) (once; it needs the network and some minutes)"
	$(IN_SHOW) -m pip install --quiet --editable ".[bench-show]"
	@touch $@

$(LOCK_VENV)/bin/python:
	$(call make_environment,$(LOCK_VENV))

$(LOCK_VENV)/.has-uv: | $(LOCK_VENV)/bin/python
	$(LOCK_VENV)/bin/python -m pip install --quiet uv
	@touch $@

# Exactly the versions of js/package.json: others would build other bytes.
js/node_modules/.has-packages: js/package.json
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "This needs Node (18 or later) and npm." >&2; exit 1; }
	npm install --prefix js --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@
