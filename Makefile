# `make` lists the targets. Variables: DATA, BUNDLE, BUDGET, SOURCE, PORT, ARGS, PYTHON.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data/esc10
BUNDLE ?= $(shell ls -1d models/esc10-surf-*/ 2>/dev/null | sort -V | tail -n 1)
BUDGET ?= 40
ARGS ?=

.PHONY: help setup demo test soak check tflite bench large arm64 lofo short unknown sweep ablation compare denoise attack orb model pins clean

# Windows are small: BLAS with more threads than one makes them up to twenty times slower.
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1

help:  ## this list
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 10

setup: $(VENV)/.stamp  ## .venv with every extra but tflite

$(VENV)/.stamp: pyproject.toml constraints.txt .ci/venv
	@.ci/system libportaudio2
	@.ci/venv $(VENV) orb,demo,trainer,attack,dev
	@touch $@

.venv-demo/.stamp: pyproject.toml constraints.txt .ci/venv
	@.ci/system libportaudio2 || echo "Going on without: only SOURCE=mic needs it." >&2
	@.ci/venv .venv-demo demo
	@touch $@

demo: .venv-demo/.stamp  ## two minutes of sound, a broker, the real daemon, a live table; SOURCE=mic|file.wav PORT=N
	@.venv-demo/bin/python -m edge.demo $(if $(SOURCE),--source '$(SOURCE)') $(if $(PORT),--port $(PORT)) $(ARGS)

test: $(VENV)/.stamp  ## every test; what needs ../shared or a system package says so and is skipped without it
	@.ci/system --file .ci/packages || echo "Going on without: the tests that need them are skipped." >&2
	@$(BIN)/pytest $(ARGS)

soak: $(VENV)/.stamp  ## the faults that take longer than a test may: kills and outages, figures on stdout; ARGS="--kills 20"
	@$(BIN)/python -m tests.soak $(ARGS)

check: $(VENV)/.stamp  ## the one gate: lint, format, types, imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

tflite: .venv-tflite/.stamp  ## .venv-tflite with the older runtime (Python 3.11 only); make test then compares the two

.venv-tflite/.stamp: pyproject.toml constraints-tflite.txt .ci/venv
	@.ci/system libportaudio2 || echo "Going on without: only a microphone needs it." >&2
	@PYTHON="$${PYTHON:-python3.11}" CONSTRAINTS=constraints-tflite.txt .ci/venv .venv-tflite tflite,orb
	@touch $@

bench: $(VENV)/.stamp  ## the cost figures: this pipeline, YAMNet and a MobileNet in turn on one core of this machine
	@$(BIN)/trainer bench $(BUNDLE) --out runs/bench --json runs/bench.json

arm64: $(VENV)/.stamp  ## the edge on arm64 in an emulator: golden windows, tests, a file, instructions; ARGS="--steps golden"
	@.ci/system --file deploy/arm64/packages
	@$(BIN)/python -m deploy.arm64 --bundle $(BUNDLE) --json runs/arm64.json $(ARGS)

lofo: $(VENV)/.stamp  ## the accuracy figures: one exported bundle a fold, each scored on its own fold, stages and stream too
	$(BIN)/trainer evaluate --protocol lofo --data $(DATA) --out runs/lofo --stages --conditions --streaming --gate \
	    --json runs/lofo.json --report runs/lofo-report

short: $(VENV)/.stamp  ## the accuracy figures with windows of 2 s instead of 5 s, and a denser grid
	mkdir -p runs
	printf '[scalogram]\nwindow_s = 2.0\n[surf]\nscales = [[2, 3, 2, 1]]\n' > runs/short.toml
	$(BIN)/trainer evaluate --protocol lofo --data $(DATA) --config runs/short.toml --out runs/short --json runs/short.json

unknown: $(VENV)/.stamp  ## the unknown figures: classes left out of the fit, are they told from the known
	$(BIN)/trainer evaluate --protocol unknown --data $(DATA) --out runs/unknown --json runs/unknown.json

ablation: runs/lofo/fold-4/done  ## what each augmentation of the training windows gives: the pipeline without it, same folds
	$(BIN)/trainer compare --data $(DATA) --out runs/ablation --bundles runs/lofo --jobs 2 --conditions --json runs/ablation.json \
	    --systems full without_noise_mixing without_rooms without_pitch without_time_shift with_backgrounds

compare: runs/lofo/fold-4/done  ## the comparison figures: each stage removed, SVMs, forest and CNNs, same folds
	$(BIN)/trainer compare --data $(DATA) --out runs/compare --bundles runs/lofo --jobs 2 --json runs/compare.json

sweep: $(VENV)/.stamp  ## the search for a configuration, nested: chosen on inner folds, judged on outer ones; BUDGET=minutes
	$(BIN)/trainer sweep --data $(DATA) --config trainer/sweep/start.toml --out runs/sweep --budget-minutes $(BUDGET) --json runs/sweep.json

attack: runs/lofo/fold-4/done  ## the suspicion figures: a network's perturbations on the bundle of folds 1-3, fold 4
	$(BIN)/trainer attack runs/lofo/fold-4/bundle --data $(DATA) --folds 4 --attack transfer-pgd --snr-db 30 \
	    --surrogate-folds 1,2,3 --json runs/attack.json --out runs/attack

denoise: $(VENV)/.stamp  ## the autoencoder under a noise that it did not learn: violet left out of folds 1-3, fold 4
	rm -rf runs/denoise runs/denoise-bundle
	mkdir -p runs
	printf '[augment]\nnoises = ["white", "blue", "band"]\n' > runs/denoise.toml
	$(BIN)/trainer fit --data $(DATA) --folds 1,2,3 --config runs/denoise.toml --out runs/denoise
	$(BIN)/trainer export runs/denoise --target tflite --out runs/denoise-bundle
	$(BIN)/trainer evaluate runs/denoise-bundle --data $(DATA) --folds 4 --stages --run runs/denoise --json runs/denoise.json

runs/lofo/fold-4/done:
	$(MAKE) lofo

large: $(VENV)/.stamp  ## memory and time of a fit in the size of ESC-50, on 2,000 made sounds
	$(BIN)/python -m trainer.bench.large --out runs/large

orb: $(VENV)/.stamp  ## the same with ORB: fitted on folds 1-3, scored on fold 4
	rm -rf runs/orb runs/orb-bundle
	mkdir -p runs
	echo 'descriptor = "orb"' > runs/orb.toml
	$(BIN)/trainer fit --data $(DATA) --folds 1,2,3 --config runs/orb.toml --out runs/orb
	$(BIN)/trainer export runs/orb --target tflite --out runs/orb-bundle
	$(BIN)/trainer evaluate runs/orb-bundle --data $(DATA) --folds 4 --json runs/orb.json

model: $(VENV)/.stamp runs/lofo/fold-4/done  ## fit and export the reference bundle again, without the Sampling+ clips
	rm -rf runs/esc10 models/esc10-surf-0.1.0
	$(BIN)/trainer fit --data $(DATA) --without-licence CC-Sampling+ --out runs/esc10
	$(BIN)/trainer export runs/esc10 --target tflite --out models/esc10-surf-0.1.0 --figures runs/lofo.json

pins: $(VENV)/.stamp  ## write constraints.txt from .venv
	@{ head -n 1 constraints.txt; \
	   $(BIN)/pip freeze --all --exclude-editable --exclude pip | grep -E '^[A-Za-z0-9_.-]+==' | LC_ALL=C sort -fu; \
	 } > constraints.new && mv constraints.new constraints.txt

clean:  ## remove what make made, but not runs/ and .cache/
	rm -rf .venv .venv-demo .venv-tflite build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
