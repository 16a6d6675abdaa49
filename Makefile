# Rukn: `make demo` shows it, `make test` proves it. Everything else is for developers: `make help`.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PY ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' && echo $$p && break; done)
MESSAGES := exchange/locale/ar/LC_MESSAGES/django
JOBS ?= 2
unexport PYTHONDONTWRITEBYTECODE # tests start Python often: what was compiled once is read again

.PHONY: help demo services-demo nginx test test-services api-fuzz check fix lock messages clean browser

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.base $(MESSAGES).mo ## Start the demo city: make demo [ARGS="--port 8080 --reset --size city"]
	@$(BIN)/python manage.py demo $(ARGS)

services-demo: $(VENV)/.base $(MESSAGES).mo nginx ## The demo city as many processes, on the services the environment names
	@$(BIN)/python manage.py services_demo $(ARGS)

test: $(VENV)/.dev $(MESSAGES).mo browser ## Run every test, the browser journeys included: make test [ARGS="-k search"]
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

test-services: $(VENV)/.dev $(MESSAGES).mo browser nginx ## The same on PostgreSQL, Redis and Elasticsearch, which the environment names; without what asks none of them
	@for name in DATABASE_URL REDIS_URL ELASTICSEARCH_URL; do \
	  if [ -z "$${!name}" ]; then echo "make test-services needs $$name; see docs/operations.md" >&2; exit 2; fi; \
	done
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not pure" $(ARGS)

api-fuzz: $(VENV)/.dev $(MESSAGES).mo ## Ask the API 20,000 times and more through schemathesis: make api-fuzz [ARGS="--cases 3000"]
	@$(BIN)/python benchmarks/api_fuzz.py $(ARGS)

check: $(VENV)/.dev $(MESSAGES).mo ## Lint, types, layers, templates, migrations, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check
	msgfmt --check-format --output-file=/dev/null $(MESSAGES).po
	$(BIN)/python manage.py translations

fix: $(VENV)/.dev ## Let the tools mend what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.dev ## Write the locked requirements again from pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml -o requirements/base.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml --group dev -o requirements/dev.txt

messages: $(VENV)/.dev ## Collect translatable strings (needs gettext)
	$(BIN)/python manage.py makemessages -l ar --no-location --no-obsolete -i .venv -i var -i tests

browser: ## Get Debian's Chromium and fonts, or say how
	@if ! command -v chromium >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-core; \
	  else \
	    echo "The browser journeys need Chromium. Run:  sudo apt-get install chromium fonts-noto-core" >&2; exit 1; \
	  fi; \
	fi

nginx: ## Get Debian's nginx, or say how
	@if ! PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light; \
	  else \
	    echo "The processes need a proxy before them. Run:  sudo apt-get install nginx-light" >&2; exit 1; \
	  fi; \
	fi

clean: ## Throw away the demo's data and caches
	rm -rf var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/uv:
	@if [ -z "$(PY)" ]; then echo "Rukn needs Python 3.11, 3.12 or 3.13; none was found." >&2; exit 1; fi
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q --python $(PY) $(VENV) && uv pip install -q --python $(BIN)/python uv; \
	else \
	  $(PY) -m venv $(VENV) && $(BIN)/python -m pip install -q --disable-pip-version-check uv; \
	fi

$(VENV)/.base: requirements/base.txt | $(BIN)/uv
	@echo "Setting up $(VENV) …"
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/base.txt | $(BIN)/uv
	@echo "Setting up $(VENV) for development …"
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@ $(VENV)/.base

$(MESSAGES).mo: $(MESSAGES).po
	@$(BIN)/pybabel -q compile -d exchange/locale -D django
