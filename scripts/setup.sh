#!/usr/bin/env bash
# Makes .venv, installs the pinned packages and this one, and sees to a Chromium, promtool and PgBouncer.
# Run it as often as you like: what is there is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/.setup-stamp
inputs=(requirements-installers.txt requirements-dev.txt pyproject.toml workshop/pyproject.toml scripts/setup.sh)

# Two `make` runs at once in one checkout: the second waits, then finds nothing to do.
if [ "${SETUP_LOCKED:-}" != 1 ] && command -v flock >/dev/null; then
  exec env SETUP_LOCKED=1 flock .setup.lock bash scripts/setup.sh
fi

is_fresh() {
  [ -e "$stamp" ] || return 1
  for input in "${inputs[@]}"; do
    [ ! "$input" -nt "$stamp" ] || return 1
  done
}

# Browsers go into .venv, not into the home of whoever runs this: units and other users find them there.
export PLAYWRIGHT_BROWSERS_PATH=${PLAYWRIGHT_BROWSERS_PATH:-0}

as_root=()
if [ "$(id -u)" != 0 ]; then as_root=(sudo -n); fi

find_python() {
  for name in python3.11 python3.12 python3.13 python3; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  echo "setup: Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv)" >&2
  exit 1
}

install_packages() {
  [ -x .venv/bin/python ] || "$(find_python)" -m venv .venv
  echo "setup: installing the pinned packages into .venv"
  # Only what was recorded is installed, and nothing is built: a build would fetch tools nobody checked.
  local checked=(--require-hashes --only-binary :all:)
  local install=(.venv/bin/python -m pip install --quiet --disable-pip-version-check)
  # uv makes in seconds what takes pip half a minute; without it pip does the same.
  if "${install[@]}" "${checked[@]}" -r requirements-installers.txt; then
    install=(.venv/bin/uv pip install --quiet --python .venv/bin/python)
  fi
  "${install[@]}" "${checked[@]}" -r requirements-dev.txt
  "${install[@]}" --no-deps --no-build-isolation -e . -e ./workshop
  # Jobs start by the dozen: none of them should have to compile its imports again.
  env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m compileall -q .venv/lib >/dev/null || true
}

install_chromium() {
  if .venv/bin/python -m pincali_sync.browser >/dev/null 2>&1; then
    return
  fi
  echo "setup: installing Chromium"
  if timeout 300 .venv/bin/playwright install chromium >/dev/null 2>&1 &&
    .venv/bin/python -m pincali_sync.browser >/dev/null 2>&1; then
    return
  fi
  echo "setup: Playwright's download is closed to us, taking the distribution's Chromium"
  if command -v apt-get >/dev/null; then
    "${as_root[@]}" apt-get update -qq >/dev/null 2>&1 || true
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 || true
  fi
  if ! .venv/bin/python -m pincali_sync.browser; then
    echo "setup: install a Chromium by hand and set CHROMIUM_EXECUTABLE" >&2
    exit 1
  fi
}

# What checks the rules for Prometheus. Debian's package would start a server: only the one program
# is taken out of it, which needs no root.
fetch_promtool() (
  venv=$PWD/.venv
  folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder" || return 1
  apt-get download -qq prometheus ||
    { "${as_root[@]}" apt-get update -qq && apt-get download -qq prometheus; } || return 1
  dpkg-deb -x prometheus_*.deb package && package/usr/bin/promtool --version &&
    cp package/usr/bin/promtool "$venv/bin/promtool"
)

install_promtool() {
  if command -v promtool >/dev/null || .venv/bin/promtool --version >/dev/null 2>&1; then
    return
  fi
  echo "setup: taking promtool out of the distribution's prometheus package"
  if ! command -v apt-get >/dev/null || ! fetch_promtool >/dev/null 2>&1; then
    echo "setup: promtool could not be had, which tests of the alert rules need:" \
      "put the one of a Prometheus release on the PATH (https://prometheus.io/download)" >&2
  fi
}

# The pooler that tests run through, and the libraries that it needs and this machine may lack. Debian's
# package would start it, so here too only the files are taken.
fetch_pgbouncer() (
  home=$PWD/.venv/pgbouncer
  folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder" || return 1
  needed() { apt-cache depends --important pgbouncer | sed -nE 's/^ *Depends: (lib(event|c-?ares)[^ ]*)$/\1/p'; }
  { [ -n "$(needed)" ] && apt-get download -qq pgbouncer $(needed); } ||
    { "${as_root[@]}" apt-get update -qq && apt-get download -qq pgbouncer $(needed); } || return 1
  for package in *.deb; do dpkg-deb -x "$package" files || return 1; done
  rm -rf "$home" && mkdir -p "$home" && cp files/usr/sbin/pgbouncer "$home/" &&
    cp -P files/usr/lib/*-linux-gnu*/lib*.so.* "$home/" || return 1
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "$home" "$home/pgbouncer" >"$home/../bin/pgbouncer"
  chmod +x "$home/../bin/pgbouncer" && "$home/../bin/pgbouncer" --version
)

install_pgbouncer() {
  if PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null || .venv/bin/pgbouncer --version >/dev/null 2>&1; then
    return
  fi
  echo "setup: taking PgBouncer out of the distribution's package"
  if ! command -v apt-get >/dev/null || ! fetch_pgbouncer >/dev/null 2>&1; then
    echo "setup: PgBouncer could not be had, which a test of the whole day needs:" \
      "install your distribution's pgbouncer" >&2
  fi
}

if is_fresh; then exit 0; fi
install_packages
install_chromium
install_promtool
install_pgbouncer
touch "$stamp"
echo "setup: done"
