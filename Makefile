# Two commands do everything on a fresh machine: `make repro` and `make test`. `make help` lists the rest.
PYTHON ?= python3.11
VENV := .venv
MADE_FROM := $(VENV)/requirements.lock
# uv is several times as quick as pip, which knows mirrors that uv was not told of.
PIP := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check
install = $(VENV)/bin/uv pip install --quiet --python $(VENV) $(1) || $(PIP) $(1)
RESOLVE := UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help env new-env repro params tune folds report look unlock test torture lint check-docs format lock gpu jax torch clean clean-state

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env: ## make the environment in .venv from requirements.lock, once
	@cmp -s requirements.lock $(MADE_FROM) || $(MAKE) --no-print-directory new-env

new-env:
	@[ ! -L $(VENV) ] || { echo "error: $(VENV) is a link, and not to an environment of this requirements.lock; remove the link" >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; install Python 3.11 or name it: make PYTHON=..." >&2; exit 1; }
	@echo "making the environment in $(VENV) (once, a minute or so)"
	@$(PYTHON) -c 'import sys; sys.exit("error: Python 3.11 is needed, this is " + sys.version.split()[0] if sys.version_info[:2] != (3, 11) else 0)'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) --require-hashes -r installer.lock
	@$(call install,--require-hashes -r requirements.lock)
	@$(call install,--no-deps -e .)
	@$(VENV)/bin/python -m compileall -qq -j 0 -x 'site-packages/.*/tests/' $(VENV)/lib || true  # what fails is never imported
	@cp requirements.lock $(MADE_FROM)

repro: env unlock ## run the pipeline: dvc repro
	@dvc repro

tune: env unlock ## try the grid of params.yaml as experiments: make tune ARGS='--random 6 -S epochs=2'; ARGS=--show compares
	@python -m stages.tune $(ARGS)

folds: env ## five folds, every line tested once: make folds DATA=data/iam.zip; ARGS='--seeds 2 -S crop.tone=raw' and the like
	@python -m benchmarks.accuracy $(or $(DATA),data/synthetic.zip) $(ARGS)

report: env ## write report.html, one page about the run; EXP="NAME ..." compares experiments
	@python -m tools.report $(EXP)

look: env ## write look.html: ten lines at random and the ten oddest, as they came and as the network sees them
	@python -m tools.look $(ARGS)

unlock: env ## mend DVC's own files, which it cannot read where a kill in the middle of writing left them cut off
	@python -m tools.unlock

test: lint ## check the style and types, then run all tests
	@python -m pytest --numprocesses=3 --dist=loadfile --no-loadscope-reorder

torture: env ## kill a tiny pipeline 30 times at random moments and compare the results
	@python -m tests.torture

lint: env check-docs ## ruff, mypy and check-docs
	@ruff check .
	@ruff format --check .
	@mypy --num-workers 2

check-docs: env ## compare the figures in README.md and docs/ with the files that they are from
	@python -m tools.check_docs

params: env ## write the comments of params.yaml anew, with new parameters at their defaults
	@python -m tools.params

format: env ## let ruff rewrite what it can
	@ruff check --fix .
	@ruff format .

gpu: env ## add CUDA for TensorFlow to the environment
	@pip install --quiet -e '.[gpu]'

jax: env ## add JAX; use it with `dvc exp run -S backend=jax`
	@pip install --quiet -e '.[jax]'

torch: env ## add PyTorch; use it with `dvc exp run -S backend=torch`
	@pip install --quiet -e '.[torch]'

lock: env ## resolve pyproject.toml anew into requirements.lock, and uv into installer.lock
	@$(RESOLVE) --extra dev --extra experiment -o requirements.lock pyproject.toml
	@echo uv | $(RESOLVE) -o installer.lock -

clean-state: ## remove what interrupted runs left
	@rm -rf .state .dvc/tmp/rwlock
	@find data metrics models -name ".partial-*" -delete 2>/dev/null || true

clean: clean-state ## remove the environment and all results that dvc repro can make again
	@rm -rf $(VENV) models/model.keras models/checkpoints models/identifier metrics/figures data/checked.json data/synthetic.zip
	@rm -f data/lines.csv data/writers.csv data/left_out.csv data/split.csv data/crops/*.npy data/crops/crops.json
