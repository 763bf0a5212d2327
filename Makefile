# Every target installs what it requires; later runs rebuild only what changed.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PIP := $(BIN)/pip --quiet --disable-pip-version-check

.PHONY: help pictures demo test test-pure test-engine soak bench lint format wheel docs clean

help:
	@echo "make demo    run a call, break its network, repair it, and show what the clients saw"
	@echo "make test    run all checks, with a real Docker engine (PYTEST='...' runs only pytest, with these options)"
	@echo "             its parts: lint, test-pure (no Docker), test-engine"
	@echo "make soak    run 50 clients (SOAK=100 for more) and every scenario, the first one 20 times: over an hour"
	@echo "             SOAK_ONLY=10 runs every test of issue 10 instead"
	@echo "make bench   measure the forwarder against a kernel bridge, as root (BENCH='...' passes options)"
	@echo "make lint    run ruff and mypy only"
	@echo "make format  format the code and apply ruff's fixes"
	@echo "make wheel   build the wheel into dist/"
	@echo "make docs    build the documentation into .cache/site; fails on broken links"
	@echo "make pictures  regenerate the README's pictures from a real run"
	@echo "make clean   remove labs, images and .venv, and stop the engine started from this checkout"

demo: $(VENV)/ready
	@.ci/engine start
	@$(BIN)/synthlab demo

# Every part runs even if one fails; the last line lists the failed ones.
test: $(VENV)/ready
ifdef PYTEST
	@.ci/engine start
	@.ci/nft
	@.ci/node
	@$(BIN)/pytest $(PYTEST)
else
	@MAKE='$(MAKE)' .ci/each lint test-pure test-engine
endif

# In random order; PYTEST='--randomly-seed=N ...' repeats the order of the seed in the output.
test-pure: $(VENV)/ready
	@.ci/node
	@$(BIN)/pytest -n 4 -m 'not docker and not veth and not soak'

test-engine: $(VENV)/ready
	@.ci/engine start
	@.ci/nft
	@$(BIN)/pytest -p no:randomly --durations 25 -m '(docker or veth) and not soak'

soak: $(VENV)/ready
	@.ci/engine start
	@.ci/nft
	@SYNTHLAB_SCALE=$(or $(SOAK),50) $(BIN)/pytest -p no:randomly -s $(if $(SOAK_ONLY),-m '' --issue $(SOAK_ONLY),-m soak) $(PYTEST)

bench: $(VENV)/bench
	@.ci/iperf3
	-@.ci/engine start
	@$(BIN)/python -m benchmarks $(BENCH)

lint: $(VENV)/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/ready
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

wheel: $(VENV)/ready
	@rm -rf dist
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

docs: $(VENV)/docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo ".cache/site/index.html"

pictures: $(VENV)/ready
	@.ci/engine start
	@$(BIN)/python docs/pictures/make.py

clean:
	@if [ -x $(BIN)/synthlab ] && docker info >/dev/null 2>&1; then $(BIN)/synthlab down --all; fi
	@if docker info >/dev/null 2>&1; then docker image ls -q --filter label=synthlab.content | sort -u | xargs -r docker image rm -f; fi
	@.ci/engine stop
	rm -rf $${XDG_CACHE_HOME:-$$HOME/.cache}/synthlab
	rm -rf $(VENV) .cache dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/ready: pyproject.toml
	@.ci/venv "$(PYTHON)" $(VENV)
	@touch $@

$(VENV)/bench $(VENV)/docs: $(VENV)/ready
	@$(PIP) install --editable '.[$(@F)]' 2>&1 | grep -v '^WARNING: Location' >&2 || true
	@$(BIN)/python -c 'import $(if $(filter bench,$(@F)),matplotlib,material)'
	@touch $@
