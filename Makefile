# What can be done with this repository: `make help`.
#
# One profile for all of it, release. llama.cpp is compiled once per profile (7 minutes on two cores) by a build script, and build
# scripts run for tests, clippy and rustdoc alike; with one profile, `make demo` and `make test` share that work, and what is tested
# is what is shipped. `make test-fast` is for the minutes between: the crates without llama.cpp, in the dev profile.

.DEFAULT_GOAL := help
# The targets share one build folder, and cargo uses all cores by itself.
.NOTPARALLEL:
.PHONY: help demo build test unit offline lint test-fast test-large test-ledger test-faults docs bench shape bench-peers ember ember-test deps clean-root

# A rustup that was installed a moment ago is not on this shell's path yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

target := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
hob    := $(target)/release/hob
stage  := ./scripts/stage
shapes := $(patsubst %,target/shape/qwen2.5-coder-0.5b-%.gguf,q8_0 q4_0)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name about; do printf '  make %-11s %s\n' "$$name" "$$about"; done

demo: build ## installs what is missing, builds, and completes an unfinished line
	@$(stage) "a completion" $(hob) complete docs/demo/unfinished.rs --at 15:22

test: build unit offline lint ## the same, then every test, the local ones once more under strace, then the lints

build: deps ## the binary: target/release/hob
	@$(stage) "hob" cargo build --release --locked --package hob

unit: build
	@# The tests of a remote engine ask a real one. Where it can't be had they say that they tested nothing, but in CI they fail.
	@$(stage) "llama-server" benches/peers/fetch.sh llama-server || echo "no llama-server: the remote engine is not tested (tests/remote.rs)" >&2
	@# A key in the system's keyring is kept in a real one (tests/hosts.rs); the same holds.
	@./scripts/deps gnome-keyring-daemon dbus-run-session || echo "no GNOME keyring: keys in it are not tested" >&2
	@# And the page of `hob usage --html` is looked at in a real browser (tests/money.rs).
	@./scripts/deps chromium || echo "no chromium: the page of hob usage is read and not looked at" >&2
	@$(stage) "tests" cargo test --release --locked --workspace --no-fail-fast

offline: build ## the local tests once more, without a network and under strace: no process is given an internet socket
	@./scripts/deps strace
	@$(stage) "offline" ./scripts/offline

lint: deps ## rustfmt, clippy, rustdoc: no warning passes; cargo-deny too, where it is installed
	@$(stage) "rustfmt" cargo fmt --all --check
	@$(stage) "clippy" cargo clippy --release --locked --workspace --all-targets --quiet -- -D warnings
	@$(stage) "clippy without the gateway" cargo clippy --release --locked --package hob --no-default-features --features local --quiet -- -D warnings
	@RUSTDOCFLAGS="-D warnings" $(stage) "rustdoc" cargo doc --release --locked --workspace --no-deps --quiet
	@if cargo deny --version >/dev/null 2>&1; then $(stage) "cargo-deny" cargo deny --locked check bans licenses sources; \
	else echo "cargo-deny is not installed, so its bans and sources were not checked (cargo install --locked cargo-deny)"; fi

test-large: build ## a window over 200,000 files, and 100,000 decisions for each law of the router: minutes, and a gigabyte of disk
	HOB_TEST_FILES=200000 cargo test --release --locked --package e2e --test index -- while_a_workspace_is_read
	HOB_TEST_DECISIONS=100000 cargo test --release --locked --package assist --lib -- route::laws

test-ledger: ## 1,000 races for a budget, 1,000 kills and 10,000 torn logs of the ledger: minutes
	HOB_TEST_LEDGER=1000 cargo test --release --locked --package gateway --test ledger -- --nocapture --test-threads 1

test-faults: build ## 10,000 requests whose providers fail at random, every fault in every protocol, 1,000 previews: a minute
	HOB_TEST_FAULTS=10000 cargo test --release --locked --package gateway --lib -- course::tests::random
	HOB_TEST_FAULTS=10000 cargo test --release --locked --package gateway --test matrix -- --nocapture
	HOB_TEST_PREVIEWS=1000 cargo test --release --locked --package e2e --test gateway -- --nocapture what_is_previewed

test-fast: ## tests of the crates without llama.cpp: seconds once built
	cargo test --package text --package syntax --package prompt --package model --package config --package assist

docs: ## writes the generated documents anew
	UPDATE_DOCS=1 cargo test --package config --test generated

bench: build ## what a key press costs
	cargo bench --locked --package benches

shape: $(shapes) ## GGUFs shaped like Qwen2.5-Coder-0.5B, with random weights, to measure speed with (1 GB, 2 minutes)

$(shapes): target/shape/qwen2.5-coder-0.5b-%.gguf: benches/shape/shape.py
	@$(stage) "shape $*" python3 $< --quant $* --out $@

bench-peers: build ## the same typing with Hob, llama-server and lsp-ai side by side (fetches and compiles them; see benches/peers)
	@$(stage) "peers" benches/peers/fetch.sh
	benches/peers/peers.py --hob $(hob)

ember: ## makes the built-in model from the kept checkpoint, or trains it further (hours; see models/ember)
	models/ember/run.sh

ember-test: ## tests of that recipe; apart from `make test`, which needs no PyTorch
	models/ember/run.sh test

deps: ## installs what the build needs and the machine lacks
	@./scripts/deps

clean-root: ## runs `make demo` and `make test` in a fresh Debian that holds git and Rust (as root)
	./scripts/clean-root.sh
