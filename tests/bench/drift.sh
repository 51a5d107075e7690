#!/usr/bin/env bash
# What drift() costs on generated tables (8 columns, 2 indexes, 1 foreign key, 1 check each), beside the
# floor (the catalogs read once by hand-written queries), pg_dump -s, and migra from PyPI comparing the
# same two schemas. One server, one run, round by round: only the ratios mean anything.
#   tests/bench/drift.sh [PG]      after tests/setup.sh with PROFILE=release (make bench does both)
#   SIZES='1000 10000' ROUNDS=5
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
pg=${1:-15} rounds=${ROUNDS:-5} sizes=${SIZES:-1000 10000}
server=bench-drift-$$
here=$root/tests/bench
work=$(mktemp -d)
trap 'rm -rf "$work"; "$root/tests/server.sh" drop "$server" >/dev/null 2>&1 || true' EXIT
"$root/tests/server.sh" start "$server" "$pg" 'fsync = off' 'synchronous_commit = off' 'autovacuum = off' \
  'max_locks_per_transaction = 4096' >/dev/null
eval "$("$root/tests/server.sh" env "$server")"

# migra in a place of its own; without it the other columns stand.
venv=$root/target/bench/migra
if [ ! -x "$venv/bin/migra" ]; then
  if ! { python3 -m venv "$venv" && "$venv/bin/pip" -q install 'migra==3.0.1663481299' 'psycopg2-binary==2.9.10' 'sqlalchemy<2.1' 'setuptools<80'; } >"$work/pip" 2>&1; then
    echo "migra could not be installed and is left out: $(tail -n 1 "$work/pip")"
    rm -rf "$venv"
  fi
fi
migra=$venv/bin/migra

generate() {
  psql -qX -d "$1" -v n="$2" -f - >/dev/null <<'SQL'
SELECT format('CREATE TABLE t%1$s (id bigint PRIMARY KEY, parent bigint%2$s, name text NOT NULL, email varchar(200),
  score numeric(10,2) DEFAULT 0 CHECK (score >= 0), at timestamptz NOT NULL DEFAULT now(), active boolean NOT NULL DEFAULT true, note text)',
  i, CASE WHEN i > 1 THEN ' REFERENCES t' || i / 2 ELSE '' END) FROM generate_series(1, :n) i \gexec
SELECT format('CREATE INDEX ON t%s (name)', i) FROM generate_series(1, :n) i \gexec
SELECT format('CREATE INDEX ON t%s (lower(email)) WHERE active', i) FROM generate_series(1, :n) i \gexec
VACUUM ANALYZE;
SQL
}
# ms COMMAND…: how long it takes.
ms() {
  local start=$EPOCHREALTIME
  "$@" >/dev/null 2>"$work/error" || { cat "$work/error" >&2; exit 1; }
  echo $(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
}
# clocked DATABASE: drift() cold, warm (the catalogs have changed in between) and unchanged, in ms by
# the server's clock, in one session.
clocked() {
  psql -qXAt -d "$1" -f - <<'SQL'
\o /dev/null
SELECT clock_timestamp() AS t0 \gset
SELECT count(*) FROM schemaguard.drift();
SELECT clock_timestamp() AS t1 \gset
CREATE TEMP TABLE moves_the_catalogs ();
SELECT clock_timestamp() AS t2 \gset
SELECT count(*) FROM schemaguard.drift();
SELECT clock_timestamp() AS t3 \gset
SELECT count(*) FROM schemaguard.drift();
SELECT clock_timestamp() AS t4 \gset
\o
SELECT 'cold', round(extract(epoch FROM :'t1'::timestamptz - :'t0') * 1e3);
SELECT 'warm', round(extract(epoch FROM :'t3'::timestamptz - :'t2') * 1e3);
SELECT 'unchanged', round(extract(epoch FROM :'t4'::timestamptz - :'t3') * 1e3, 1);
SQL
}

# steered DATABASE SETTING: microseconds for an ADD COLUMN and a CREATE TABLE under schemaguard.on_drift.
steered() {
  psql -qXAt -d "$1" -f - <<SQL
SET client_min_messages = error;
SET schemaguard.on_drift = $2;
ALTER TABLE t1 ADD warm_$2 integer;
CREATE TABLE warm_$2 (id bigint PRIMARY KEY);
SELECT clock_timestamp() AS t0 \\gset
DO \$\$ BEGIN FOR i IN 1..50 LOOP EXECUTE 'ALTER TABLE t' || i % 5 + 1 || ' ADD $2_' || i || ' integer'; END LOOP; END \$\$;
SELECT clock_timestamp() AS t1 \\gset
DO \$\$ BEGIN FOR i IN 1..50 LOOP EXECUTE 'CREATE TABLE $2_' || i || ' (id bigint PRIMARY KEY, a integer)'; END LOOP; END \$\$;
SELECT clock_timestamp() AS t2 \\gset
SELECT round(extract(epoch FROM :'t1'::timestamptz - :'t0') * 1e6 / 50), round(extract(epoch FROM :'t2'::timestamptz - :'t1') * 1e6 / 50);
SQL
}

echo "on_drift, microseconds a statement (ADD COLUMN | CREATE TABLE), warn beside off"
for n in 10 ${sizes##* }; do
  psql -qX -d postgres -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS live' -c 'CREATE DATABASE live'
  generate live "$n"
  psql -qX -d live -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION schemaguard' -c "SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json')" >/dev/null
  for setting in off warn; do echo "  $n tables, $setting: $(steered live $setting)"; done
done

for n in $sizes; do
  psql -qX -d postgres -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS live' -c 'DROP DATABASE IF EXISTS other' -c 'CREATE DATABASE live' -c 'CREATE DATABASE other'
  generate live "$n"
  psql -qX -d live -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION schemaguard' -c "SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json')" >/dev/null
  generate other "$n"
  : >"$work/times"
  for _ in $(seq "$rounds"); do
    echo "floor|$(ms psql -qX -d live -f "$here/floor.sql")" >>"$work/times"
    clocked live >>"$work/times"
    echo "dump|$(ms pg_dump -s -N schemaguard live)" >>"$work/times"
  done
  if [ -x "$migra" ]; then
    url=postgresql:///%s?host=$PGHOST\&port=$PGPORT\&user=$PGUSER
    # shellcheck disable=SC2059
    echo "migra|$(ms "$migra" --schema public "$(printf "$url" other)" "$(printf "$url" live)")" >>"$work/times"
  fi
  median() { awk -F'|' -v w="$1" '$1==w {print $2}' "$work/times" | sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
  floor=$(median floor)
  echo "PostgreSQL $pg, $n tables, $rounds rounds; medians as multiples of the floor ($floor ms)"
  for what in cold warm unchanged dump migra; do
    t=$(median $what)
    [ -z "$t" ] || awk -v what=$what -v t="$t" -v f="$floor" 'BEGIN {
      name["cold"] = "drift(), first in a session"; name["warm"] = "drift(), catalogs changed since"
      name["unchanged"] = "drift(), nothing changed since"; name["dump"] = "pg_dump -s"; name["migra"] = "migra, two databases"
      printf "  %-32s %6.2f\n", name[what], t / f }'
  done
done
