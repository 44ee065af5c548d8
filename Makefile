# Everything is installed into this directory: .venv (Python packages), .kafka (Kafka), .run (data of what runs).

BIN := .venv/bin
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))

PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
# uv asks the index that pip is set up for here: it has other names for it
PIP_TO_UV := 's/^[^.]*\.+index-url=/export UV_DEFAULT_INDEX=/p; s/^[^.]*\.+extra-index-url=/export UV_INDEX=/p; \
	s/^[^.]*\.+find-links=/export UV_FIND_LINKS=/p; s/^[^.]*\.+cert=/export SSL_CERT_FILE=/p; s/^[^.]*\.+proxy=/export ALL_PROXY=/p'
# three quarters of what is installed no process of ours reads; what one does all the same keeps its bytecode from then on
SELDOM := /(geodata|lexers|tests)/|-packages/(grafana_foundation_sdk|mypy|mypyc|pip|scipy|setuptools)/
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo watch down test check chaos fuzz bench lock sbom

help:   ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 14

demo: .venv/installed  ## a city on a real Kafka; CITY=madison-wi or all, KEEP=1 SECURED=1 SEED=n; CALLS=x.csv MAPPING=x.toml DOC=x.toml SPEED=n
	@$(BIN)/python -m deploy.demo $(if $(KEEP),--keep) $(if $(CITY),--city '$(CITY)') $(if $(CALLS),--calls '$(CALLS)') \
		$(if $(MAPPING),--mapping '$(MAPPING)') $(if $(DOC),--document '$(DOC)') $(if $(SPEED),--speed '$(SPEED)') \
		$(if $(SEED),--seed '$(SEED)') $(if $(SECURED),--secured) $(ARGS)

watch: .venv/installed  ## a demo left running with Prometheus and Alertmanager on it (a demo has them where they are there)
	@$(BIN)/python -m deploy.demo --keep --watched $(ARGS)

down: .venv/installed  ## end a demo that was left running
	@$(BIN)/python -m deploy.demo --down

test: check  ## everything that must pass
	$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(ARGS)

check: .venv/installed  ## style, types, who imports whom, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/uv pip check --quiet --python $(BIN)/python

chaos: .venv/installed  ## processes and Kafka killed at random; MATRIX=1: every fault in turn; ARGS="--help" tells how
	@$(BIN)/python -m tests.chaos$(if $(MATRIX),.matrix) $(ARGS)

fuzz: .venv/installed  ## spoiled inputs at every door and reader; INPUTS=n
	@FUZZ_INPUTS=$(or $(INPUTS),100000) $(BIN)/python -m pytest -q -n 2 --dist load tests/fuzz $(ARGS)

bench: .venv/installed  ## latency, throughput, recovery; ARGS="--help" tells how
	@$(BIN)/python -m tests.bench $(ARGS)

lock: .venv/installed  ## pin the dependencies of pyproject.toml anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--extra dev --extra local --extra image pyproject.toml --output-file requirements.lock $(ARGS)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra image --generate-hashes --no-header \
		--constraints requirements.lock pyproject.toml --output-file deploy/requirements.lock
	cp requirements.lock tests/bench/peers/requirements.lock  # versions are kept where the peers allow it
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra peers --generate-hashes --no-header \
		pyproject.toml --output-file tests/bench/peers/requirements.lock

sbom: .venv/installed  ## what the image holds, as CycloneDX: sbom.cdx.json
	@$(BIN)/python -m deploy.sbom sbom.cdx.json

.venv/installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "careroute needs Python 3.11 or later (Debian: apt-get install python3 python3-venv);" \
		"if it has another name, say so: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing the Python packages into .venv, this once"
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@sed -n '/^uv==/,/#/p' requirements.lock > .venv/uv.lock
	@$(PIP) install --quiet --require-hashes --requirement .venv/uv.lock
	@eval "$$($(PIP) config list | sort -r | sed -nE $(PIP_TO_UV))"; $(INSTALL) --require-hashes --requirements requirements.lock \
		|| { echo "uv could not; pip tries" >&2; $(PIP) install --quiet --require-hashes --requirement requirements.lock; }
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q -j 0 -x '$(SELDOM)' .venv/lib services shared deploy || true  # a service starts in half the time
	@touch $@
