SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.ready: tests/requirements.txt lambda_src/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is not: call make with PYTHON=/path/to/python3.11." >&2; exit 1; }
	@echo "Installing Python packages into $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes \
		-r tests/requirements.txt -r lambda_src/requirements.txt
	@touch $@

.PHONY: venv
venv: $(VENV)/.ready

.PHONY: demo
demo: $(VENV)/.ready ## Restore a table on an embedded AWS and watch its settings come back
	@$(BIN)/python -m tests.support.demo

.PHONY: test
test: $(VENV)/.ready ## Run every test
	@$(BIN)/python -m pytest

.PHONY: package
package: $(VENV)/.ready ## Rebuild lambda_src/dist/function.zip and layer.zip
	@$(BIN)/python scripts/package.py

.PHONY: lock
lock: $(VENV)/.ready ## Pin Python packages anew, with hashes
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header lambda_src/requirements.in -o lambda_src/requirements.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --group dev pyproject.toml -c lambda_src/requirements.txt -o tests/requirements.txt

.PHONY: clean
clean: ## Remove what the other targets made
	rm -rf $(VENV) .work .pytest_cache .mypy_cache .ruff_cache .hypothesis
