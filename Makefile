# Two commands do everything on a fresh machine with Python 3.11 or newer: `make demo` and `make test`.
#
#   PYTHON=python3.12            the interpreter that makes the virtual environment
#   TORCH_INDEX=URL              take torch from this index: https://download.pytorch.org/whl/cpu is the small CPU build
#   JOBS=2                       test processes
#   DATA=DIRECTORY               what `make bench` measures on: a prepared data set, or a folder of published sequences

PYTHON ?= python3
TORCH_INDEX ?=
JOBS ?= 2
DATA ?= demo/prepared-1

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest
PARALLEL := -n $(JOBS) --dist loadscope
SOURCES := sessionrl tests $(wildcard benchmarks)

# One thread of linear algebra in each of the test processes: more only fight for the same cores.
test slow: export OMP_NUM_THREADS = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lint types imports pages slow check-all bench docs pins clean

help:  ## say what can be made
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(READY)  ## a virtual environment in .venv with everything pinned

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sessionrl needs Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "No virtual environment could be made. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(if $(TORCH_INDEX),$(BIN)/python -m pip install --quiet --constraint constraints.txt --index-url $(TORCH_INDEX) torch)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt \
	  --editable '.[all]' --group test --group check --group docs
	@touch $@

demo: setup  ## a simulated shop, five models, one report
	$(BIN)/sessionrl demo

test: setup  ## the everyday tests
	$(PYTEST) $(PARALLEL) -m "not slow"

check: format lint types imports pages  ## format, lint, types, imports, docs; `make -k check` goes on after a failure

format: setup
	$(BIN)/ruff format --check $(SOURCES)

lint: setup
	$(BIN)/ruff check $(SOURCES)

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports --no-logo

pages: setup
	$(BIN)/zensical build --strict --clean --config-file mkdocs.yml

slow: setup  ## the slow tests alone
	$(PYTEST) $(PARALLEL) -m slow

check-all: test check slow  ## all of these three

bench: setup  ## speed of the baselines on DATA, never part of the tests; benchmarks/tables.py measures accuracy
	@test -d "$(DATA)" || { echo "There is no $(DATA). Run make demo first, or name a data set: make bench DATA=DIRECTORY" >&2; exit 1; }
	$(BIN)/python benchmarks/baselines.py --data "$(DATA)"

docs: setup  ## the documentation in site/
	$(BIN)/zensical build --clean --config-file mkdocs.yml

# torch stays where it is: its release is chosen by hand, and the CUDA packages it brings it pins itself.
pins:  ## write constraints.txt anew from the newest versions that fit, torch as it is
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/python -m pip install --quiet --upgrade pip
	build/pins/bin/python -m pip install --quiet --editable '.[all]' --group test --group check --group docs \
	  editables "$$(grep '^torch==' constraints.txt)"
	{ sed -n '/^#/p' constraints.txt; build/pins/bin/python -m pip freeze --all --exclude-editable; } \
	  | grep -vE '^(cuda|nvidia|triton)' | sed -E 's/^(torch==[0-9.]+)\+.*/\1/' > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/pins

clean:  ## forget the environment, the caches and the built pages; data and runs stay
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
