# `make demo` and `make test` set themselves up on a machine that has Python 3.11 to 3.13 and nothing else of this project.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || echo python3)
TORCH  := torch==2.13.0
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check peers bench serve clean

demo: .venv/.installed
	$(BIN)/twofold demo

test: .venv/.dev
	$(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder $(ARGS)

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Argilla's own server tests on our engine and application; see docs/search.md.
peers: .venv/.dev
	$(BIN)/python tests/peers $(ARGS)

bench: .venv/.dev
	@$(PIP) --constraint constraints.txt --editable '.[all,bench]'
	$(BIN)/python -m benchmarks $(ONLY)

# torch first: resolved together with the rest, pip takes the build for the newest GPUs, gigabytes of it.
.venv/.installed: pyproject.toml constraints.txt
	@echo "Installing into .venv; minutes the first time, nothing the second time"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --constraint constraints.txt $(TORCH)
	@$(PIP) --constraint constraints.txt --editable '.[all]'
	@touch $@

.venv/.dev: .venv/.installed
	@$(PIP) --constraint constraints.txt --editable '.[all,dev]'
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache build *.egg-info
