# Every target sets up what it needs and skips what is there already.
#   make demo   PEOPLE="alice carol dave"   STORY=1   SHOT=1   THEME="light dark"
#   make run    ARGS="--home DIR"
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:

PEOPLE ?= alice carol
STORY ?=
SHOT ?=
THEME ?=
ARGS ?=
MINUTES ?= 10
export PEOPLE STORY SHOT THEME

# Without a display the demo makes one, and for a picture too.
SCREEN := $(if $(SHOT),screen,$(if $(or $(DISPLAY),$(WAYLAND_DISPLAY)),,screen))
UI_SOURCES := $(shell find ui \( -name node_modules -o -name dist -o -name paraglide -o -name shots \) -prune -o -type f -print)

.PHONY: help
help: ## Shows this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: tools packages-demo npm network ui/dist/index.html ## Two people, two windows, a real Lightning network on this computer
	@echo "▸ Building Heliograph (the first time about 8 minutes)"
	cargo build --locked --workspace --bins
	@"$${CARGO_TARGET_DIR:-target}/debug/demo"

.PHONY: run
run: tools packages-build npm ui/dist/index.html ## The app, for your own node
	cargo build --locked --workspace --bins
	@"$${CARGO_TARGET_DIR:-target}/debug/heliograph" $(ARGS)

.PHONY: test
test: tools lints packages-test npm mended deny ui/dist/index.html ## Everything that must hold; what CI runs
	@scripts/test

.PHONY: soak
soak: tools packages-test mended ## Kills programs and nodes at random, in memory and on a real network, for MINUTES=10
	MINUTES=$$(( ($(MINUTES) + 1) / 2 )) FIRST=$$(date +%s) \
	    cargo test --locked --workspace --test simulation -- --nocapture nothing_is_lost
	MINUTES=$$(( ($(MINUTES) + 1) / 2 )) KILLS=200 RESTARTS=50 \
	    cargo test --locked --workspace --test soak -- --nocapture

.PHONY: bench
bench: tools packages-test npm network ui/dist/index.html ## Measures against a bare gRPC client
	cargo build --locked --release --workspace --bins
	@"$${CARGO_TARGET_DIR:-target}/release/bench"

.PHONY: fmt
fmt: tools lints npm ## Formats everything
	cargo fmt --all
	npm --prefix ui run --silent format

.PHONY: types
types: tools packages-build npm ui/dist/index.html ## Writes the window's types anew from the Rust ones
	WRITE_TYPES=1 cargo test --locked --workspace --lib types

.PHONY: tools lints packages-build packages-demo packages-test npm network mended deny
tools:
	@scripts/setup tools
lints:
	@scripts/setup lints
packages-build:
	@scripts/setup packages build
packages-demo:
	@scripts/setup packages build $(SCREEN)
packages-test:
	@scripts/setup packages build screen windows
npm:
	@scripts/setup ui
network:
	@scripts/setup network
mended:
	@scripts/setup mended
deny:
	@scripts/setup deny

# The window's files are built into the program.
ui/dist/index.html: $(UI_SOURCES) | npm
	@echo "▸ Building the window"
	npm --prefix ui run --silent build
