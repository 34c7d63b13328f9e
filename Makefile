# Two commands do everything on a machine with Rust, Node and a Debian package manager:
#   make demo   installs and builds what is missing and starts a throw-away Muster
#   make test   everything that must pass
.PHONY: demo test build web lint unit e2e bench clean

CARGO ?= cargo
export CARGO_TERM_COLOR ?= auto

# The quick build is all that looking around needs; `cargo build --release` makes the one to run.
demo: build
	target/debug/muster demo

test: lint unit e2e

build: web
	scripts/setup.sh demo
	$(CARGO) build --locked

web/node_modules: web/package-lock.json
	scripts/setup.sh demo
	cd web && npm ci --no-audit --no-fund
	touch web/node_modules

web/dist/index.html: web/node_modules $(shell find web/src web/public -type f 2>/dev/null) web/index.html web/vite.config.ts
	cd web && npm run build

web: web/dist/index.html

lint: web
	scripts/setup.sh test
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	cd web && npm run check

web/e2e/node_modules: web/e2e/package-lock.json
	scripts/setup.sh test
	cd web/e2e && npm ci --no-audit --no-fund
	touch web/e2e/node_modules

# Some stories that keep the clock play in real browsers too.
unit: web web/e2e/node_modules
	scripts/setup.sh test
	scripts/with-postgres.sh $(CARGO) test --locked --workspace

e2e: build web/e2e/node_modules
	scripts/e2e.sh

bench:
	$(CARGO) build --release --locked
	scripts/with-postgres.sh target/release/muster bench accept
	scripts/with-postgres.sh target/release/muster bench page

clean:
	$(CARGO) clean
	rm -rf web/dist web/node_modules web/e2e/node_modules
