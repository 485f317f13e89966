# make demo   install into .venv, run the main job on real data, print where the report is
# make test   install what the tests need, run them
# make lint | types | bench | docs | clean
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UNSEEN_DATA ?= $(abspath ../shared/data)

# Five seeds of what takes seconds, one of what takes minutes a fit; a run goes on where out/few-label ends.
FEW_LABEL := OMP_NUM_THREADS=1 $(BIN)/unseen bench few-label --out out/few-label
LIGHT := "unseen,LR,LR quantile,ExtraTrees,ExtraTrees (leaf 5),IForest,kNN-5,PCA,XGBoost,CatBoost,unseen aware VAE"
CLEAN := annthyroid,cardio,celeba,cover,donors,fault,InternetAds,landsat,letter,mammography,pendigits,shuttle,$\
SpamBase,vowels,Wilt

.PHONY: demo test lint types bench docs clean

demo: .venv/.installed
	$(BIN)/unseen demo --out out/demo

test: .venv/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -p no:cacheprovider -m "not slow and not peers" -n 2 --dist loadfile

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed-dev
	$(BIN)/mypy

bench: .venv/.installed-peers
	$(BIN)/unseen recipe run aware-flows --out src/unseen/recipes/aware_flows/results
	$(BIN)/unseen recipe run aware-mnist --out src/unseen/recipes/aware_mnist/results
	$(BIN)/unseen recipe run aware-collider --out src/unseen/recipes/aware_collider/results
	$(BIN)/unseen recipe run aware-smeft --out src/unseen/recipes/aware_smeft/results
	$(BIN)/unseen recipe run aware-classifier --out src/unseen/recipes/aware_classifier/results
	$(BIN)/unseen recipe run dark-showers --out src/unseen/recipes/dark_showers/results
	$(BIN)/unseen recipe run latent-symmetry --out src/unseen/recipes/latent_symmetry/results
	$(BIN)/unseen recipe run symmetry-discovery --out src/unseen/recipes/symmetry_discovery/results
	$(BIN)/unseen recipe run symmetry-decoy --out src/unseen/recipes/symmetry_decoy/results
	$(BIN)/unseen recipe run music-neurons --out src/unseen/recipes/music_neurons/results
	$(BIN)/unseen recipe run traffic-alarm --out src/unseen/recipes/traffic_alarm/results
	$(BIN)/unseen recipe run traffic-forecast --out src/unseen/recipes/traffic_forecast/results
	$(BIN)/unseen recipe run traffic-pollution --out src/unseen/recipes/traffic_pollution/results
	$(BIN)/unseen recipe run xray-assist --out src/unseen/recipes/xray_assist/results
	OMP_NUM_THREADS=1 $(BIN)/unseen bench few-label --check-protocol
	$(FEW_LABEL) --methods $(LIGHT)
	$(FEW_LABEL) --seeds 1 --sets $(CLEAN)
	gzip -nc out/few-label/results.csv > src/unseen/bench/results/few_label.csv.gz
	OMP_NUM_THREADS=1 $(BIN)/unseen bench one-class --out out/one-class
	gzip -nc out/one-class/results.csv > src/unseen/bench/results/one_class.csv.gz
	OMP_NUM_THREADS=1 $(BIN)/unseen bench open-set --variants clean,dirty --out out/open-set
	gzip -nc out/open-set/results.csv > src/unseen/bench/results/open_set.csv.gz
	OMP_NUM_THREADS=1 $(BIN)/unseen bench nab --out out/nab
	gzip -nc out/nab/results.csv > src/unseen/bench/results/nab.csv.gz
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/false_alarms.py --out benchmarks/results/false_alarms.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/speed.py --out benchmarks/results/speed.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/memory.py --out benchmarks/results/memory.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/trigger.py --out benchmarks/results/trigger.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/city_nearness.py --out benchmarks/results/city_nearness.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/city.py --out benchmarks/results/city.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/scale.py --out benchmarks/results/scale.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/drift.py --out benchmarks/results/drift.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/service.py --out benchmarks/results/service.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/watch.py --out benchmarks/results/watch.csv
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/app.py --films $(UNSEEN_DATA)/xray/pneumoniamnist_full.npz \
	  --out benchmarks/results/app.csv

docs: .venv/.installed-dev
	$(BIN)/python -m pytest -p no:cacheprovider tests/docs src
	@echo "The guide is docs/index.md; every example in it and in the docstrings has just run."

clean:
	rm -rf .venv out

# An exact torch: a plain `torch` may bring gigabytes of a GPU build along.
.venv/.installed: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (torch first; a few minutes on a fresh machine) ..."
	@$(BIN)/pip install --quiet torch==2.13.0
	@$(BIN)/pip install --quiet --editable ".[all]"
	@touch $@

.venv/.installed-dev: .venv/.installed
	@$(BIN)/pip install --quiet --editable ".[dev]"
	@touch $@

.venv/.installed-peers: .venv/.installed-dev
	@$(BIN)/pip install --quiet --editable ".[peers]"
	@$(BIN)/pip install --quiet --no-deps deepod==0.4.1 xgboost==3.2.0
	@touch $@
