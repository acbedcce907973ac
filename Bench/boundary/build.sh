#!/usr/bin/env bash
# build.sh [OUT]: the programs of `berth bench boundary`, c, go and python, in OUT (default .build/boundary).
#
# BERTH_LIBRARY_DIR is where libberth.so is, default .build/release; PYTHON names the Python, default python3.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
library_dir=$(cd "${BERTH_LIBRARY_DIR:-$root/.build/release}" && pwd)
[ -e "$library_dir/libberth.so" ] || {
  echo "$library_dir/libberth.so is missing: run 'make build', or set BERTH_LIBRARY_DIR" >&2
  exit 1
}
mkdir -p "${1:-$root/.build/boundary}"
out=$(cd "${1:-$root/.build/boundary}" && pwd)
link="-L$library_dir -lberth -Wl,-rpath,$library_dir"

# shellcheck disable=SC2086
${CC:-gcc} -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -I"$root/include" "$here/boundary.c" -o "$out/c" $link
(cd "$here/go" && GOFLAGS=-mod=mod GOPROXY=off CGO_LDFLAGS=$link go build -o "$out/go" .)

python=$("${PYTHON:-python3}" -c 'import sys; print(sys.executable)')
cat >"$out/python" <<SCRIPT
#!/bin/sh
export PYTHONPATH='$root/Bindings/Python/src' BERTH_LIBRARY_DIR='$library_dir'
exec '$python' '$here/boundary.py' "\$@"
SCRIPT
chmod +x "$out/python"
