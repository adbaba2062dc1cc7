# make demo     start the demo lab in JupyterLab
# make panel    bundle the panel's script again
# make test     run every test and notebook
# make lint     check style and imports; make types: check types
# make mutants  remove each safety mechanism, and show the test that fails
# make soak     run 10,000 random steps of a laboratory; nothing live is lost
# make matrix   scan what other releases of DataJoint wrote, and show what their collectors lose
# make bench    compare speed with DataJoint's collector and with other grids
# make docs     build the documentation, with every link checked
# make lock     resolve the dependencies again

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
UV := uv==0.13.*
NPM := $(VENV)/axe/installed $(VENV)/azurite/installed $(VENV)/frontend/installed
BUNDLE := --bundle --format=esm --minify --target=es2022 --legal-comments=none --log-level=warning \
  --jsx=automatic --jsx-import-source=preact
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet

# Keep compiled bytecode, so that not every process of every test compiles it again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo panel test lint types mutants soak matrix bench docs lock clean

demo: $(VENV)/demo
	$(BIN)/djgc demo $(DEMO)

panel: $(VENV)/frontend/installed
	NODE_PATH=$(VENV)/frontend/node_modules $(VENV)/frontend/node_modules/.bin/esbuild \
	  djgc_widgets/panel/frontend/src/main.tsx $(BUNDLE) --outfile=djgc_widgets/static/panel.js
	cd $(VENV)/frontend/node_modules && tail -n +1 preact/LICENSE d3-hierarchy/LICENSE \
	  > $(CURDIR)/djgc_widgets/static/panel.licenses.txt

test: $(VENV)/test services $(VENV)/mysql $(NPM)
	$(BIN)/pytest --nbmake --cov -n logical --dist worksteal

lint: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/pre-commit validate-config
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/repo-review

types: $(VENV)/test
	$(BIN)/mypy

mutants: $(VENV)/test services $(VENV)/mysql
	DJGC_MUTANTS=all $(BIN)/pytest tests/mutants -v -n logical --dist worksteal

soak: $(VENV)/test services $(VENV)/mysql
	DJGC_SOAK_STEPS=10000 $(BIN)/pytest tests/integration/collector/test_machine.py -s --timeout=0

matrix: $(VENV)/test services $(VENV)/mysql
	$(BIN)/python -W ignore -m tests.matrix

bench: $(VENV)/test services $(VENV)/mysql
	$(BIN)/python -m tests.benchmarks

docs: $(VENV)/test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --config-file docs/mkdocs.yml

lock: $(BIN)/uv
	$(COMPILE) --upgrade --extra demo --group test --group lint --group bench --group docs -o tests/requirements.txt
	$(COMPILE) --extra demo -c tests/requirements.txt -o binder/requirements.txt

clean:
	rm -rf $(VENV) docs/site .coverage .hypothesis .*_cache

# As root on Debian, install the packages that are missing; elsewhere install them by hand.
.PHONY: services
services:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  missing=; \
	  command -v chromium >/dev/null || missing="$$missing chromium"; \
	  command -v mariadb-install-db >/dev/null || missing="$$missing mariadb-server"; \
	  command -v npm >/dev/null || missing="$$missing npm"; \
	  [ -z "$$missing" ] || { \
	    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy \
	      --no-install-recommends $$missing; }; \
	fi

# MySQL, unless it is installed: as root on Debian its packages, unpacked but not installed.
$(VENV)/mysql: tests/support/unpack_mysql.sh $(BIN)/uv
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  ! { mysqld --version 2>/dev/null | grep -v MariaDB; }; then \
	  rm -rf $@ && tests/support/unpack_mysql.sh $@ && touch $@; \
	fi

# From npm: the accessibility checker that the browser tests load, an emulator of Azure, and what
# bundles and tests the panel's script.
$(VENV)/axe/installed: tests/browser/axe/package-lock.json
$(VENV)/azurite/installed: tests/support/azurite/package-lock.json
$(VENV)/frontend/installed: djgc_widgets/panel/frontend/package-lock.json
$(NPM): | $(BIN)/uv services
	mkdir -p $(@D)
	cp $(<D)/*.json $(@D)
	npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund
	touch $@

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "$(UV)"

$(VENV)/demo: $(BIN)/uv binder/requirements.txt pyproject.toml
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet -r binder/requirements.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps -e .
	touch $@

$(VENV)/test: $(BIN)/uv tests/requirements.txt pyproject.toml
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet -r tests/requirements.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps -e .
	touch $@
