#!/bin/bash
# Runs the examples and tests of the bindings against a built libberth.so.
#
#   BERTH_LIBRARY_DIR=.build/release Bindings/test.sh          PYTHON names the Python to use, default python3
#
# The same program in all languages plays the same scene, so that there is one output to expect: Bindings/expected.
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

# What a program prints is what its scene is to print.
check_scene() { # scene, language, command...
  local scene=$1 name="$2 $1" out="$work/$2-$1.txt"
  shift 2
  "$@" >"$out" || { cat "$out" >&2; echo "FAILED $name" >&2; exit 1; }
  # A last line that names allocator and CPU level: they differ from machine to machine.
  sed '/^allocator /d' "$out" | diff "$here/expected/$scene.txt" - || { echo "FAILED $name: output differs" >&2; exit 1; }
  echo "ok   $name"
}

# The first program's last line: what it names differs from machine to machine, its form does not.
check_last_line() { # language, allocators that are right
  local line
  line=$(tail -n 1 "$work/$1-first_program.txt")
  grep -Eq "^allocator ($2), CPU level (scalar|baseline|v3|v4)$" <<<"$line" || {
    echo "FAILED $1 first_program: $line" >&2
    exit 1
  }
  echo "ok   $1 first_program: $line"
}

# C and C++: linked, with the compilers' strictest eyes on the programs, and loaded at run time. Clang, where it is, has
# its say too.
make -s -C "$here/C/examples" LIBRARY_DIR="$library_dir" OUT="$work/c" CC=gcc CXX=g++
if command -v clang++ >/dev/null; then
  make -s -C "$here/C/examples" LIBRARY_DIR="$library_dir" OUT="$work/clang" CC=clang CXX=clang++
  check_scene first_program clang "$work/clang/first_program"
  check_scene first_program clang++ "$work/clang/first_program_cpp"
fi
check_scene first_program c "$work/c/first_program"
check_last_line c "jemalloc|mmap"
check_scene first_program c++ "$work/c/first_program_cpp"
check_last_line c++ "jemalloc|mmap"
check_scene what_if c "$work/c/what_if"
check_scene gangs c "$work/c/gangs"
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
export PYTHONPATH=$here/Python/src
for scene in first_program what_if gangs; do
  check_scene "$scene" python "$python" "$here/Python/examples/$scene.py"
done
check_last_line python "jemalloc|mmap"

# Go: linked with jemalloc, so that the engine must find it.
export CGO_LDFLAGS="-L$library_dir -Wl,-rpath,$library_dir"
cd "$here/Go/berth"
go vet ./...
go test -count=1 ./...
go test -count=1 -race . # the examples and the scenes have one goroutine
for scene in first_program what_if gangs; do
  check_scene "$scene" go go run "./examples/$scene"
done
check_last_line go "jemalloc"

# The kube-scheduler plugin's logic. Its thin layer imports Kubernetes, and is a module of its own that is not built here.
cd "$here/Go/kubescheduler"
go vet ./...
go test -count=1 -race ./... # informers, scheduling and binding cycles come from goroutines of their own
echo "bindings: all passed"
