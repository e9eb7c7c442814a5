# `make` lists the targets. Each one sets up what it needs: only Python 3.11+ and make are required.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# Each process that is started would compile its modules again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MINOIS := $(BIN)/python -m deploy.cli
SITE := var/.site
WEB := gateway/web
BUILT_PAGES := $(WEB)/dist/.built
LIGHTHOUSE := tests/pages/lighthouse
PROTOS := $(wildcard protos/*/v1/*.proto)
RESOLVE := uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet
PROTOC := $(BIN)/python -m grpc_tools.protoc -I .

# Each process runs one file at a time.
PYTEST = $(BIN)/pytest -n $(or $(JOBS),auto --maxprocesses 4) --dist loadfile --no-loadscope-reorder

PORT ?=
FACES ?=
FOLDER ?=
USERS ?= 30
load: TIME ?= 5m
KILLS ?= 500
EACH ?= 10
ROUNDS ?= 20
soak: TIME ?= 1800
overload: TIME ?= 60
pages-load: TIME ?= 30
PAGES ?= 500
image: IMAGE ?= localhost/minois:dev
VERSION ?= dev
fuzz: TIME ?= 60

.PHONY: help run demo test test-slow test-all test-unit test-service test-e2e partitions test-pages screenshots lighthouse s3 cluster-tools cluster-check cluster-test check format stubs docs lock load replicas overload siege pages-load upload-load ghz chaos soak \
	bench accuracy fuzz backup restore setup pages sbom audit licences image image-test

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY) $(BUILT_PAGES) ## run everything on this machine, with a sample event (TLS=1 for phones; PORT=8000 INDEXERS=1 SELFIE_WORKERS=1 METRICS_PORT=9100)
	@$(MINOIS) run $(if $(PORT),--port $(PORT))

demo: $(READY) $(BUILT_PAGES) ## run a complete event on real photos and print which photos were found
	@$(MINOIS) demo

test: $(READY) $(BUILT_PAGES) ## run all tests but the slow ones (JOBS=number of parallel processes; default: processors and one more, at most 4)
	$(PYTEST) -m "not slow"

test-slow: $(READY) $(BUILT_PAGES) ## run the slow tests: kills, pages in a browser, manifests, backups, long searches (JOBS)
	$(PYTEST) -m slow

test-all: $(READY) $(BUILT_PAGES) ## run all tests (JOBS)
	$(PYTEST)

test-unit: $(READY) ## run the unit tests: no files, no processes
	$(BIN)/pytest tests/unit

test-service: $(READY) ## run the tests of each service, with gRPC and PostgreSQL
	$(BIN)/pytest tests/auth tests/authorization tests/deploy tests/faces tests/gateway tests/kit tests/matcher tests/selfie tests/services

partitions: $(READY) ## run the tests of matcher_service on tables partitioned by event
	PARTITIONS=4 $(BIN)/pytest -k "not in_an_index_alone" $(filter-out %migration.py %_scale.py %_partitions.py,$(wildcard tests/matcher/test_*.py))

test-e2e: $(READY) $(BUILT_PAGES) ## run the end-to-end tests of all processes, over HTTP
	$(BIN)/pytest tests/e2e

pages: $(BUILT_PAGES) ## build the web pages (Node and npm come with .venv)

test-pages: $(READY) $(BUILT_PAGES) ## run the tests of the web pages in a real browser (needs Chromium)
	$(BIN)/pytest tests/pages

screenshots: $(READY) $(BUILT_PAGES) ## take screenshots of the web pages, with drawn photos (FOLDER=var/screenshots; needs Chromium)
	@$(BIN)/python -m tests.pages.screenshots "$(or $(FOLDER),var/screenshots)"

lighthouse: $(READY) $(BUILT_PAGES) $(LIGHTHOUSE)/node_modules/.installed ## measure the web pages with Lighthouse (needs Chromium)
	@$(BIN)/python -W ignore -m tests.pages.lighthouse.run

s3: $(READY) ## build the S3 server for the tests (needs the Go toolchain)
	$(BIN)/python -m tests.harness.s3

cluster-tools: $(READY) ## install the tools that check the Kubernetes manifests (needs the Go toolchain)
	$(BIN)/python -m tests.cluster.schemas

cluster-check: $(READY) ## check the Kubernetes manifests (needs the Go toolchain; promtool for the alerts)
	$(BIN)/pytest tests/cluster

cluster-test: $(READY) ## run Minois on a real single-node Kubernetes (after make image-test, or with IMAGE=...; ONLY="rotate scale"; needs root)
	@$(BIN)/python -W ignore -m tests.cluster.run $(if $(IMAGE),--image $(IMAGE)) $(if $(ONLY),--only $(ONLY))

check: $(READY) $(BUILT_PAGES) ## check formatting, lint, types, imports, protos, stubs and the Dockerfile
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(NPM) run check
	cd protos && ../$(BIN)/buf lint
	$(BIN)/hadolint deploy/Dockerfile tests/cluster/*.Dockerfile
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && \
	$(PROTOC) --python_out="$$fresh" --pyi_out="$$fresh" --grpc_python_out="$$fresh" $(PROTOS) && \
	for stub in $$(cd "$$fresh" && find protos -type f); do \
		diff -u "$$stub" "$$fresh/$$stub" || { echo "$$stub is not up to date: make stubs" >&2; exit 1; }; \
	done && echo "The stubs are up to date."

format: $(READY) ## format the code and apply the fixes of ruff
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

stubs: $(READY) ## generate the stubs of the protos
	$(PROTOC) --python_out=. --pyi_out=. --grpc_python_out=. $(PROTOS)

docs: $(READY) $(SITE)/.ready ## generate docs/configuration.md from the settings, and the documentation site (var/site)
	$(BIN)/python -m deploy.configuration
	@rm -rf var/pages && mkdir -p var/pages && cp -r *.md docs LICENSE var/pages/
	@NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --quiet --strict
	@echo "The site is ready: open var/site/index.html."

$(SITE)/.ready: $(READY) requirements.site.lock
	@$(BIN)/python -m venv $(SITE)
	@$(SITE)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.site.lock
	@touch $@

load: $(READY) ## run a load test on a fresh system (TIME=5m USERS=30)
	@$(BIN)/python -m tests.load.run --time $(TIME) --users $(USERS)

overload: $(READY) ## send five times the capacity (TIME=60, in seconds)
	@$(BIN)/python -m tests.load.overload --time $(TIME)

siege: $(READY) ## measure the waiting time of a guest during attacks by other accounts and connections (JOURNEYS=5 ONLY=bombs,drips)
	@$(BIN)/python -m tests.load.siege --journeys $(or $(JOURNEYS),5) $(if $(ONLY),--only $(ONLY))

replicas: $(READY) ## compare one and two processes of each kind (EVENTS=6; PHOTOS=6 GUESTS=3 per event; READS=600)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.load.replicas --events $(or $(EVENTS),6) --photos $(or $(PHOTOS),6) --guests $(or $(GUESTS),3) --reads $(or $(READS),600)

upload-load: $(READY) $(BUILT_PAGES) ## measure the upload of a folder through the organiser page (PHOTOS=2000; needs Chromium)
	@$(BIN)/python -m tests.load.page_upload --photos $(or $(PHOTOS),2000)

ghz: $(READY) ## call every rpc with ghz (needs the Go toolchain; ONLY=part of their names)
	@$(BIN)/python -m tests.load.ghz.run $(if $(ONLY),--only $(ONLY))

pages-load: $(READY) ## measure the cost of open, idle pages with live updates (PAGES=500 TIME=30, in seconds)
	@$(BIN)/python -m tests.load.open_pages --pages $(PAGES) --time $(TIME)

chaos: $(READY) ## kill processes at random and prove that nothing is lost (KILLS=500 EACH=10 ROUNDS=20)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.chaos.run --kills $(KILLS) --each $(EACH) --rounds $(ROUNDS)

soak: $(READY) ## run for half an hour and report growing resources (TIME=1800, in seconds)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.chaos.soak --time $(TIME)

bench: $(READY) ## benchmark indexing and searching against other libraries
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m tests.bench.run

accuracy: $(READY) ## measure detection, recognition and rejection on real faces (FACES=folder ARGS=options of a replay)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -W ignore -m tests.bench.accuracy $(if $(FACES),--faces $(FACES)) $(ARGS)

fuzz: $(READY) ## fuzz the decoder and the filter of originals with damaged images (TIME=60, in seconds for each)
	@$(BIN)/python -m tests.bench.fuzz_decode --time $(TIME)
	@$(BIN)/python -m tests.bench.fuzz_original --time $(TIME)

backup: $(READY) ## back up all data on this machine, even while it is running (FOLDER=target)
	@$(MINOIS) backup $(if $(FOLDER),"$(FOLDER)")

restore: $(READY) ## restore a backup into an empty MINOIS_DATA (FOLDER=backup MASTER_KEY=copy of the master key)
	@$(MINOIS) restore $(if $(FOLDER),"$(FOLDER)") $(if $(MASTER_KEY),--master-key "$(MASTER_KEY)")

lock: $(READY) ## update the lock files from pyproject.toml (needs uv) and package.json
	@command -v uv >/dev/null || { \
		echo "make lock needs uv (pipx install uv); everything else works without it." >&2; exit 1; }
	$(RESOLVE) pyproject.toml --python-version 3.11 --extra local --group models --group build --group dev --output-file requirements.lock
	$(RESOLVE) pyproject.toml --python-version 3.13 --extra heic --group models --constraint requirements.lock \
		--output-file requirements.image.lock
	$(RESOLVE) --group build --python-version 3.13 --constraint requirements.lock --output-file requirements.build.lock
	$(RESOLVE) --group site --python-version 3.11 --output-file requirements.site.lock
	$(NPM) run lock
	$(NPM) --prefix $(LIGHTHOUSE) run lock

sbom: $(READY) ## write the bill of materials of the image's Python packages (var/minois.cdx.json, CycloneDX)
	@mkdir -p var
	@$(BIN)/python -W ignore -m cyclonedx_py requirements requirements.image.lock --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file var/minois.cdx.json

audit: $(READY) ## check the image's Python packages for known vulnerabilities (SERVICE=pypi; OFFLINE=yes without a network)
	@$(BIN)/python -m tests.supply.audit --service $(or $(SERVICE),pypi) $(if $(OFFLINE),--offline)

licences: $(READY) ## generate docs/licences.md, and check the licences of all dependencies of the image and the pages
	@$(BIN)/python -m tests.supply.licences

image: ## build the container image (IMAGE=localhost/minois:dev VERSION=dev; with docker, podman or buildah)
	@for name in docker podman buildah; do \
		if $$name info >/dev/null 2>&1; then engine=$$name; break; fi; \
	done; \
	if [ -z "$$engine" ]; then echo "make image needs docker, podman or buildah." >&2; exit 1; fi; \
	echo "Building $(IMAGE) with $$engine ..."; \
	$$engine build --file deploy/Dockerfile --tag "$(IMAGE)" \
		--label org.opencontainers.image.version="$(VERSION)" \
		--label org.opencontainers.image.revision="$$(git rev-parse HEAD 2>/dev/null)" .

image-test: $(READY) ## build the image and test an installation from it (needs buildah, podman and root)
	@MINOIS_IMAGE=$(or $(MINOIS_IMAGE),1) $(BIN)/pytest tests/cluster/test_image.py -s

setup: $(READY) $(BUILT_PAGES) ## create .venv and build the web pages

$(READY): requirements.lock
	@python=; for name in python3 python3.11 python3.12 python3.13 python3.14; do \
		if $$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Minois needs Python 3.11 or newer, with its venv module (on Debian: apt install python3-venv)." >&2; \
		exit 1; fi; \
	echo "Creating $(VENV) with $$($$python --version), which takes a minute or two the first time ..."; \
	$$python -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock && \
	touch $(READY)

# PATH makes npm use the Node of the wheel instead of one installed on the machine.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix $(WEB) --silent

$(WEB)/node_modules/.installed: $(READY) $(WEB)/package-lock.json
	@echo "Installing the dependencies of the web pages ..."
	@$(NPM) ci --ignore-scripts
	@touch $@

$(LIGHTHOUSE)/node_modules/.installed: $(READY) $(LIGHTHOUSE)/package-lock.json
	@echo "Installing Lighthouse ..."
	@$(NPM) --prefix $(LIGHTHOUSE) ci --ignore-scripts
	@touch $@

$(BUILT_PAGES): $(WEB)/node_modules/.installed $(shell find gateway protos -name node_modules -prune -o -name '*.py' -print -o -path '*/web/src/*' -type f -print) $(WEB)/build.mjs
	@echo "Building the web pages ..."
	@mkdir -p $(WEB)/build
	@$(BIN)/python -m gateway.contract > $(WEB)/build/openapi.json
	@$(NPM) run types > /dev/null && $(NPM) run build
	@touch $@
