# Everything here sets up what it needs by itself; a second run rebuilds nothing that has not changed.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: help demo test test-pure test-engine soak bench lint clean

help:
	@echo "make demo    a call made bad and mended, with the figures beside it"
	@echo "make test    all checks, with a real Docker engine (PYTEST='...' runs pytest alone, with these options)"
	@echo "             its parts: lint, test-pure (no Docker), test-engine"
	@echo "make soak    50 clients on this machine (SOAK=100 for more), and every scenario, the first one 20 times: 50 minutes"
	@echo "             SOAK_ONLY=10 runs the whole proof of issue 10 instead"
	@echo "make bench   what the forwarder costs beside a kernel bridge, as root (BENCH='...' passes options on)"
	@echo "make lint    ruff and mypy only"
	@echo "make clean   remove labs, images, environment, and the engine that this checkout started"

demo: $(VENV)/ready
	@.ci/engine start
	@$(BIN)/synthlab demo

# All parts run, also after one that failed; the last line names those that did.
test: $(VENV)/ready
ifdef PYTEST
	@.ci/engine start
	@.ci/node
	@$(BIN)/pytest $(PYTEST)
else
	@MAKE='$(MAKE)' .ci/each lint test-pure test-engine
endif

# In an order that is drawn anew each time; PYTEST='--randomly-seed=N ...' repeats the one that the output names.
test-pure: $(VENV)/ready
	@.ci/node
	@$(BIN)/pytest -n 4 -m 'not docker and not veth and not soak'

test-engine: $(VENV)/ready
	@.ci/engine start
	@$(BIN)/pytest -p no:randomly --durations 25 -m '(docker or veth) and not soak'

soak: $(VENV)/ready
	@.ci/engine start
	@SYNTHLAB_SCALE=$(or $(SOAK),50) $(BIN)/pytest -p no:randomly -s $(if $(SOAK_ONLY),-m '' --issue $(SOAK_ONLY),-m soak) $(PYTEST)

bench: $(VENV)/bench
	@.ci/iperf3
	@$(BIN)/python -m benchmarks $(BENCH)

lint: $(VENV)/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

clean:
	@if [ -x $(BIN)/synthlab ] && docker info >/dev/null 2>&1; then $(BIN)/synthlab down --all; fi
	@if docker info >/dev/null 2>&1; then docker image ls -q --filter label=synthlab.content | sort -u | xargs -r docker image rm -f; fi
	@.ci/engine stop
	rm -rf $${XDG_CACHE_HOME:-$$HOME/.cache}/synthlab
	rm -rf $(VENV) .cache dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/ready: pyproject.toml
	@.ci/venv "$(PYTHON)" $(VENV)
	@touch $@

$(VENV)/bench: $(VENV)/ready
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]' 2>&1 | grep -v '^WARNING: Location' >&2 || true
	@$(BIN)/python -c 'import matplotlib'
	@touch $@
