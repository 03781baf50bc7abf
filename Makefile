# The commands of the lab. Every one sets up .venv first, with what it needs; when nothing changed, that takes no time
# and installs nothing.
# Written for GNU make 3.81 (macOS) and newer.

VENV  := .venv
BIN   := $(VENV)/bin
JOBS  ?= 2
PYTEST_ARGS ?=
LAB_ARGS    ?=

# A set-up is named by what it brings and by the content of the two files that decide it: change either file and it runs
# again. `lab` is without torch, which on Linux alone is some GB; a larger set-up does for the smaller ones.
SUM := $(shell cat pyproject.toml constraints.txt | cksum | cut -d ' ' -f 1)
EXTRAS_lab   := lab
EXTRAS_torch := lab,experiments
EXTRAS_all   := all
BRINGS_torch := lab
BRINGS_all   := lab torch
SITE := $(VENV)/.site-$(SUM)

.DEFAULT_GOAL := help
.PHONY: help setup lab torch lint test test-slow verify proofs site notebooks slides bench pins clean distclean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

$(VENV)/.set-up-%-$(SUM):
	@sh tools/setup.sh $(VENV) $(EXTRAS_$*)
	@rm -f $(filter-out %-$(SUM),$(wildcard $(VENV)/.set-up-*))
	@touch $@ $(patsubst %,$(VENV)/.set-up-%-$(SUM),$(BRINGS_$*))

setup: $(VENV)/.set-up-all-$(SUM)  ## create .venv and install everything into it (PYTHON=... picks the interpreter)

torch: $(VENV)/.set-up-torch-$(SUM)  ## add torch, for the lessons that train networks and for nala-lab train

lab: $(VENV)/.set-up-lab-$(SUM)  ## open JupyterLab on the first notebook
	$(BIN)/jupyter lab $(LAB_ARGS) notebooks/00_start_here.ipynb

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint  ## the default suite: linters, types, import arrows, tests, doctests
	$(BIN)/python -m pytest -q -n $(JOBS) $(PYTEST_ARGS)

test-slow: $(SITE)  ## what takes longer: every notebook, whole runs
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup -m slow --durations=10 $(PYTEST_ARGS)

verify: setup  ## print the table of theorem checks
	$(BIN)/nala-lab verify

proofs: setup  ## have a proof kernel check the theorems (needs Coq; says so where it is not installed)
	$(BIN)/nala-lab prove

$(SITE): $(VENV)/.set-up-all-$(SUM)
	@echo "set-up: installing the packages of the site"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[site]'
	@rm -f $(VENV)/.site-*
	@touch $@

site: $(SITE)  ## reference, lessons, checks, claims, figures and the browser edition: build/site/index.html
	$(BIN)/python -m tools.site

notebooks: setup  ## run the notebooks' .py files again, write the .ipynb beside them and a student edition
	$(BIN)/python tools/notebooks.py

slides: setup  ## lectures 00 to 03 as slides, one offline page each
	$(BIN)/python tools/slides.py

bench: setup  ## time optimizers, loop and explorers; prints and keeps benchmarks/RESULTS.md
	$(BIN)/python benchmarks/optim_speed.py --write benchmarks/RESULTS.md
	$(BIN)/python benchmarks/loop_speed.py --write benchmarks/RESULTS.md
	$(BIN)/python benchmarks/layout_speed.py --write benchmarks/RESULTS.md
	$(BIN)/python benchmarks/record_cost.py --write benchmarks/RESULTS.md
	$(BIN)/python benchmarks/widgets_speed.py --write benchmarks/RESULTS.md

pins: $(SITE)  ## write constraints.txt from what .venv holds
	$(BIN)/python tools/pins.py > constraints.new && mv constraints.new constraints.txt

clean:  ## remove what the commands built, but not .venv
	rm -rf build dist paper_figs/out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean  ## clean, and remove .venv
	rm -rf $(VENV) *.egg-info
