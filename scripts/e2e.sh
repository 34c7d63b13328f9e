#!/usr/bin/env bash
# The stories that need a browser, against a real server.
set -euo pipefail
cd "$(dirname "$0")/../web/e2e"
exec node run.mjs "$@"
