#!/bin/bash
# Everything about the C ABI that is tried from outside: the contract, what the hot calls allocate, random calls.
#
#   BERTH_LIBRARY_DIR=.build/release Tests/abi/check.sh         PYTHON names a Python with cffi, default python3
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
BERTH_LIBRARY_DIR=$(cd "${BERTH_LIBRARY_DIR:-$root/.build/release}" && pwd)
export BERTH_LIBRARY_DIR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/contract.sh"

"${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Werror -I "$root/include" -o "$work/hot" \
  "$here/hot.c" -L"$BERTH_LIBRARY_DIR" -lberth -Wl,-rpath,"$BERTH_LIBRARY_DIR"
"$work/hot"
echo "ok   placing and releasing allocate nothing"

for program in devices claims defragment gangs; do
  "${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -O1 -Wall -Wextra -Werror -I "$root/include" -o "$work/$program" \
    "$here/$program.c" -L"$BERTH_LIBRARY_DIR" -lberth -Wl,-rpath,"$BERTH_LIBRARY_DIR"
  "$work/$program"
done

# A host in C++ includes the header and calls it as C does.
for cxx in g++ clang++; do
  command -v "$cxx" >/dev/null || continue
  "$cxx" -x c++ -std=c++17 -Wall -Werror -Wno-c99-extensions -Wno-c++20-designator -Wno-missing-field-initializers \
    -D_POSIX_C_SOURCE=200809L -fsyntax-only -I "$root/include" "$here/gangs.c"
done
echo "ok   the program about gangs as C++17"

"${PYTHON:-python3}" "$here/fuzz.py"
echo "abi: all passed"
