# make run: serve the app. make test: run every test. make check: lint and types. Each can be repeated in seconds.
# make lock: write requirements.lock anew, with the newest versions that requirements.txt allows if it is deleted first.
# make plotly: build plotly.js for the plane anew; needs npm.
# make words: gather what people read into the catalogues of languages, and compile these.
# make test-thorough: full products where `make test` tests every pair, and new random cases.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
# Where the environment forbids it, compiled Python is kept all the same: every server and worker of a test would
# compile the package anew, and each process of pytest rewrite all tests.
export PYTHONDONTWRITEBYTECODE :=

# plotly.js of the version that requirements.txt's plotly brings.
PLOTLY := 4.1.1

.PHONY: run test test-thorough check format words lock plotly clean

$(VENV)/.run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -q -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/pip install --disable-pip-version-check -q -r requirements-dev.txt
	touch $@

run: $(VENV)/.run
	$(BIN)/streamlit run app.py --server.port $(PORT)

# Three files at a time, each whole, so that what its tests share is made once: two wait for their browsers and leave a
# fifth of two cores idle. What is timed runs alone.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 3 --no-loadscope-reorder --durations=40 -m "not timed"
	$(BIN)/python -m pytest -m timed $$(grep -rl mark.timed tests)
	@if command -v node >/dev/null; then node --test tests/player/*.test.js; \
	else echo "The player's unit tests were not run: they need node (apt-get install nodejs)."; fi

test-thorough: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --thorough --hypothesis-profile=free tests/optimizers tests/surfaces tests/sweeps \
	tests/player tests/export tests/experiments tests/network

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

words: $(VENV)/.dev
	$(BIN)/python -m docs.make_words

# Every package of the app with its version and its files' hashes, for every system; docker/build.sh installs from it.
lock: $(VENV)/.run
	$(BIN)/pip install --disable-pip-version-check -q "uv>=0.9,<1"
	$(BIN)/uv pip compile -q requirements.txt --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" --output-file requirements.lock

plotly:
	folder=$$(mktemp -d) && cd $$folder && \
	npm install --no-save --ignore-scripts --no-audit --no-fund plotly.js@$(PLOTLY) esbuild@0.28 stream-browserify@3 && \
	node $(CURDIR)/docs/make_plotly.mjs $(CURDIR)/optim_viz/player/vendor/plotly-plane.min.js && rm -r $$folder

clean:
	rm -rf $(VENV) static/player-* static/plotly-*
