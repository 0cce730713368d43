# Two commands on a fresh machine: `make demo` and `make test`. `make help` lists the rest.

PYTHON ?= python3
JOBS ?= 2
TESTS ?= tests

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEPLOY := .venv-deploy

.DEFAULT_GOAL := help
.PHONY: help demo test check format snapshot lock pictures dist clean texts model .venv-deploy test-system test-role test-image test-storage test-systemd bench peers

help:  ## Show this list.
	@echo "make TARGET, where TARGET is one of:"
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: PYTHON=$(PYTHON) (3.11 or newer, for a new .venv), JOBS=$(JOBS) (test processes), TESTS=$(TESTS)."

.venv: $(READY)  ## Create .venv from requirements/dev.lock, or bring it up to date.

$(READY): pyproject.toml requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is missing or older than Python 3.11: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@test -x $(BIN)/pip || { echo "Creating $(VENV) ($$($(PYTHON) --version))"; rm -rf $(VENV); $(PYTHON) -m venv $(VENV); } || \
	  { rm -rf $(VENV); echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Installing requirements/dev.lock and the package itself"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: $(READY)  ## Draw 16 sample avatars; own database, simulated providers unless a key is set.
	@$(BIN)/retrato demo --once
	@echo "Next: README.md, \"In ten minutes with your own database\". \`$(BIN)/retrato demo\` keeps running instead of ending."

test: check  ## Everything CI checks: `make check`, then all tests.
	$(BIN)/pytest -n $(JOBS) --dist loadgroup $(TESTS)

test-system: $(READY)  ## The fault matrix with real processes: kills, stops, outages, a network that lies (about 25 minutes).
	RETRATO_SYSTEM=1 $(BIN)/pytest tests/system tests/upgrade

test-systemd: $(READY)  ## The unit on booted systemds 252 and 257 (root, systemd-container, mmdebstrap; about 8 minutes).
	RETRATO_SYSTEMD=1 $(BIN)/pytest tests/systemd

test-role: $(READY)  ## The tests of the store, the services and the commands under the role of sql/roles.sql.
	RETRATO_TEST_ROLE=1 $(BIN)/pytest -n $(JOBS) --dist loadgroup tests/store tests/services tests/e2e

test-image: $(READY)  ## Build the image by buildah and run it by podman: draw, health, drain, rights (root; apt: podman buildah runc mmdebstrap).
	RETRATO_IMAGE=1 $(BIN)/pytest tests/image

test-storage: $(READY)  ## The tests of the picture stores on Ceph's radosgw too (as root, with mmdebstrap; 400 MB in build/).
	mkdir -p build && test -x build/radosgw/usr/bin/radosgw || mmdebstrap --quiet --variant=apt --include=radosgw trixie build/radosgw
	RETRATO_RADOSGW_ROOT=$(CURDIR)/build/radosgw $(BIN)/pytest tests/storage

model: $(READY)  ## Check the models of lease and bell (needs spin and gcc; docs/lease.md).
	$(BIN)/python docs/lease/check.py

bench: $(READY)  ## Measure: pace, latency, enqueueing, memory, the console, scale (an hour; bench/README.md).
	$(BIN)/python bench/pace.py
	$(BIN)/python bench/latency.py
	$(BIN)/python bench/enqueue.py
	$(BIN)/python bench/memory.py
	$(BIN)/python bench/console.py
	$(BIN)/python -m bench.scale.scale

peers: $(READY)  ## Measure against pgqueuer, procrastinate and chancy (half an hour; bench/peers/README.md).
	$(BIN)/python bench/peers/run.py

check: $(READY)  ## Lint, formatting, types, direction of imports, image and manifests.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory --keep-going .venv-deploy || echo "Going on with the tools of deploy/checks that there are" >&2
	$(BIN)/python deploy/checks/check.py

.venv-deploy: $(DEPLOY)/.ready $(DEPLOY)/node_modules/.ready  ## Bring the tools of deploy/checks up to date: pip's and npm's.

$(DEPLOY)/.ready: requirements/deploy.lock $(READY)
	@test -x $(DEPLOY)/bin/pip || $(BIN)/python -m venv $(DEPLOY)
	@echo "Installing requirements/deploy.lock"
	@$(DEPLOY)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/deploy.lock
	@touch $@

$(DEPLOY)/node_modules/.ready: deploy/checks/package-lock.json
	@command -v npm > /dev/null || { echo "npm is missing (Debian: apt install nodejs npm)" >&2; exit 1; }
	@mkdir -p $(DEPLOY) && cp deploy/checks/package.json deploy/checks/package-lock.json $(DEPLOY)
	@echo "Installing deploy/checks/package-lock.json"
	@npm ci --prefix $(DEPLOY) --silent --no-audit --no-fund
	@touch $@

format: $(READY)  ## Format the code and mend what the linter can mend.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

snapshot: $(READY)  ## Write sql/schema.snapshot.sql anew after a change of the schema.
	$(BIN)/python -m tests.store.snapshot
	$(BIN)/python -m tests.adoption.plans

lock: $(READY)  ## Write requirements/*.lock anew from pyproject.toml.
	$(BIN)/pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	$(BIN)/uv pip compile $(LOCK_OPTIONS) pyproject.toml -o requirements/runtime.lock
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --extra dev -c requirements/runtime.lock pyproject.toml -o requirements/dev.lock
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --group deploy -o requirements/deploy.lock
	cd deploy/checks && npm update --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

LOCK_OPTIONS = --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
  --custom-compile-command 'make lock'

pictures: $(READY)  ## Make the docs' pictures anew: faces, console, dashboard (ten minutes; Debian's chromium, prometheus).
	$(BIN)/python docs/images/make_faces.py docs/images/faces.jpg
	$(BIN)/python docs/images/make_console.py docs/images
	$(BIN)/python docs/images/make_dashboard.py docs/images/dashboard.jpg

texts: $(READY)  ## Bring the console's catalogues up to the texts in the code, and compile them.
	cd daemon/retrato/console && pybabel=$(CURDIR)/$(BIN)/pybabel && pot=$$(mktemp) && \
	  $$pybabel extract -F locales/babel.cfg -k N_ --no-location --sort-output -o $$pot . && \
	  $$pybabel update -D console -d locales -i $$pot --no-fuzzy-matching --ignore-obsolete --width=100 && \
	  sed -i -E '/^"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By): /d' locales/*/LC_MESSAGES/console.po && \
	  $$pybabel compile -D console -d locales && rm $$pot

dist: $(READY)  ## Build the source archive and the wheel into dist/.
	$(BIN)/python -m build --outdir dist .

clean:  ## Remove .venv, builds and caches; the demo's data in .retrato stay.
	rm -rf $(VENV) $(DEPLOY) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
