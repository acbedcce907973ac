#!/usr/bin/env bash
# install.sh PREFIX [DESTDIR]: library, header, berth.pc and command below PREFIX, as `make build` left them.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${1:?usage: install.sh PREFIX [DESTDIR]}
case "$prefix" in /*) ;; *) prefix=$PWD/$prefix ;; esac
to=${2:-}$prefix

# The library itself is the one place that knows the version.
version=$(python3 - <<'PYTHON'
import ctypes
library = ctypes.CDLL(".build/release/libberth.so")
library.berth_version.restype = ctypes.c_char_p
print(library.berth_version().decode())
PYTHON
)

install -d "$to/bin" "$to/include" "$to/lib/pkgconfig"
install -m 755 .build/release/berth-cli "$to/bin/berth"
install -m 755 --strip .build/release/libberth.so "$to/lib/libberth.so"
install -m 644 include/berth.h "$to/include/berth.h"
sed -e "s|@PREFIX@|$prefix|" -e "s|@VERSION@|$version|" packaging/berth.pc.in >"$to/lib/pkgconfig/berth.pc"
chmod 644 "$to/lib/pkgconfig/berth.pc"
echo "installed berth $version: $to/lib/libberth.so, $to/include/berth.h, $to/lib/pkgconfig/berth.pc, $to/bin/berth"
