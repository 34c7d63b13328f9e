#!/usr/bin/env bash
# Installs from Debian's packages what a target needs and the machine lacks.
#   scripts/setup.sh demo    what `make demo` needs
#   scripts/setup.sh test    what `make test` needs besides; the Python packages that Debian does not
#                            have go into target/test-venv
set -euo pipefail

missing=()
need() { # need COMMAND PACKAGE: COMMAND may be a path
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

need cc build-essential
need cargo cargo
need node nodejs
need npm npm
if [ "${1:-demo}" = test ]; then
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need initdb postgresql
    need chromium chromium
    need prometheus prometheus
    need prometheus-alertmanager prometheus-alertmanager
    need setpriv util-linux
    /usr/bin/python3 -c 'import icalendar' 2>/dev/null || missing+=(python3-icalendar)
    need /usr/sbin/postfix postfix
    need openssl openssl
    need pdftotext poppler-utils
    /usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || missing+=(python3-aiosmtpd)
fi

# Web push, signatures of mail and Matrix are judged by implementations that are not ours. Synapse is
# run by a test and is no part of Muster.
venv() {
    local at="$(dirname "$0")/../target/test-venv"
    if [ "${1:-demo}" = test ] && ! "$at/bin/python" -c 'import http_ece, dkim, synapse' 2>/dev/null; then
        /usr/bin/python3 -m venv "$at"
        "$at/bin/python" -m pip install --quiet --disable-pip-version-check \
            http_ece==1.2.1 dkimpy==1.1.8 matrix-synapse==1.163.2
    fi
}

if [ ${#missing[@]} -eq 0 ]; then
    venv "$@"
    exit 0
fi
echo "Installing: ${missing[*]}"
sudo=
if [ "$(id -u)" -ne 0 ]; then
    sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# The packages start services of their own, which the tests neither need nor want.
$sudo env RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
venv "$@"
