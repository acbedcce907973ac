#!/bin/bash
# Runs the examples and tests of the bindings against a built libberth.so.
#
#   BERTH_LIBRARY_DIR=.build/release Bindings/test.sh          PYTHON names the Python to use, default python3
#
# Every first program plays the same scene, so that all have one expected output: Bindings/expected.txt.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
library_dir=$(cd "${BERTH_LIBRARY_DIR:-$here/../.build/release}" && pwd)
python=$("${PYTHON:-python3}" -c 'import sys; print(sys.executable)') # not a shim, which may need its environment
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -e "$library_dir/libberth.so" ] || {
  echo "$library_dir/libberth.so is missing: run 'make build', or set BERTH_LIBRARY_DIR" >&2
  exit 1
}
export BERTH_LIBRARY_DIR=$library_dir

# The last line names allocator and CPU level: they differ from machine to machine, their form does not.
check_scene() { # name, allocators that are right, command...
  local name=$1 allocators=$2
  shift 2
  "$@" >"$work/$name.txt" || { cat "$work/$name.txt" >&2; echo "FAILED $name" >&2; exit 1; }
  diff "$here/expected.txt" <(head -n -1 "$work/$name.txt") || { echo "FAILED $name: output differs" >&2; exit 1; }
  tail -n 1 "$work/$name.txt" | grep -Eq "^allocator ($allocators), CPU level (scalar|baseline|v3|v4)$" || {
    echo "FAILED $name: $(tail -n 1 "$work/$name.txt")" >&2
    exit 1
  }
  echo "ok   $name: $(tail -n 1 "$work/$name.txt")"
}

# C: linked, with the compiler's strictest eye on the programs, and loaded at run time.
make -s -C "$here/C/examples" LIBRARY_DIR="$library_dir" OUT="$work/c"
check_scene c "jemalloc|mmap" "$work/c/first_program"
"$work/c/with_dlopen" "$library_dir/libberth.so" | tee "$work/dlopen.txt" | tail -n 1
diff <(printf 'pod 1: placed\npod 2: placed\npod 3: no node fits\n') <(head -n 3 "$work/dlopen.txt")
echo "ok   c with dlopen"

# Python: the library loads in a process that was not prepared for it, with an empty environment.
loaded=$(env -i "$python" -c "import ctypes; print(ctypes.CDLL('$library_dir/libberth.so').berth_abi_version())")
[ "$loaded" = "$(sed -n 's/^#define BERTH_ABI_VERSION \([0-9]*\)u$/\1/p' "$here/../include/berth.h")" ] || {
  echo "FAILED python with an empty environment: ABI '$loaded'" >&2
  exit 1
}
echo "ok   python loads libberth with an empty environment"
"$python" -c "import cffi, numpy" || { echo "install cffi and numpy, or set PYTHON" >&2; exit 1; }
check_scene python "jemalloc|mmap" "$python" "$here/Python/examples/first_program.py"

# Go: linked with jemalloc, so that the engine must find it.
export CGO_LDFLAGS="-L$library_dir -Wl,-rpath,$library_dir"
cd "$here/Go/berth"
go vet ./...
go test -count=1 ./...
check_scene go "jemalloc" go run ./examples/first_program
echo "bindings: all passed"
