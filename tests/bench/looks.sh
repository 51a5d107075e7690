#!/usr/bin/env bash
# What looking at the data costs, against the SELECT that a person would write to know the same.
#   tests/bench/looks.sh [PG]      part of make bench; ROWS=10000000
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
pg=${1:-15} rows=${ROWS:-10000000} rounds=${ROUNDS:-5}
server=looks-$$
"$root/tests/server.sh" start "$server" "$pg" 'fsync = off' 'synchronous_commit = off' 'autovacuum = off' \
  'checkpoint_timeout = 1h' 'max_wal_size = 16GB' 'shared_buffers = 1GB' 'schemaguard.probe_timeout = 0' \
  "session_preload_libraries = 'schemaguard'" >/dev/null
trap '"$root/tests/server.sh" drop "$server" >/dev/null 2>&1 || true' EXIT
eval "$("$root/tests/server.sh" env "$server")"
psql -qX -v ON_ERROR_STOP=1 <<SQL
CREATE DATABASE looks;
\c looks
CREATE EXTENSION schemaguard;
CREATE TABLE t (id bigint, nothing text, price numeric(12,4), full_one text);
INSERT INTO t SELECT n, NULL, n::numeric / 100, 'x' FROM generate_series(1, $rows) n;
-- The last row alone doesn't fit: the look goes through all of them, and ALTER TABLE does nothing.
INSERT INTO t VALUES (0, NULL, 0.1234, 'x');
VACUUM (FREEZE, ANALYZE) t;
SQL

# milliseconds of one statement, whatever comes of it
time_of() {
  { psql -qXAt -d looks -c 'SET schemaguard.show_values = off' ${2:+-c "$2"} -c '\timing on' -c "$1" 2>/dev/null || true; } |
    sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1
}
median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
pair() { # name, ours, theirs
  local ours theirs alone
  for _ in $(seq "$rounds"); do
    time_of "$2" >>"$work/ours"; time_of "$3" >>"$work/theirs"
    time_of "$3" 'SET max_parallel_workers_per_gather = 0' >>"$work/alone"
  done
  ours=$(median <"$work/ours") theirs=$(median <"$work/theirs") alone=$(median <"$work/alone")
  rm "$work"/*
  awk -v n="$1" -v o="$ours" -v t="$theirs" -v a="$alone" \
    'BEGIN {printf "%-50s %10.1f ms   %5.2f times the SELECT, %5.2f times it in one process\n", n, o, o / t, o / a}'
}
work=$(mktemp -d); trap 'rm -rf "$work"; "$root/tests/server.sh" drop "$server" >/dev/null 2>&1 || true' EXIT
echo "PostgreSQL $pg, $rows rows, median of $rounds"
pair 'DROP COLUMN full of values, refused' 'ALTER TABLE t DROP COLUMN full_one' 'SELECT count(full_one) FROM t'
pair 'DROP COLUMN all NULL (rolled back), let through' \
  'DO $$BEGIN ALTER TABLE t DROP COLUMN nothing; RAISE EXCEPTION USING MESSAGE = 0; END$$' 'SELECT count(nothing) FROM t'
pair 'numeric(12,4) to numeric(12,2), refused at the last' 'ALTER TABLE t ALTER price TYPE numeric(12,2)' \
  'SELECT count(*) FROM t WHERE price <> price::numeric(12,2)'
