#!/usr/bin/env bash
# drift() while others change the schema: never an error, and where they leave nothing behind, in the
# end no drift. The server's own deparsing sees newer catalogs than any snapshot.
set -euo pipefail
db=drift_concurrent
sql() { psql -XqAt -v ON_ERROR_STOP=1 -d "$db" "$@"; }
export PGOPTIONS='-c client_min_messages=error'
psql -XqAt -d postgres -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" -c "CREATE DATABASE $db"
sql -c 'CREATE EXTENSION schemaguard' -c 'CREATE TABLE stays (id bigint PRIMARY KEY, name text NOT NULL, CHECK (id > 0))'
sql -c "SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json')" >/dev/null
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"; kill $(jobs -p) 2>/dev/null || true' EXIT

change() {
  while [ ! -e "$tmp/stop" ]; do
    for i in $(seq 20); do
      echo "CREATE TABLE $1_$i (id bigint PRIMARY KEY, a integer DEFAULT 1 CHECK (a > 0), b text, other bigint REFERENCES stays);
            CREATE INDEX ON $1_$i (lower(b)) WHERE a > 1; CREATE VIEW v_$1_$i AS SELECT a, b FROM $1_$i;
            CREATE FUNCTION f_$1_$i(i integer DEFAULT 3) RETURNS integer LANGUAGE sql AS 'SELECT i';
            ALTER TABLE $1_$i ADD CHECK (a < 10), DROP COLUMN b CASCADE;
            DROP TABLE $1_$i CASCADE; DROP FUNCTION f_$1_$i; SELECT pg_sleep(0.02);"
    done | sql -f - >/dev/null 2>"$tmp/$1.error" || break
  done
}
for who in one two; do change $who & done
rounds=40 bad=0
for i in $(seq "$rounds"); do
  if ! sql -c 'SELECT count(*) FROM schemaguard.drift()' -c 'SELECT length(schemaguard.snapshot()::text)' >/dev/null 2>"$tmp/error"; then
    bad=$((bad + 1)); cat "$tmp/error"
  fi
done
touch "$tmp/stop"
wait
cat "$tmp"/one.error "$tmp"/two.error
[ ! -s "$tmp/one.error" ] && [ ! -s "$tmp/two.error" ] || { echo "NOT ok: the changes themselves failed"; exit 1; }
left=$(sql -c 'SELECT count(*) FROM schemaguard.drift()')
[ "$left" = 0 ] || { echo "NOT ok: drift() has $left rows when all is quiet again"; exit 1; }
psql -XqAt -d postgres -c "DROP DATABASE $db WITH (FORCE)"
[ "$bad" = 0 ] || { echo "NOT ok: $bad of $rounds readings failed"; exit 1; }
echo "$rounds readings beside others' DDL, none failed"
