# The commands of README.md. All that they need is Python 3.11 or newer and make.

HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?=
ARGS ?=

BIN := .venv/bin
STEP := sh .ci/step
MAKEFLAGS += --no-print-directory
TEMPLATES = --target-version 5.2 $$(find templates -name "*.html")
UV_VERSION := 0.13.9
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	--python-version 3.11 pyproject.toml

# Dozens of processes are started here: without compiled modules each spends seconds on compiling all again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run setup setup-dev test lint types checks pytest format lock upgrade uv clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | while IFS='	' read -r name does; do \
		printf '  make %-10s %s\n' "$$name" "$$does"; done

run: setup ## start ChapterFlow and print its address (HOST=127.0.0.1 PORT=8000)
	@exec $(BIN)/python manage.py up --host "$(HOST)" --port "$(PORT)"

setup: ## install what ChapterFlow needs into .venv (PYTHON=python3.12 picks the interpreter)
	@PYTHON="$(PYTHON)" sh .ci/setup requirements.lock

setup-dev: ## the same, and what its tests need
	@PYTHON="$(PYTHON)" sh .ci/setup requirements-dev.lock

test: lint ## check everything: format, lint, types, settings, migrations, tests
	@sh .ci/beside "$(MAKE) types checks" "$(MAKE) pytest"

lint: setup-dev ## check format and style
	@$(STEP) "Format (ruff format)" $(BIN)/ruff format --check .
	@$(STEP) "Style (ruff check)" $(BIN)/ruff check .
	@$(STEP) "Templates: indentation (djhtml)" $(BIN)/djhtml --check --tabwidth 2 templates
	@$(STEP) "Templates: tags (djade)" $(BIN)/djade --check $(TEMPLATES)
	@$(STEP) "Templates: style (djlint)" $(BIN)/djlint --lint --quiet templates

types: setup-dev ## check types
	@$(STEP) "Types (mypy)" $(BIN)/mypy .

checks: setup-dev ## check settings and migrations
	@$(STEP) "System checks" $(BIN)/python manage.py check --fail-level WARNING
	@$(STEP) "Migrations agree with the models" $(BIN)/python manage.py makemigrations --check --dry-run

pytest: setup-dev ## run the tests alone (ARGS="-k pause tests/workflow" picks some)
	@CHAPTERFLOW_CHROMIUM="$$(sh .ci/chromium)" && CHAPTERFLOW_TEST_POSTGRES="$$(sh .ci/postgres)" && \
		CHAPTERFLOW_TEST_REDIS="$$(sh .ci/redis)" && \
		export CHAPTERFLOW_CHROMIUM CHAPTERFLOW_TEST_POSTGRES CHAPTERFLOW_TEST_REDIS && \
		$(STEP) "Tests (pytest)" $(if $(ARGS),$(BIN)/python -m pytest -ra $(ARGS),sh .ci/lanes $(BIN)/python)

format: setup-dev ## put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/djade $(TEMPLATES)
	@$(BIN)/djhtml --tabwidth 2 templates

lock: uv ## write both lock files anew after a change to pyproject.toml
	@$(LOCK) --output-file requirements.lock
	@$(LOCK) --group dev --output-file requirements-dev.lock

upgrade: uv ## the same, with the newest versions that pyproject.toml allows
	@$(LOCK) --upgrade --output-file requirements.lock
	@$(LOCK) --upgrade --group dev --output-file requirements-dev.lock

uv: setup-dev
	@$(BIN)/python -m pip install -q --disable-pip-version-check "uv==$(UV_VERSION)"

clean: ## remove the environment and what tools left behind (books and settings stay)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* htmlcov test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
