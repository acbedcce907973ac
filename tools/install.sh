#!/usr/bin/env bash
# install.sh PREFIX [DESTDIR]: library, header, berth.pc, command and reference below PREFIX, as `make build` left them.
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

install -d "$to/bin" "$to/include" "$to/lib/pkgconfig" "$to/share/doc/berth" "$to/share/man/man3"
install -m 755 .build/release/berth-cli "$to/bin/berth"
install -m 755 --strip .build/release/libberth.so "$to/lib/libberth.so"
install -m 644 include/berth.h "$to/include/berth.h"
sed -e "s|@PREFIX@|$prefix|" -e "s|@VERSION@|$version|" packaging/berth.pc.in >"$to/lib/pkgconfig/berth.pc"
python3 tools/reference.py man "$to/share/man/man3"
python3 tools/reference.py markdown "$to/share/doc/berth/c-reference.md"
chmod 644 "$to/lib/pkgconfig/berth.pc" "$to"/share/man/man3/berth*.3 "$to/share/doc/berth/c-reference.md"

echo "installed berth $version below $to:"
echo "  lib/libberth.so, include/berth.h, lib/pkgconfig/berth.pc, bin/berth,"
echo "  share/man/man3/berth.3 and the pages that it names, share/doc/berth/c-reference.md"
# Only what is in the loader's cache or its standard directories is found without being told.
if [ -n "${2:-}" ]; then
  echo "once it stands below $prefix, run ldconfig where the loader looks into $prefix/lib"
elif [ -n "$(PATH=$PATH:/sbin:/usr/sbin ldconfig -v -N -X 2>/dev/null | grep "^$prefix/lib:")" ]; then
  echo "as root, run ldconfig once, so that programs find libberth.so"
else
  echo "the loader does not look into $prefix/lib: link programs with -Wl,-rpath,$prefix/lib, or set LD_LIBRARY_PATH;"
  echo "pkg-config finds berth with PKG_CONFIG_PATH=$prefix/lib/pkgconfig, man with MANPATH=$prefix/share/man:"
fi
