# Two commands do everything: `make demo` and `make test`. Needed beforehand: Python 3.11 or newer, make and git.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
DEMO := .venv-demo
TEST := .venv-test
TEST211 := .venv-test-2.11
DOCS := .venv-docs
# The one list of Airflow's minor versions, oldest first; nightly, docs and the bug form are held to it by a test.
AIRFLOWS := $(shell cat .ci/airflow-versions)
# Python keeps what it compiled, also where the caller's environment would have it compile each time.
export PYTHONDONTWRITEBYTECODE :=
# Two cores feed three workers: much of a test is waiting for a process.
WORKERS ?= 3
# No test may stand still for ever; none takes a tenth of this.
PARALLEL := -n $(WORKERS) --dist worksteal --timeout 300
# The rooms without Airflow, sandbox and tools around them; what is slow there is marked and left to `make test`.
FAST := tests/text tests/client tests/tables tests/campaign tests/sync tests/apprise tests/cli tests/test_architecture.py tests/test_public_names.py

.PHONY: help demo fast format test test-nightly test-short test-stack test-2.11 test-airflow test-apprise test-hosts test-foreign test-fuzz test-faults test-faults-short test-leaks test-leaks-short test-browser test-cluster test-cluster-short cluster-programs lint docs docs-serve sandbox constraints build smoke test-lowest test-matrix audit badges clean

help:  ## Show this list
	@grep -hE '^[a-zA-Z0-9._-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([^:]+):.*## /  make \1\t/' | expand -t 20

demo: $(DEMO)/ready  ## Run a real campaign through Airflow against the sandbox
	@$(DEMO)/bin/python -m demo.run

sandbox: $(DEMO)/ready  ## Keep a sandbox running in the foreground (Ctrl-C ends it)
	@$(DEMO)/bin/python -m ippanel_provider.sandbox $(ARGS)

fast: $(TEST)/ready  ## The tests of an inner loop: no Airflow, nothing slow (under a minute)
	$(TEST)/bin/python -m pytest $(PARALLEL) -q -m 'not slow' $(wildcard $(FAST)) $(ARGS)

format: $(TEST)/ready  ## Lay out the code, mend what can be mended by itself
	$(TEST)/bin/ruff check --fix --quiet . || true
	$(TEST)/bin/ruff format .

test: lint  ## Check style and types, run all tests with coverage
	$(TEST)/bin/python -m pytest $(PARALLEL) --ignore=tests/browser --ignore=tests/cluster -m 'not nightly' --cov --cov-report=term $(ARGS)

test-nightly: $(TEST)/ready  ## What repeats at length what a shorter test shows, and ten times the drawn examples (15 minutes)
	IPPANEL_TEST_TIMES=10 $(TEST)/bin/python -m pytest $(PARALLEL) --ignore=tests/browser --ignore=tests/cluster -m 'nightly or hypothesis' $(ARGS)

test-2.11: $(TEST211)/ready  ## Run the Airflow tests on Airflow 2.11
	$(TEST211)/bin/python -m pytest $(PARALLEL) tests/airflow $(ARGS)

test-airflow: named .venv-test-$(VERSION)/ready  ## Run the Airflow tests on any other version, as VERSION=3.1
	.venv-test-$(VERSION)/bin/python -m pytest $(PARALLEL) tests/airflow $(ARGS)

test-short: named .venv-test-$(VERSION)/ready  ## The same in short: a send, a wait, an alert, what Airflow is told; as VERSION=3.1
	.venv-test-$(VERSION)/bin/python -m pytest $(PARALLEL) $(SHORT) $(ARGS)

SHORT := $(addprefix tests/airflow/,test_provider_info.py hooks/test_ippanel.py operators/test_send.py sensors/test_bulk.py \
	triggers/test_triggers.py notifications/test_ippanel.py example_dags/test_parsing.py)

.PHONY: named
named:
	@test -n "$(VERSION)" || (echo "say which, as VERSION=3.1" && exit 2)

test-apprise: $(TEST)/ready  ## Run the Apprise tests on the oldest, two older and the newest version of Apprise
	$(TEST)/bin/python tests/apprise/matrix.py $(ARGS)

test-hosts: $(TEST)/ready  ## Run the tools of others that notify through Apprise, and print what each reported (15 minutes)
	$(TEST)/bin/python -m tests.apprise.hosts.table $(ARGS)

test-foreign: $(TEST)/ready  ## Let clients we did not write, from the package index, speak to the sandbox
	$(TEST)/bin/python -m tests.foreign_clients.run

test-fuzz: $(TEST)/ready  ## Throw generated requests at the sandbox for some minutes
	$(TEST)/bin/python tests/fuzz/run.py $(ARGS)

test-faults: $(TEST)/ready  ## Kill senders at random, alone and under a real scheduler, meet every fault at every step (45 minutes)
	$(TEST)/bin/python -m tests.faults.worlds
	$(TEST)/bin/python -m tests.faults.covering
	$(TEST)/bin/python -m tests.faults.cost
	$(TEST)/bin/python -m tests.faults.steps
	$(TEST)/bin/python -m tests.faults.kill_sender --kills 1000 --homes task
	$(TEST)/bin/python -m tests.faults.kill_sender --kills 30 --homes sql variables
	$(TEST)/bin/python -m tests.faults.kill_airflow

test-faults-short: $(TEST)/ready  ## The same without a scheduler, for every change (2 minutes)
	$(TEST)/bin/python -m tests.faults.kill_sender --kills 12 --people 2000

test-leaks: $(TEST)/ready  ## Let every kind of task fail in every way, and look for numbers, texts and keys in all that is left (15 minutes)
	$(TEST)/bin/python -m tests.leaks.run

test-leaks-short: $(TEST)/ready  ## The same with fewer answers, for every change (under a minute)
	$(TEST)/bin/python -m tests.leaks.run --short

test-browser: $(TEST)/ready  ## Look at the sandbox's pages in Chromium (as root it is installed where there is none)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || test -n "$$CHROMIUM" \
		|| { test "$$(id -u)" = 0 && apt-get -qq update && apt-get -qq install -y chromium; } \
		|| { echo "There is no Chromium: install it (on Debian: apt-get install chromium), or name it in CHROMIUM." >&2; exit 1; }
	@$(TEST)/bin/uv pip install --quiet --python $(TEST)/bin/python -c constraints.txt --group browser
	$(TEST)/bin/python -m pytest tests/browser $(ARGS)

test-stack: $(TEST)/ready  ## Whole Airflows: texts start DAGs while the triggerer is killed, and a browser fills in forms and settles doubts (14 minutes)
	@$(TEST)/bin/uv pip install --quiet --python $(TEST)/bin/python -c constraints.txt --group browser
	$(TEST)/bin/python -m tests.airflow.stack.inbox 3
	$(TEST)/bin/python -m tests.airflow.stack.approval
	$(TEST)/bin/python -m tests.airflow.stack.waits
	$(TEST)/bin/python -m tests.airflow.stack.asking
	$(TEST)/bin/python -m tests.airflow.stack.interface
	$(TEST)/bin/python -m tests.airflow.stack.page_server
	$(TEST)/bin/python -m tests.airflow.stack.texts 4

test-cluster: cluster-programs  ## Strike at Celery workers, PostgreSQL, Redis and the service during 100,000 texts (25 minutes)
	$(TEST)/bin/python -m pytest tests/cluster $(ARGS)
	$(TEST)/bin/python -m tests.cluster.run

test-cluster-short: cluster-programs  ## The same once each, during 10,000 texts (5 minutes)
	$(TEST)/bin/python -m pytest tests/cluster $(ARGS)
	$(TEST)/bin/python -m tests.cluster.run --recipients 10000 --each 1 --rate 0.5 --campaigns CeleryExecutor/own_texts

# RUNLEVEL keeps Debian from starting servers of its own.
cluster-programs: $(TEST)/ready
	@{ command -v redis-server && command -v mariadbd && { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } ; } >/dev/null 2>&1 \
		|| { test "$$(id -u)" = 0 && apt-get -qq update && RUNLEVEL=1 apt-get -qq install -y mariadb-server postgresql redis-server; } \
		|| { echo "There is no PostgreSQL, MariaDB or Redis: install them (on Debian: apt-get install mariadb-server postgresql redis-server)." >&2; exit 1; }
	@$(TEST)/bin/uv pip install --quiet --python $(TEST)/bin/python -c constraints.txt --group cluster

lint: $(TEST)/ready  ## Check style and types only
	$(TEST)/bin/ruff check .
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/mypy

# Two of the documentation's tools warn of a MkDocs 2, which is not what we use; both are told that we have read it.
MKDOCS = NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true $(DOCS)/bin/python -m mkdocs

docs: $(DOCS)/ready  ## Build the documentation into site/ and check every link in it
	$(MKDOCS) build
	@! grep -rlE '<(script|img|iframe|source|link)[^>]* (src|href)="(https?:)?//' site --include='*.html' \
		|| { echo "These pages load something from elsewhere; a reader's browser must not be sent there." >&2; exit 1; }
	@echo "Read it: open site/index.html, or with the search at http://127.0.0.1:8000: make docs-serve"

docs-serve: $(DOCS)/ready  ## Show the documentation at http://127.0.0.1:8000 while it is written
	$(MKDOCS) serve

build: $(TEST)/ready  ## Build the wheel and the source archive, and look at what is in them
	@$(TEST)/bin/uv pip install --quiet --python $(TEST)/bin/python -c constraints.txt --group release
	$(TEST)/bin/python -m tests.release.archives

smoke: build  ## Install the wheel with each extra alone and try what it brings
	$(TEST)/bin/python -m tests.release.smoke $(ARGS)

test-lowest: $(TEST)/ready  ## Run the tests of most rooms with the lowest versions that are promised to work
	$(TEST)/bin/python -m tests.release.lowest $(ARGS)

test-matrix:  ## Run the Airflow tests on each minor version from the oldest to the newest
	@for version in $(AIRFLOWS); do $(MAKE) test-airflow VERSION=$$version || exit 1; done

SHADES := 70=red 85=orange 95=olive 100=green

badges: $(TEST)/ready  ## Draw the pictures of coverage (of the last make test) and types from what was measured
	@$(TEST)/bin/uv pip install --quiet --python $(TEST)/bin/python -c constraints.txt --group release
	@$(TEST)/bin/coverage combine --quiet --keep 2>/dev/null || true
	$(TEST)/bin/mypy --any-exprs-report .mypy_cache/report
	$(TEST)/bin/anybadge -o -s ' %' -l coverage -f docs/images/coverage.svg $(SHADES) \
		-v "$$($(TEST)/bin/coverage report --format=total --precision=1 --fail-under=0)"
	$(TEST)/bin/anybadge -o -s ' %' -l typed -f docs/images/types.svg $(SHADES) \
		-v "$$(awk '/^ *Total/ { print 100 - int(1000 * $$2 / $$3 + 0.999) / 10 }' .mypy_cache/report/any-exprs.txt)"

audit: $(TEST)/ready  ## Ask whether what the package installs has known vulnerabilities (SERVICE=osv or pypi)
	@$(TEST)/bin/uv pip install --quiet --python $(TEST)/bin/python -c constraints.txt --group release
	$(TEST)/bin/python -m tests.release.audit $(SERVICE)

constraints: $(TEST)/ready  ## Pin the newest versions of everything the tests and the demo use
	$(TEST)/bin/uv pip compile -q -U --no-header --no-emit-index-url --no-annotate --python-version 3.11 --all-extras \
		--group lint --group test --group newest --group browser --group bench --group demo --group docs --group cluster \
		--group release pyproject.toml -o constraints.txt
	echo 'apache-airflow==2.11.*' | $(TEST)/bin/uv pip compile -q -U --no-header --no-emit-index-url --no-annotate --python-version 3.11 \
		--all-extras --group test --group demo pyproject.toml - -o constraints-2.11.txt

clean:  ## Remove the environments and what the demo left
	rm -rf $(DEMO) $(TEST) .venv-test-* $(DOCS) site .venv-foreign .venv-fuzz .venv-apprise-* .venv-hosts .venv-lowest-* .demo dist

# An environment is made once and again only when what it is made of changes.
define environment
	@echo "Making the environment $(1) (only this once) ..."
	@rm -rf $(1)
	@$(PYTHON) -m venv $(1)
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check -c $(2) uv
	@$(1)/bin/uv pip install --quiet --python $(1)/bin/python -c $(2) $(3) -e '.[$(4)]'
	@touch $(1)/ready
endef

$(DEMO)/ready: pyproject.toml constraints.txt
	$(call environment,$(DEMO),constraints.txt,--group demo,airflow$(comma)sandbox)

$(TEST)/ready: pyproject.toml constraints.txt
	$(call environment,$(TEST),constraints.txt,--group lint --group test --group newest --group demo,all)

$(DOCS)/ready: pyproject.toml constraints.txt
	$(call environment,$(DOCS),constraints.txt,--group docs --group lint,sandbox)

# One of each version of Airflow; what a version needs held back stands in a file of its name.
.venv-test-%/ready: pyproject.toml
	@echo "Making the environment $(@D) (only this once) ..."
	@rm -rf $(@D)
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	@$(@D)/bin/uv pip install --quiet --python $(@D)/bin/python $(addprefix -c ,$(wildcard constraints-$*.txt)) \
		'apache-airflow==$*.*' --group test --group demo -e '.[all]'
	@touch $@

comma := ,
