#!/bin/bash
# Checks the contract: header, layout, exports and the shipped library agree.
#
#   BERTH_LIBRARY_DIR=.build/release Tests/abi/contract.sh        PYTHON names a Python with cffi, default python3
#
# BERTH_SWIFT_HEADER is the header that the Swift compiler generates for the target Berth; by default it is looked for
# beside the library and in the build folders of the repository.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
header=$root/include/berth.h
library=$(realpath "${BERTH_LIBRARY_DIR:-$root/.build/release}/libberth.so")
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

passed() { echo "ok   $*"; }
failed() {
  echo "FAILED $*" >&2
  exit 1
}

# 1. The header is plain C11 and C++17, alone and first in its file, for every compiler at hand.
echo '#include "berth.h"' | tee "$work/unit.c" >"$work/unit.cc"
strict=(-Wall -Wextra -pedantic -Werror -fsyntax-only -I "$root/include")
compilers=0
for cc in gcc clang; do
  command -v "$cc" >/dev/null || continue
  "$cc" -std=c11 "${strict[@]}" "$work/unit.c" || failed "the header as C11 with $cc"
  "$cc" -x c++ -std=c++17 "${strict[@]}" "$work/unit.cc" || failed "the header as C++17 with $cc"
  "$cc" -std=c11 "${strict[@]}" "$here"/layout*.c || failed "the layout of the structs with $cc"
  compilers=$((compilers + 1))
done
[ "$compilers" -gt 0 ] || failed "there is neither gcc nor clang"
passed "header as C11 and C++17, every constant and layout ($compilers compilers)"

# 2. cffi reads the header's text; no struct has padding that the header does not show, and layout*.c name each field.
"$python" "$here/check_header.py" "$header" "$here"/layout*.c || failed "the header with cffi"
passed "header with cffi, no hidden padding"

# 3. Exports and header have the same types: the compiler's own declarations of the exports and the header's are put
#    into one C unit, where a difference is an error. A handle is void * on the compiler's side.
generated=${BERTH_SWIFT_HEADER:-}
for candidate in "$(dirname "$library")" "$root"/.build*/release; do
  [ -n "$generated" ] || [ ! -e "$candidate/Berth.build/include/Berth-Swift.h" ] ||
    generated=$candidate/Berth.build/include/Berth-Swift.h
done
[ -n "$generated" ] || failed "no Berth-Swift.h beside $library or in $root/.build*: set BERTH_SWIFT_HEADER"
unit() { # where the header's types come from
  sed 's/^typedef struct berth_engine berth_engine;$/typedef void berth_engine;/' "$1"
  echo 'typedef unsigned long NSUInteger; typedef long NSInteger;'
  sed -n 's/^SWIFT_EXTERN \(.*) \)SWIFT_NOEXCEPT.*$/extern \1;/p' "$generated"
}
compile_unit() { "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -D_Nullable= -D_Nonnull= -fsyntax-only "$work/$1"; }
unit "$header" >"$work/types.c"
compile_unit types.c || failed "an export's type differs from the header ($generated)"
# The comparison itself must see a difference in a parameter and in a result.
unit <(sed 's/size_t count, uint32_t flags/size_t count, int32_t flags/' "$header") >"$work/parameter.c"
unit <(sed 's/^uint32_t berth_abi_version/int32_t berth_abi_version/' "$header") >"$work/result.c"
for drift in parameter.c result.c; do
  compile_unit "$drift" 2>/dev/null && failed "the comparison of types does not see a changed $drift"
done

# 4. ... and the same names, which are all that the library shows.
names() { sort -u | tee "$work/$1" | wc -l; }
declared=$(grep -v '^ \*' "$header" | grep -Eo '\bberth_[a-z_]+\(' | tr -d '(' | names declared)
exported=$(grep -Eo '^SWIFT_EXTERN .*' "$generated" | grep -Eo '\bberth_[a-z_]+\(' | tr -d '(' | names exported)
visible=$(nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | names visible)
[ "$declared" -ge 30 ] || failed "only $declared functions found in the header"
diff "$work/declared" "$work/exported" || failed "header (<) and exports (>) have different functions"
diff "$work/declared" "$work/visible" || failed "header (<) and $library (>) have different symbols"
passed "$declared functions: header, exports ($exported) and library ($visible) agree in names and types"

# 5. The library brings the Swift runtime with it.
if ldd "$library" | grep -i swift; then failed "$library needs Swift libraries"; fi
ldd "$library" | grep -q 'not found' && failed "$library: $(ldd "$library" | grep 'not found')"
passed "$library is self-contained"

# 6. Only the kernels of their own level use wider vectors: the linker could keep one level's copy of a function that
#    all share, and an older CPU would stop there.
if [ "$(uname -m)" = x86_64 ] && command -v objdump >/dev/null; then
  objdump -d --no-show-raw-insn "$library" |
    awk '/^[0-9a-f]+ <.*>:$/ { name = $2 } $2 ~ /^v[a-z]/ { print name }' | sort -u >"$work/wide"
  [ "$(wc -l <"$work/wide")" -ge 10 ] || failed "no AVX kernels found: was the library built with BERTH_BUILD=ship?"
  if grep -v 'BerthKernelsV[34]' "$work/wide"; then failed "AVX instructions outside of the kernels for it"; fi
  passed "AVX instructions only in the kernels for it"
fi
