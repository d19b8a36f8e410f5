# The verbs of this project. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
JUPYTER ?= 1
WORKERS ?= 3
unexport PYTHONDONTWRITEBYTECODE # packages are compiled when first used, and once is enough

# nobody learns by these
bench matrix record: export LABKIT_JOURNAL := /dev/null

.DEFAULT_GOAL := help
.PHONY: help lab down test lint bench matrix triage record site fresh clean

help: ## this list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

lab: ## set up, start the lab, place a call out and one in, open JupyterLab (JUPYTER=0: stop before it)
	@$(PYTHON) tools/bootstrap.py
	@$(BIN)/python -m tools.lab --jupyter=$(JUPYTER)

down: ## stop the lab
	@$(BIN)/labkit down

test: lint ## every test: lint, unit, lab, notebooks, browser (WORKERS=1: one after the other)
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS) --durations=25 --junitxml=build/tests.xml || { test $$? = 1 && $(BIN)/python -m tests.again; }

lint: ## ruff, mypy, import floors, docstrings, spelling, the Dockerfile
	@$(PYTHON) tools/bootstrap.py --test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet labkit
	$(BIN)/codespell
	$(BIN)/hadolint lab-env/image/Dockerfile

bench: ## the figures of tests/bench, measured here
	@$(PYTHON) tools/bootstrap.py --test
	@failed=0; for each in lab rtp sip trace_speed; do \
	    echo "== $$each"; $(BIN)/python -m tests.bench.$$each || failed=1; done; exit $$failed

matrix: ## every broken trunk healthy, broken, wrongly and rightly mended, three seeds (RUNTIME=compose for that one)
	@$(PYTHON) tools/bootstrap.py --test
	@$(BIN)/python -m tests.bench.scenarios --labs=3 $(if $(RUNTIME),--runtime $(RUNTIME))

triage: ## the diagnosis over every broken trunk, three seeds: how often it names layer and option
	@$(PYTHON) tools/bootstrap.py --test
	@$(BIN)/python -m tests.bench.triage --mended $(if $(RUNTIME),--runtime $(RUNTIME))

record: ## run the notebooks, write their outputs, and their takes for where no lab can run
	@$(PYTHON) tools/bootstrap.py --test
	@$(BIN)/python -m tools.record notebooks/*.ipynb

site: ## the lessons as pages to read without a lab, in build/site
	@$(PYTHON) tools/bootstrap.py
	@$(BIN)/python -m tools.pages

fresh: ## the promise kept: make lab on a bare Debian 12, as root and as an ordinary user (needs root, debootstrap)
	@tools/fresh.sh

clean: ## remove what these verbs made (not the lab's cache: labkit cache clear)
	@if [ -x $(BIN)/labkit ]; then $(BIN)/labkit down; fi
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
