#!/usr/bin/env bash
# Runs every test on PostgreSQL $1 (default 15), after tests/setup.sh.
# ONLY=regex: only the matching of sql/NAME, isolation/NAME and cases/NAME.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
pg=${1:-15}
only=${ONLY:-}

# What a caller's environment says about another server must not leak in.
while read -r v; do [[ $v == PGRX* ]] || unset "$v"; done < <(compgen -e | grep '^PG' || true)
export LC_ALL=C.UTF-8
export PG=$pg ROOT=$root PGRX_HOME=$root/target/pgrx
export SERVER_SH=$root/tests/server.sh
# The process id in the name lets two runs go on side by side, and tells a leftover from a live one.
export SERVER=test$pg-$$
out=$root/target/test-output/$pg
bin=$root/target/pg/$pg/bin
[ -x "$bin/postgres" ] || { echo "run.sh: run tests/setup.sh $pg first" >&2; exit 1; }
mkdir -p "$out"/{sql,isolation,cases,servers}

passed=0 failed=0 skipped=0 failures=() child=

say() { printf '\n==> %s\n' "$*"; }
now() { printf '%s' "${EPOCHREALTIME/./}"; }
since() { local us=$(($(now) - $1)); printf '%d.%d s' $((us / 1000000)) $((us / 100000 % 10)); }
ok() { passed=$((passed + 1)); printf '  ok      %-40s %s\n' "$1" "$2"; }
not_ok() { failed=$((failed + 1)); failures+=("$1"); printf '  FAILED  %-40s %s\n' "$1" "$2"; }
wanted() { [ -z "$only" ] || [[ $1 =~ $only ]]; }

drop_servers() {
  local s
  for s in $("$SERVER_SH" list); do
    [[ $s == "$1" || $s == "$1"-* ]] || continue
    "$SERVER_SH" drop "$s" || true
    mv -f "target/servers/$s.log" "$out/servers/" 2>/dev/null || true
  done
}

cleanup() {
  trap - EXIT INT TERM
  [ -z "$child" ] || kill "$child" 2>/dev/null || true
  drop_servers "$SERVER"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# A run that was killed leaves its servers behind.
for s in $("$SERVER_SH" list); do
  [[ $s =~ ^(test[0-9]+-([0-9]+))(-|$) ]] && [ ! -d "/proc/${BASH_REMATCH[2]}" ] && drop_servers "${BASH_REMATCH[1]}"
done

# cargo_step NAME COMMAND…: one check, shown only when it fails.
cargo_step() {
  local name=$1 t rc=0
  shift
  t=$(now)
  "$@" >"$out/$name.log" 2>&1 </dev/null || rc=$?
  if [ $rc = 0 ]; then ok "$name" "$(since "$t")"; else
    not_ok "$name" "$(since "$t")"
    tail -n 100 "$out/$name.log"
  fi
}

cargo_tests() {
  local t rc=0 sums=() n bad
  t=$(now)
  cargo test --no-default-features >"$out/cargo-test.log" 2>&1 </dev/null || rc=$?
  mapfile -t sums < <(sed -nE 's/^test result: .* ([0-9]+) passed; ([0-9]+) failed; ([0-9]+) ignored.*/\1 \2 \3/p' "$out/cargo-test.log")
  n=0 bad=0
  for s in "${sums[@]}"; do
    read -r p f i <<<"$s"
    n=$((n + p)) bad=$((bad + f)) skipped=$((skipped + i))
  done
  passed=$((passed + n)) failed=$((failed + bad))
  if [ $rc = 0 ]; then printf '  ok      %-40s %s\n' "cargo test: $n tests" "$(since "$t")"; else
    [ $bad != 0 ] || failed=$((failed + 1))
    failures+=("cargo test")
    printf '  FAILED  %-40s %s\n' "cargo test" "$(since "$t")"
    grep -vE '^test .* \.\.\. ok$|^ +Compiling' "$out/cargo-test.log" | tail -n 100
  fi
}

sql() { "$SERVER_SH" psql "$SERVER" -q -v ON_ERROR_STOP=1 "$@"; }

# new_database NAME: one of its own for each test, so that none can disturb another.
new_database() {
  sql -v db="$1" <<<'DROP DATABASE IF EXISTS :"db" WITH (FORCE); CREATE DATABASE :"db" TEMPLATE template0;' 2>/dev/null
}

# judge KIND NAME START EXPECTED_DIR: compares with NAME_$PG.out where there is one, else with NAME.out.
judge() {
  local kind=$1 name=$2 t=$3 dir=$4 expected got=$out/$1/$2.out diff=$out/$1/$2.diff
  # The newest that isn't for a newer server.
  expected=$dir/$name.out
  for v in 17 18; do
    if [ "$v" -le "$pg" ] && [ -f "$dir/${name}_$v.out" ]; then expected=$dir/${name}_$v.out; fi
  done
  rm -f "$diff"
  if [ ! -f "$expected" ]; then
    not_ok "$kind/$name" "$(since "$t")"
    echo "    no expected output: when ${got#"$root"/} is right, copy it to $expected"
  elif diff -u --label "$expected" --label "${got#"$root"/}" "$expected" "$got" >"$diff"; then
    rm -f "$diff"
    ok "$kind/$name" "$(since "$t")"
  else
    not_ok "$kind/$name" "$(since "$t")"
    head -n 200 "$diff"
  fi
}

# in_background COMMAND…: so that an interrupt is obeyed at once.
in_background() {
  local rc=0
  # Without an input of its own, a background command would read /dev/null.
  timeout -k 10 "${TEST_TIMEOUT:-1500}" "$@" <&0 &
  child=$!
  wait "$child" || rc=$?
  child=
  return $rc
}

sql_test() {
  local name=$1 t
  t=$(now)
  new_database "$name"
  # pg_regress's own flags.
  PGDATABASE=$name in_background "$SERVER_SH" psql "$SERVER" -a -q -v HIDE_TABLEAM=on -v HIDE_TOAST_COMPRESSION=on \
    <"tests/sql/$name.sql" >"$out/sql/$name.out" 2>&1 || true
  judge sql "$name" "$t" tests/expected
  sql -v db="$name" <<<'DROP DATABASE IF EXISTS :"db" WITH (FORCE);' || true
}

isolation_test() {
  local name=$1 t
  t=$(now)
  new_database "$name"
  # TRUNCATE is seen only where the library is loaded before the first statement.
  PGDATABASE=$name sql -v db="$name" <<<'CREATE EXTENSION schemaguard; ALTER DATABASE :"db" SET session_preload_libraries = schemaguard;'
  PGISOLATIONTIMEOUT=${PGISOLATIONTIMEOUT:-60} in_background "$isolationtester" "dbname=$name" \
    <"tests/isolation/specs/$name.spec" >"$out/isolation/$name.out" 2>&1 || true
  judge isolation "$name" "$t" tests/isolation/expected
  sql -v db="$name" <<<'DROP DATABASE IF EXISTS :"db" WITH (FORCE);' || true
}

case_test() {
  local name=$1 t rc=0
  t=$(now)
  printf '  case    %s\n' "$name"
  in_background "$root/tests/cases/$name.sh" </dev/null > >(tee "$out/cases/$name.log" | sed -u 's/^/    /') 2>&1 || rc=$?
  # The case's last lines come before its verdict.
  wait
  case $rc in
    0) ok "cases/$name" "$(since "$t")" ;;
    77) skipped=$((skipped + 1)); printf '  SKIPPED %-40s %s\n' "cases/$name" "$(tail -n 1 "$out/cases/$name.log")" ;;
    124) not_ok "cases/$name" "(timed out) $(since "$t")" ;;
    *) not_ok "cases/$name" "(exit code $rc) $(since "$t")" ;;
  esac
}

# each KIND DIR SUFFIX FUNCTION
each() {
  local f name section=0 t
  t=$(now)
  for f in "$2"/*"$3"; do
    [ -f "$f" ] || continue
    [ "$1" != cases ] || [ -x "$f" ] || continue
    name=$(basename "$f" "$3")
    wanted "$1/$name" || continue
    [ $section = 1 ] || say "$1: $2/*$3"
    section=1
    "$4" "$name" || not_ok "$1/$name" "(could not be run)"
  done
  [ $section = 0 ] || printf '  %s took %s\n' "$1" "$(since "$t")"
}

start=$(now)
if [ -z "$only" ]; then
  say "Rust: format, lints, and the tests that need no server"
  cargo_step fmt cargo fmt --check
  cargo_step clippy-pure cargo clippy --no-default-features --all-targets -- -D warnings
  cargo_step "clippy-pg$pg" cargo clippy --lib --no-default-features --features "pg$pg" -- -D warnings
  cargo_tests
fi

say "PostgreSQL $("$bin/pg_config" --version | sed 's/^PostgreSQL //'): a server of our own"
"$SERVER_SH" start "$SERVER" "$pg" 'fsync = off'
eval "$("$SERVER_SH" env "$SERVER")"
isolationtester=$(dirname "$("$bin/pg_config" --pgxs)")/../test/isolation/isolationtester
echo "  log: target/servers/$SERVER.log, then target/test-output/$pg/servers/"

each sql tests/sql .sql sql_test
each isolation tests/isolation/specs .spec isolation_test
if grep -E 'PANIC|was terminated by signal|TRAP:' "target/servers/$SERVER.log"; then not_ok "server crashed" "see the log"; fi
each cases tests/cases .sh case_test

say "PostgreSQL $pg: $(since "$start")"
[ $failed = 0 ] || printf '  failed: %s\n' "${failures[@]}"
[ $((passed + failed + skipped)) != 0 ] || { echo "no test matches ONLY=$only" >&2; failed=1; }
line="$passed passed, $failed failed"
[ $skipped = 0 ] || line+=", $skipped skipped"
printf '%s\n' "$line"
[ $failed = 0 ]
