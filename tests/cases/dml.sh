#!/usr/bin/env bash
# require_where and max_rows_lost by other ways than psql's: the extended protocol, prepared, in a pipeline;
# in a database without the extension; switched on for a role.
set -euo pipefail
server=$SERVER-dml
"$SERVER_SH" start "$server" "$PG" "shared_preload_libraries = 'schemaguard'" 'fsync = off' >/dev/null
eval "$("$SERVER_SH" env "$server")"
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sql -c 'CREATE EXTENSION schemaguard' -c 'CREATE ROLE app LOGIN' -c 'CREATE ROLE tool LOGIN' \
  -c 'ALTER ROLE app SET schemaguard.max_rows_lost = 10' -c 'ALTER ROLE app SET schemaguard.require_where = on' \
  -c 'CREATE TABLE t AS SELECT generate_series(1, 100) AS id' -c 'GRANT ALL ON t TO app, tool'
# bench MODE SQL: one transaction of it, as the role that the settings are for
bench() { printf '%s\n' "$2" >"$tmp/script"; PGUSER=app pgbench -n -M "$1" -t 1 -f "$tmp/script" "${PGDATABASE:-postgres}" 2>&1 || true; }
left() { sql -c 'SELECT count(*) FROM t'; }

if command -v pgbench >/dev/null; then
  for mode in simple extended prepared; do
    check "$mode: no WHERE" 1 "$(bench $mode 'DELETE FROM t;' | grep -c 'has no WHERE' || true)"
    check "$mode: a parameter for a condition" 1 "$(bench $mode '\set x true
DELETE FROM t WHERE :x;' | grep -c 'has no WHERE' || true)"
    check "$mode: too many rows" 1 "$(bench $mode '\set x 11
DELETE FROM t WHERE id <= :x;' | grep -c 'DELETE FROM public.t would take 11 rows' || true)"
    check "$mode: statements of one transaction are not counted together" 0 "$(bench $mode '\set x 9
BEGIN;
DELETE FROM t WHERE id <= :x;
DELETE FROM t WHERE id > :x AND id <= :x + 9;
DELETE FROM t WHERE id > :x + 9 AND id <= :x + 18;
ROLLBACK;' | grep -c ERROR || true)"
  done
  check 'in a pipeline, each by itself' 0 "$(bench prepared '\startpipeline
BEGIN;
DELETE FROM t WHERE id <= 9;
DELETE FROM t WHERE id <= 18;
ROLLBACK;
\endpipeline' | grep -c ERROR || true)"
else
  echo 'pgbench is not here: the extended protocol is left out'
fi
check 'nothing is gone' 100 "$(left)"

echo '== for a role'
check 'not asked of another one' 0 "$(PGUSER=tool sql -c 'BEGIN' -c 'DELETE FROM t' -c 'ROLLBACK' 2>&1 | grep -c ERROR || true)"
check 'SET ROLE takes no settings along' 1 "$(PGUSER=app sql -c 'DELETE FROM t' 2>&1 | grep -c 'has no WHERE' || true)"

echo '== without the extension, nothing is asked'
sql -c 'CREATE DATABASE other'
PGDATABASE=other sql -c 'CREATE TABLE t AS SELECT generate_series(1, 100) AS id' -c 'GRANT ALL ON t TO app'
check 'DELETE' 0 "$(PGDATABASE=other PGUSER=app sql -c 'DELETE FROM t' 2>&1 | grep -c ERROR || true)"
check 'all rows are gone' 0 "$(PGDATABASE=other sql -c 'SELECT count(*) FROM t')"

echo '== many rows, one by one: a foreign key over 20,000'
sql -c 'CREATE TABLE p (id int PRIMARY KEY)' -c 'CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE)' -c 'CREATE INDEX ON c (p)' \
  -c 'INSERT INTO p SELECT generate_series(1, 10000)' -c 'INSERT INTO c SELECT 1 + i % 10000 FROM generate_series(1, 20000) i' -c 'GRANT ALL ON p, c TO app'
check 'counted to the last' 'public.p: 10,000 rows|public.c: 20,000 rows (ON DELETE CASCADE from public.p)' \
  "$(PGUSER=app psql -XqAt -c 'DELETE FROM p WHERE id > 0' 2>&1 | sed -n 's/^DETAIL:  //p; /^public.c/p' | paste -sd'|')"
exit $failed
