#!/usr/bin/env bash
# What the library costs DELETE, UPDATE and SELECT while require_where and max_rows_lost are off (not to be told
# from noise), and what these two cost while they are on. One server, paired blocks of pgbench: only the ratios
# mean anything.
#   tests/bench/dml.sh [PG]      after tests/setup.sh with PROFILE=release (make bench does both)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
pg=${1:-15} rounds=${ROUNDS:-9} transactions=${TRANSACTIONS:-3000}
server=bench-dml-$$
"$root/tests/server.sh" start "$server" "$pg" 'fsync = off' 'synchronous_commit = off' 'autovacuum = off' \
  'checkpoint_timeout = 1h' 'max_wal_size = 8GB' >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"; "$root/tests/server.sh" drop "$server" >/dev/null 2>&1 || true' EXIT
eval "$("$root/tests/server.sh" env "$server")"

databases=(bare off on)
for db in "${databases[@]}"; do
  psql -qX -d postgres -c "CREATE DATABASE \"$db\""
  pgbench -i -q -s 1 "$db" 2>/dev/null
  psql -qX -d "$db" -c 'CREATE TABLE parent (id int PRIMARY KEY)' -c 'CREATE TABLE child (id int REFERENCES parent ON DELETE CASCADE)' -c 'CREATE INDEX ON child (id)'
  [ "$db" = bare ] || psql -qX -d "$db" -c 'CREATE EXTENSION schemaguard' -c "ALTER DATABASE \"$db\" SET session_preload_libraries = schemaguard"
done
psql -qX -d on -c 'LOAD $$schemaguard$$' -c 'ALTER DATABASE "on" SET schemaguard.require_where = on' -c 'ALTER DATABASE "on" SET schemaguard.max_rows_lost = 1000'
cat >"$work/write.sql" <<'SQL'
\set n random(1, 1000000000)
INSERT INTO parent VALUES (:n) ON CONFLICT DO NOTHING;
INSERT INTO child VALUES (:n);
UPDATE child SET id = id WHERE id = :n;
DELETE FROM parent WHERE id = :n;
SQL
# The processor time of all sessions that have ended, in ticks: it doesn't depend on what else the machine does.
postmaster=$(head -n 1 "$PGDATA/postmaster.pid")
children() { wc -w <"/proc/$postmaster/task/$postmaster/children"; }
idle=$(children)
ticks() {
  until [ "$(children)" -le "$idle" ]; do sleep 0.01; done
  sed 's/.*) //' "/proc/$postmaster/stat" | awk '{print $14 + $15}'
}
us() { echo "$1 $2 $(getconf CLK_TCK) $3" | awk '{printf "%.1f\n", ($2 - $1) * 1e6 / $3 / $4}'; }
# session DATABASE: microseconds for one that does nothing
session() {
  local before
  before=$(ticks)
  for _ in {1..40}; do psql -qX -d "$1" -c '' ; done
  us "$before" "$(ticks)" 40
}
declare -A start
for db in "${databases[@]}"; do session "$db" >/dev/null; start[$db]=$(session "$db"); done
# block DATABASE WHAT MODE: microseconds a transaction, without what the two sessions of pgbench take to begin
block() {
  local how=(-f "$work/write.sql") n=$transactions before
  [ "$2" = write ] || { how=(-S) n=$((transactions * 6)); }
  before=$(ticks)
  pgbench -n -M "$3" -t "$n" "${how[@]}" "$1" >/dev/null 2>&1
  us "$before" "$(ticks)" "$n" | awk -v s="${start[$1]}" -v n="$n" '{printf "%.2f\n", $1 - 2 * s / n}'
}
for db in "${databases[@]}"; do block "$db" write simple >/dev/null; block "$db" read simple >/dev/null; done
for round in $(seq "$rounds"); do
  for what in 'read simple' 'read prepared' 'write simple' 'write prepared'; do
    # Whoever is first in a pair is not always the same.
    order=("${databases[@]}"); [ $((round % 2)) = 0 ] || order=(on off bare)
    for db in "${order[@]}"; do
      # shellcheck disable=SC2086
      echo "$round ${what/ /-} $db $(block "$db" $what)"
    done
  done
done >"$work/times"

echo "PostgreSQL $pg, pgbench, $rounds rounds; processor time of the server as a ratio to that without the library: median of the pairs (and of the cheapest blocks)"
printf 'A session begins in %.1f ms, with the library in %.1f ms.\n' "$(awk "BEGIN {print ${start[bare]} / 1000}")" "$(awk "BEGIN {print ${start[off]} / 1000}")"
printf '%-16s %8s   %-24s %s\n' transaction 'bare us' 'loaded, settings off' 'both settings on'
for what in read-simple read-prepared write-simple write-prepared; do
  of() { awk -v w=$what -v d="$1" '$2==w && $3==d {print $4}' "$work/times"; }
  ratio() {
    printf '%s (%s)' \
      "$(paste <(of bare) <(of "$1") | awk '{printf "%.3f\n", $2 / $1}' | sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}')" \
      "$(paste <(of bare | sort -n | head -n 1) <(of "$1" | sort -n | head -n 1) | awk '{printf "%.3f", $2 / $1}')"
  }
  printf '%-16s %8s   %-24s %s\n' "$what" "$(of bare | sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}')" "$(ratio off)" "$(ratio on)"
done
