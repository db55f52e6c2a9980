# `make run` and `make test` set up what they need in .venv first. `make help` lists the rest.

VENV ?= .venv
OUT ?= out
CASE ?= scenarios/regenerative_medicine
export PIP_DISABLE_PIP_VERSION_CHECK = 1

BIN := $(VENV)/bin
INSTALL = "$(BIN)/python" -m pip install --quiet --constraint constraints.txt --editable
CHECKERS := axe-core@4.14.1 vnu-jar@26.9.27
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11
.DEFAULT_GOAL := help

.PHONY: help
help:  ## list these commands
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## */\t/' | expand -t 12

.PHONY: run
run: $(VENV)/.ready-run  ## run the worked case and fill out/
	"$(BIN)/forecast" run "$(CASE)" --out "$(OUT)"

.PHONY: test
test: $(VENV)/.ready-test  ## run all tests
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$(BIN)/python" -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: browser
browser: $(VENV)/.ready-browser  ## open the report in Chromium (needs chromium; npm and java for two of its checks)
	"$(BIN)/python" -m pytest -m browser tests/browser

.PHONY: office
office: $(VENV)/.ready-test  ## open the workbook in LibreOffice (needs libreoffice-calc)
	"$(BIN)/python" -m pytest -m office tests/office

.PHONY: opened
opened: $(VENV)/.ready-browser  ## both: the report in Chromium, the workbook in LibreOffice
	"$(BIN)/python" -m pytest -m "browser or office" tests/browser tests/office

.PHONY: check
check: $(VENV)/.ready-test  ## lint, formatting, types
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"

.PHONY: notebooks
notebooks: $(VENV)/.ready-test  ## run every notebook from top to bottom
	"$(BIN)/python" notebooks/execute.py

.PHONY: docs
docs: $(VENV)/.ready-docs  ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 "$(BIN)/mkdocs" build --strict --quiet

.PHONY: readme
readme: $(VENV)/.ready-run  ## write today's output into README.md
	"$(BIN)/python" docs/readme.py

.PHONY: pages
pages: $(VENV)/.ready-test  ## write today's output into the pages of docs/
	"$(BIN)/python" docs/pages.py --write

.PHONY: clean
clean:  ## remove what these commands made, except out/
	rm -rf "$(VENV)" build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.ready-venv:
	@for python in $(PYTHONS); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Setting up $(VENV) with $$python, once"; \
	    "$$python" -m venv "$(VENV)" && touch "$@" && exit 0; \
	    echo "$$python -m venv failed; on Debian and Ubuntu install python3-venv" >&2; exit 1; \
	  fi; \
	done; \
	echo "No Python 3.11 or newer found among: $(PYTHONS)" >&2; exit 1

$(VENV)/.ready-run: $(VENV)/.ready-venv pyproject.toml constraints.txt
	@$(INSTALL) .
	@touch "$@"

$(VENV)/.ready-test: $(VENV)/.ready-venv pyproject.toml constraints.txt
	@$(INSTALL) ".[dev]"
	@touch "$(VENV)/.ready-run" "$@"

$(VENV)/.ready-browser: $(VENV)/.ready-test
	@$(INSTALL) ".[dev,browser]"
	@if command -v npm >/dev/null; then npm install --silent --no-audit --no-fund --prefix "$(VENV)/npm" $(CHECKERS); \
	else echo "npm is not on the path: the page is not checked by axe-core and vnu-jar" >&2; fi
	@touch "$@"

$(VENV)/.ready-docs: $(VENV)/.ready-venv pyproject.toml constraints.txt
	@$(INSTALL) ".[dev,docs]"
	@touch "$(VENV)/.ready-run" "$(VENV)/.ready-test" "$@"
