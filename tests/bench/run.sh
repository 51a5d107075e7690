#!/usr/bin/env bash
# What the guard and the record cost, against a bare server and against what people write otherwise: an
# event trigger in PL/pgSQL that logs each command. One server, four databases with a session each, and
# short blocks in turn, whose order changes from round to round, so that what else the machine does
# meets all four alike: only the ratios of a round mean anything.
#   tests/bench/run.sh [PG]      after tests/setup.sh with PROFILE=release (make bench does both)
# ROUNDS and SIZE: how many blocks, of how many statements.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
pg=${1:-15} rounds=${ROUNDS:-120} size=${SIZE:-40}
server=bench-$$
here=$root/tests/bench
databases=(bare plain named ours)
work=$(mktemp -d)
trap 'rm -rf "$work"; "$root/tests/server.sh" drop "$server" >/dev/null 2>&1 || true' EXIT
fresh() {
  "$root/tests/server.sh" drop "$server" >/dev/null 2>&1 || true
  "$root/tests/server.sh" start "$server" "$pg" 'autovacuum = off' 'checkpoint_timeout = 1h' 'max_wal_size = 8GB' "$@" >/dev/null
  eval "$("$root/tests/server.sh" env "$server")"
  for db in "${databases[@]}"; do psql -qX -d postgres -c "CREATE DATABASE $db"; done
  psql -qX -d plain -f "$here/plain_log.sql"
  psql -qX -d named -v only='WHERE original' -f "$here/plain_log.sql"
  psql -qX -d ours -c 'CREATE EXTENSION schemaguard'
  local db to from
  for db in "${databases[@]}"; do
    rm -f "$work/to.$db" "$work/from.$db"
    mkfifo "$work/to.$db" "$work/from.$db"
    psql -qXAt -F ' ' -v ON_ERROR_STOP=1 -d "$db" <"$work/to.$db" >"$work/from.$db" &
    exec {to}>"$work/to.$db" {from}<"$work/from.$db"
    session[$db]=$to answers[$db]=$from
  done
}
declare -A session answers

statements() { for i in $(seq "$size"); do printf "$1\n" "$i"; done; }
statements 'CREATE TABLE t%d (id serial PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now());' >"$work/create"
statements 'ALTER TABLE t%d ADD COLUMN extra integer;' >"$work/add"
statements 'DROP TABLE t%d;' >"$work/drop"

# block DATABASE FILE-of-one-statement-per-line: what one statement takes, in microseconds by the
# clock, in microseconds of the backend on a processor, and in bytes of WAL.
block() {
  local now="clock_timestamp() AS t, split_part(pg_read_file('/proc/self/schedstat'), ' ', 1) AS c, pg_current_wal_insert_lsn() AS w"
  { # What the others did has emptied the session's caches.
    echo "CREATE TABLE w (id serial PRIMARY KEY); ALTER TABLE w ADD COLUMN extra integer; DROP TABLE w;"
    echo "SELECT $now \\gset a"; cat "$2"; echo "SELECT $now \\gset b"
    echo "SELECT round(extract(epoch FROM timestamptz :'bt' - :'at') * 1e6 / $size), round((:bc - :ac) / 1000.0 / $size), round((pg_lsn :'bw' - :'aw') / $size);"
  } >&"${session[$1]}"
  local line
  IFS= read -r line <&"${answers[$1]}" && echo "$line"
}

# measure ROUNDS: lines of statement, database, round and what block says.
measure() {
  local round what k db
  for round in $(seq 0 "$(($1 + 4))"); do
    # Dead rows of the catalogs, which autovacuum would take, slow down one database more than another.
    if ((round % 10 == 0)); then
      for db in "${databases[@]}"; do psql -qX -d "$db" -c VACUUM; done
    fi
    for what in create add drop; do
      for k in 0 1 2 3; do
        db=${databases[(k + round) % 4]}
        echo "$what $db $round $(block "$db" "$work/$what")"
      done
    done
  done | awk '$3 >= 5' # the first ones only warm up
}

# ratio STATEMENT DATABASE COLUMN: median, and the middle half, of the pairs' ratios to the bare server.
ratio() {
  awk -v w="$1" -v d="$2" -v c="$3" '
    $1 == w && $2 == "bare" { bare[$3] = $c }
    $1 == w && $2 == d { it[$3] = $c }
    END { for (r in it) printf "%.3f\n", it[r] / bare[r] }' "$work/times" | sort -n |
    awk '{ v[NR] = $1 } END { printf "%.2f (%.2f-%.2f)", v[int((NR + 1) / 2)], v[int((NR + 3) / 4)], v[int((3 * NR + 1) / 4)] }'
}
median() {
  awk -v w="$1" -v d="$2" -v c="$3" '$1 == w && $2 == d { print $c }' "$work/times" | sort -n |
    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
table() {
  local what name column unit
  printf '%-28s %6s   %-22s %-22s %s\n' '' bare 'plpgsql, every object' 'plpgsql, named only' schemaguard
  for what in create add drop; do
    case $what in create) name='CREATE TABLE' ;; add) name='ADD COLUMN' ;; drop) name='DROP TABLE' ;; esac
    for column in 4 5 6; do
      case $column in 4) unit='us' ;; 5) unit='us of CPU' ;; 6) unit='bytes of WAL' ;; esac
      printf '%-28s %6s   %-22s %-22s %s\n' "$name, $unit" "$(median $what bare $column)" \
        "$(ratio $what plain $column)" "$(ratio $what named $column)" "$(ratio $what ours $column)"
    done
  done
}

echo "PostgreSQL $pg: median ratio to the bare server (and the middle half), blocks of $size statements"
fresh
measure "$((rounds / 2))" >"$work/times"
echo; echo "As the server comes, each statement waiting for the disk: $((rounds / 2)) rounds"
table
fresh 'fsync = off' 'synchronous_commit = off'
measure "$rounds" >"$work/times"
echo; echo "Nothing waits for the disk: $rounds rounds"
table

echo
echo "A script of N tables in one string, median of 5: ratio of its time to the bare server's, and what the record grows by"
drop_script() { psql -qX -d "$1" -c "DO \$\$ BEGIN FOR i IN 1..$2 LOOP EXECUTE 'DROP TABLE s' || i; END LOOP; END \$\$" -c VACUUM; }
record_size() { psql -qXAt -d ours -c "SELECT pg_total_relation_size('schemaguard.ddl_entry')"; }
# script_takes DATABASE SCRIPT: microseconds.
script_takes() {
  local start=$EPOCHREALTIME
  psql -qX -v ON_ERROR_STOP=1 -d "$1" -c "$2"
  echo $((${EPOCHREALTIME/./} - ${start/./}))
}
for n in 100 200 400 800; do
  script=$(for i in $(seq "$n"); do echo "CREATE TABLE s$i (id integer PRIMARY KEY, name text, body text);"; done)
  before=$(record_size)
  script_takes ours "$script" >/dev/null
  bytes=$(($(record_size) - before))
  drop_script ours "$n"
  for round in 0 1 2 3 4; do
    both=(bare ours)
    for k in 0 1; do
      db=${both[(k + round) % 2]}
      script_takes $db "$script" >"$work/$db"
      drop_script $db "$n"
    done
    echo "$(cat "$work/bare") $(cat "$work/ours")"
  done | awk '{ print $2 / $1, $2 }' | sort -n |
    awk -v n="$n" -v bytes="$bytes" '{ ratio[NR] = $1; time[NR] = $2 }
      END { printf "%6d tables: %.2f times bare, %.2f ms and %d bytes of record a table\n", n, ratio[3], time[3] / 1000 / n, bytes / n }'
done

echo
"$here/dml.sh" "$pg"
