#!/usr/bin/env bash
# Runs every test there is, one step after the other, and ends with the runners' own closing lines. A step's whole
# output goes to .build/logs/<step>.log and is shown when the step fails; VERBOSE=1 shows it as it comes. A failing
# step does not stop the others, but fails the run. `make test` has built the command and the library before.
set -uo pipefail
cd "$(dirname "$0")/.."

logs=.build/logs
mkdir -p "$logs"
summary=()
closing=()
failures=0

# run STEP CLOSING COMMAND...: CLOSING is the pattern of the line with which the step's runner sums up.
run() {
  local step=$1 pattern=$2 log="$logs/$1.log" began=$SECONDS result=ok line
  shift 2
  printf '== %s\n' "$step"
  if [ -n "${VERBOSE:-}" ]; then "$@" 2>&1 | tee "$log"; else "$@" >"$log" 2>&1; fi || result=FAILED
  while IFS= read -r line; do
    closing+=("$line")
    printf '   %s\n' "$line"
  done < <(grep -E "$pattern" "$log" | tail -n 3)
  # What was left out must be seen, too: a test that skips is no test that passed.
  grep -iE '\bskip(s|ped|ping)?\b' "$log" | grep -vE '\b0 skipped' | sort -u | head -n 5 | sed 's/^/   /'
  if [ "$result" = FAILED ]; then
    failures=$((failures + 1))
    [ -n "${VERBOSE:-}" ] || show_failure "$log"
  fi
  summary+=("$(printf '%-7s %-9s %4d s' "$result" "$step" $((SECONDS - began)))")
}

# Errors first, wherever they stand, then the end of the log.
show_failure() {
  printf '   -- errors in %s\n' "$1"
  grep -nE '✘|error:|Error|FAILED|--- FAIL|panic|[Ff]atal' "$1" | grep -v '◇' | head -n 60
  printf '   -- the last lines of %s\n' "$1"
  tail -n 60 "$1"
}

swift_tests() {
  # A folder of its own: -enable-testing changes every compilation, so sharing .build would rebuild all at each turn.
  local flags=(-c release -Xswiftc -enable-testing --scratch-path .build-test)
  BERTH_BUILD=levels swift build --build-tests "${flags[@]}" && BERTH_BUILD=levels swift test --skip-build "${flags[@]}"
}

# Processes that are killed at random moments while they journal, and files that may not grow any more.
crash_tests() {
  BERTH_BUILD=levels swift build -c release --product berth-crash &&
    .build/release/berth-crash kill "${BERTH_KILLS:-60}" && .build/release/berth-crash full "${BERTH_FULL_DISKS:-10}"
}

export BERTH_LIBRARY_DIR=$PWD/.build/release
run swift '^[^a-z]*Test run with ' swift_tests
run crash '^crash: ' crash_tests
run contract '^(abi: |FAILED)' Tests/abi/check.sh
run bindings '^(ok\s+berth|FAIL|bindings: )' Bindings/test.sh
run package '^=+ .*(passed|failed|error|no tests ran).* =+$' python3 -m pytest --color=no -rs Bindings/Python/tests
run python '^=+ .*(passed|failed|error|no tests ran).* =+$' python3 -m pytest --color=no -rs Tests/python
run bench '^bench: ' Bench/gate.py

printf '\n== summary (logs in %s)\n' "$logs"
printf '%s\n' "${summary[@]}"
printf '%s\n' "${closing[@]}"
[ "$failures" -eq 0 ]
