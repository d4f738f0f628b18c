# Each target does its own set-up on a fresh machine.
PYTHON := .venv/bin/python
# Two processes; each takes one file after another, in the order of tests/conftest.py.
PYTEST := $(PYTHON) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder
# Its own -q would not count the warnings.
SITE := said=$$(NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict 2>&1) || { echo "$$said"; exit 1; }
COMPILE := .venv/bin/uv pip compile -q --no-header --no-annotate --generate-hashes --python-version 3.11

.PHONY: help setup demo demo-down test test-fast lint fuzz kills chaos audit bench up down docs pictures reference rules translations licences lock clean

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## .venv with the pinned packages, a Chromium, promtool and PgBouncer
	@bash scripts/setup.sh

demo: setup ## the main job on a stand-in of the site (KEEP=1 leaves it up)
	@$(PYTHON) -m pincali_workshop.demo $(if $(KEEP),--keep)

demo-down: setup ## stop and delete what `make demo KEEP=1` left
	@$(PYTHON) -m pincali_workshop.demo --down

test: setup ## the whole test suite
	@$(PYTEST)

test-fast: setup ## what needs no browser, no node and no program of its own
	@$(PYTEST) -m "not slow" tests/unit tests/integration

lint: setup ## ruff, mypy, import rules, migration drift, deploy files, docs, bandit, secrets in the tree
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PYTHON) scripts/check_drift.py
	@$(PYTHON) scripts/check_deploy.py
	@$(SITE)
	@$(PYTHON) scripts/audit.py code secrets

kills: setup ## months in which processes die at some of their transactions (MONTHS=, SEED=)
	@MONTHS=$(or $(MONTHS),40) SEED=$(or $(SEED),1) $(PYTHON) -m pytest -q tests/integration/runs/test_kills.py

audit: setup ## known faults of the pinned packages, dangerous code, secrets in the tree
	@$(PYTHON) scripts/audit.py

fuzz: setup ## 100,000 mutated pages for every parser; some ten minutes (INPUTS=, SEED=)
	@$(PYTHON) -m tests.fuzz --inputs $(or $(INPUTS),100000) --seed $(or $(SEED),1)

chaos: setup ## kills at seeded moments of all tiers, compared with an undisturbed course (SEED=, KILLS=)
	@$(PYTHON) -m pincali_workshop.chaos --seed $(or $(SEED),1) --kills $(or $(KILLS),20) $(if $(BROWSER),--browser)

bench: setup ## the benchmarks; writes bench/results.json (PARTS="spider parse": these)
	@$(PYTHON) -m bench.run $(PARTS)

up: setup ## PostgreSQL (if none is configured) and Scrapyd in the background
	@$(PYTHON) -m pincali_workshop.stack up

down: setup ## stop what `make up` started
	@$(PYTHON) -m pincali_workshop.stack down

docs: setup ## the pages of docs/ as a site in site/, strictly
	@$(SITE) && echo "docs: site/index.html; with its search: .venv/bin/mkdocs serve"

reference: setup ## write .env.example and the pages of docs/reference from the code
	@$(PYTHON) -m scripts.reference

pictures: setup ## take the pictures of docs/pictures, of the demo's dashboard and terminal
	@$(PYTHON) -m pincali_workshop.demo.pictures

rules: setup ## write Prometheus' rules from the code
	@$(PYTHON) scripts/write_prometheus_rules.py

translations: setup ## bring the Spanish catalogue up to date, and name what waits for a translation
	@$(PYTHON) scripts/translations.py

licences: setup ## write the table of the packages' licences
	@$(PYTHON) scripts/write_licences.py

lock: setup ## compile requirements*.in into requirements*.txt, with hashes
	@$(COMPILE) requirements.in -o requirements.txt
	@$(COMPILE) requirements-dev.in -o requirements-dev.txt
	@$(COMPILE) -c requirements-dev.txt requirements-installers.in -o requirements-installers.txt

clean: ## remove the environment and caches (state stays in .pincali)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
