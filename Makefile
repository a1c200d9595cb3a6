SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
SECURITY := .venv-security
DEMO := .venv-demo
PYTEST = $(BIN)/python -m pytest
LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
PYTHON ?= python3
# Makes a virtual environment of pinned packages: $(1) is where, $(2) are the requirements. uv takes a quarter of pip's
# time, and pip gets it, of the version and hashes that are pinned.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is not: call make with PYTHON=/path/to/python3.11." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(1)
	@awk '/^[^ ]/ { of_uv = /^uv==/ } of_uv' tests/requirements.txt | \
		$(1)/bin/python -m pip install -qq --no-compile --disable-pip-version-check --require-hashes -r /dev/stdin
	@$(1)/bin/uv pip install --quiet --python $(1) --require-hashes $(addprefix -r ,$(2))
	@touch $(1)/.ready
endef
# Where Python keeps no compiled files, each of the tests' many processes compiles all that it imports, for seconds.
unexport PYTHONDONTWRITEBYTECODE
CORES = $(shell getconf _NPROCESSORS_ONLN)
# Two more than there are cores, because one process waits for queues nearly all the time, and Terraform now and then.
PROCESSES ?= $(shell echo $$(( $(CORES) + 2 )))
# What `make check` runs: settings, sync, events, and a restore from its event to equal settings.
RESTORE = tests/integration/test_restore.py
CHECKED = $(wildcard tests/unit/settings/test_*.py) tests/unit/test_settings.py tests/unit/test_aws.py \
	tests/unit/test_rename.py tests/unit/test_attached_tags.py tests/unit/test_sync.py tests/unit/test_restore.py \
	tests/unit/test_errors.py tests/unit/test_table_filter.py tests/unit/test_config.py tests/unit/test_access.py \
	tests/proof/test_plans.py

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.ready: tests/requirements.txt lambda_src/requirements.txt
	@test ! -L $(VENV) || { echo "$(VENV) is a link, and what it links to would be emptied: remove the link." >&2; exit 1; }
	@echo "Installing Python packages into $(VENV) ..."
	$(call install,$(VENV),$^)

.PHONY: venv
venv: $(VENV)/.ready

$(DEMO)/.ready: tests/support/demo/requirements.txt
	@echo "Installing $$(grep -c '^[a-z].*==' $<) Python packages for the demo (160 MB) into $(DEMO), once ..."
	$(call install,$(DEMO),$^)

.PHONY: demo
demo: $(DEMO)/.ready ## Restore a table on an AWS emulator and watch its settings come back, in two minutes
	@PYTHONPATH=lambda_src $(DEMO)/bin/python -m tests.support.demo

.PHONY: demo-recording
demo-recording: $(DEMO)/.ready ## Run the demo, and write docs/demo.svg of its output
	@$(DEMO)/bin/python -m scripts.demo_recording

.PHONY: check
check: $(VENV)/.ready ## Check what a change breaks first, in a minute; SETTING=ttl: one setting, in 20 s
ifdef SETTING
	@$(PYTEST) -n $(CORES) -q $(CHECKED) tests/terraform/test_settings_file.py \
		tests/integration/settings tests/integration/test_obstacles.py \
		-k "[$(SETTING) or _$(SETTING)_ or test_$(SETTING).py"
else
	@$(MAKE) --no-print-directory lint
	@HYPOTHESIS_PROFILE=few $(PYTEST) -n $(CORES) -q $(CHECKED) \
		$(RESTORE)::test_every_setting_comes_back $(RESTORE)::test_a_second_delivery_writes_nothing
endif

.PHONY: test
test: $(VENV)/.ready ## Run every test, in several processes; TESTS=tests/terraform: those
	@$(PYTEST) -n $(PROCESSES) $(TESTS)

.PHONY: fault-matrix
fault-matrix: $(VENV)/.ready ## Let each call fail with each error, and write docs/fault-matrix.md anew (minutes)
	@PYTHONPATH=.:lambda_src $(BIN)/python -m tests.proof.fault_matrix

.PHONY: fuzz
fuzz: $(VENV)/.ready ## Deliver 130,000 bad events, and count how they end (a quarter of an hour)
	@BAD_EVENTS=130000 $(BIN)/python -m pytest tests/proof/test_bad_events.py

.PHONY: bench
bench: $(VENV)/.ready ## Measure speed, calls, lag and cost; exit code 1 if a limit is missed
	@$(BIN)/python -m tests.bench

.PHONY: storm
storm: $(VENV)/.ready ## Restore 1,000 tables in a minute, against the request rates that AWS allows
	@STORM_RESTORES=1000 $(BIN)/python -m pytest -q -o faulthandler_timeout=0 --show-capture=no tests/proof/test_storm.py

.PHONY: sweep
sweep: $(VENV)/.ready ## Record 10,000 tables: duration, request rates, calls, cost, memory; exit code 1 if a limit is missed
	@SWEEP_TABLES=10000 $(PYTEST) -n 2 -q -o faulthandler_timeout=0 --show-capture=no \
		tests/proof/test_sweep.py tests/proof/test_recorder_memory.py

.PHONY: mutants
mutants: $(VENV)/.ready ## Change the code in small ways, and see which changes no test notices; OPTIONS=--help
	@PYTHONPATH=.:lambda_src $(BIN)/python -m tests.mutants $(OPTIONS)

.PHONY: package
package: $(VENV)/.ready ## Rebuild lambda_src/dist/function.zip and layer.zip
	@$(BIN)/python scripts/package.py

.PHONY: docs
docs: $(VENV)/.ready ## Make the tables in README.md and the pictures from the code
	@PYTHONPATH=lambda_src $(BIN)/python -m scripts.docs

.PHONY: lint
lint: $(VENV)/.ready ## Check Python and Terraform files and workflows, and that the documentation is up to date
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/mypy
	@$(BIN)/python -m tests.support.terraform fmt-check .
	@$(BIN)/zizmor --offline --quiet --strict-collection .github/workflows
	@PYTHONPATH=lambda_src $(BIN)/python -m scripts.docs --check

.PHONY: fmt
fmt: $(VENV)/.ready ## Format Python and Terraform files
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .
	@terraform fmt -recursive

$(SECURITY)/.ready: tests/security-requirements.txt
	@echo "Installing Python packages into $(SECURITY) ..."
	$(call install,$(SECURITY),$^)

.PHONY: security
security: $(SECURITY)/.ready ## Run checkov on the module and its examples, bandit and pip-audit on the function
	@for directory in . examples/*/; do echo "checkov $$directory"; \
		$(SECURITY)/bin/checkov --directory $$directory --framework terraform --quiet --compact --skip-download \
			--skip-path '\.venv' --skip-path '\.work' --skip-path tests || exit 1; done
	@$(SECURITY)/bin/bandit --quiet --recursive lambda_src/table_sync
	@$(SECURITY)/bin/pip-audit --require-hashes --requirement lambda_src/requirements.txt

.PHONY: lock
lock: $(VENV)/.ready ## Pin Python packages anew, with hashes
	@$(LOCK) lambda_src/requirements.in -o lambda_src/requirements.txt
	@$(LOCK) --group dev pyproject.toml -c lambda_src/requirements.txt -o tests/requirements.txt
	@$(LOCK) --group demo pyproject.toml -c tests/requirements.txt -o tests/support/demo/requirements.txt
	@$(LOCK) --group security pyproject.toml -o tests/security-requirements.txt

.PHONY: clean
clean: ## Remove what the other targets made
	rm -rf $(VENV) $(SECURITY) $(DEMO) .work .pytest_cache .mypy_cache .ruff_cache .hypothesis
