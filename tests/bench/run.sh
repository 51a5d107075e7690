#!/usr/bin/env bash
# What the guard and the record cost, against a bare server and against what people write otherwise: an
# event trigger in PL/pgSQL that logs each command. One server, four databases, paired blocks: only
# the ratios mean anything.
#   tests/bench/run.sh [PG]      after tests/setup.sh with PROFILE=release (make bench does both)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
pg=${1:-15} rounds=${ROUNDS:-11} size=${SIZE:-400}
server=bench-$$
here=$root/tests/bench
"$root/tests/server.sh" start "$server" "$pg" 'fsync = off' 'synchronous_commit = off' 'autovacuum = off' \
  'checkpoint_timeout = 1h' 'max_wal_size = 8GB' >/dev/null
trap '"$root/tests/server.sh" drop "$server" >/dev/null 2>&1 || true' EXIT
eval "$("$root/tests/server.sh" env "$server")"

psql -qX -d postgres -c 'CREATE DATABASE bare' -c 'CREATE DATABASE plain' -c 'CREATE DATABASE named' -c 'CREATE DATABASE ours'
psql -qX -d plain -f "$here/plain_log.sql"
psql -qX -d named -v only='WHERE original' -f "$here/plain_log.sql"
psql -qX -d ours -c 'CREATE EXTENSION schemaguard'

# block DATABASE SQL-of-one-statement-per-line: microseconds per statement, by the server's clock.
block() {
  { echo "SELECT clock_timestamp() AS t0 \\gset"; cat "$2"
    echo "SELECT round(extract(epoch FROM clock_timestamp() - :'t0') * 1e6 / $size)"; } |
    psql -qXAt -v ON_ERROR_STOP=1 -d "$1" -f - | tail -n 1
}
work=$(mktemp -d); trap 'rm -rf "$work"; "$root/tests/server.sh" drop "$server" >/dev/null 2>&1 || true' EXIT
statements() { for i in $(seq "$size"); do printf "$1\n" "$i"; done; }
statements 'CREATE TABLE t%d (id serial PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now());' >"$work/create"
statements 'ALTER TABLE t%d ADD COLUMN extra integer;' >"$work/add"
statements 'DROP TABLE t%d;' >"$work/drop"

for db in bare plain named ours; do for what in create add drop; do block $db "$work/$what" >/dev/null; done; done
for _ in $(seq "$rounds"); do
  for what in create add drop; do
    for db in bare plain named ours; do echo "$what $db $(block $db "$work/$what")"; done
  done
done >"$work/times"

echo "PostgreSQL $pg, fsync off, $rounds rounds of $size statements; median ratio to the bare server, pair by pair (lowest-highest)"
printf '%-14s %8s   %-22s %-22s %s\n' statement 'bare us' 'plpgsql, every object' 'plpgsql, named only' 'schemaguard'
for what in create add drop; do
  ratio() { paste <(awk -v w=$what '$1==w && $2=="bare" {print $3}' "$work/times") \
    <(awk -v w=$what -v d="$1" '$1==w && $2==d {print $3}' "$work/times") |
    awk '{printf "%.3f\n", $2 / $1}' | sort -n | awk '{v[NR]=$1} END {printf "%.2f (%.2f-%.2f)", v[int((NR+1)/2)], v[1], v[NR]}'; }
  case $what in create) name='CREATE TABLE' ;; add) name='ADD COLUMN' ;; drop) name='DROP TABLE' ;; esac
  printf '%-14s %8s   %-22s %-22s %s\n' "$name" \
    "$(awk -v w=$what '$1==w && $2=="bare" {print $3}' "$work/times" | sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}')" \
    "$(ratio plain)" "$(ratio named)" "$(ratio ours)"
done

echo
echo "A script of N tables in one string: ratio of its time to the bare server's, and bytes of the record per table"
for n in 100 200 400 800; do
  script=$(for i in $(seq "$n"); do echo "CREATE TABLE s$i (id integer PRIMARY KEY, name text, body text);"; done)
  for db in bare ours; do
    start=$(date +%s%N); psql -qX -v ON_ERROR_STOP=1 -d $db -c "$script"; end=$(date +%s%N)
    echo "$(((end - start) / 1000))" >"$work/$db"
    [ $db = bare ] || bytes=$(psql -qXAt -d ours -c "SELECT pg_total_relation_size('schemaguard.ddl_entry')")
    psql -qX -d $db -c "DO \$\$ BEGIN FOR i IN 1..$n LOOP EXECUTE 'DROP TABLE s' || i; END LOOP; END \$\$" 
  done
  echo "$n $(cat "$work/bare") $(cat "$work/ours") $bytes" |
    awk '{printf "%6d tables: %.2f times bare, %.2f ms a table\n", $1, $3 / $2, $3 / 1000 / $1}'
done

echo
"$here/dml.sh" "$pg"
