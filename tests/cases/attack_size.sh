#!/usr/bin/env bash
# Attack: size. Statements of 50 MB, scripts of 50 MB in one message, thousands of victims: what has to
# be refused is, what loses nothing passes, and the record keeps up.
set -euo pipefail
n=$$
db=attack_size_$n
tmp=$(mktemp -d)
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
state() { { psql -XqAt -v VERBOSITY=sqlstate "$@" 2>&1 >/dev/null || true; } | sed -n "s/^.*ERROR: *//p" | tail -n 1 | grep . || echo 00000; }
now() { printf '%s' "${EPOCHREALTIME/./}"; }
since() { echo "  $1: $((($(now) - $2) / 1000)) ms"; }
cleanup() { psql -Xq -c 'SET client_min_messages = error' -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" -c "DROP ROLE IF EXISTS sg_size_$n" postgres; rm -rf "$tmp"; }
trap cleanup EXIT
createdb -T template0 "$db"
export PGDATABASE=$db
# TRUNCATE as the first statement of a session is seen with this only (on 15).
sql -c 'CREATE EXTENSION schemaguard' -c "ALTER DATABASE $db SET session_preload_libraries = schemaguard" -c 'CREATE TABLE precious AS SELECT 1 AS id' -c 'CREATE TABLE empty (id int)' \
  -c 'CREATE ROLE sg_size_'$n -c 'GRANT CREATE ON DATABASE '$db' TO sg_size_'$n -c 'ALTER TABLE precious OWNER TO sg_size_'$n -c 'ALTER TABLE empty OWNER TO sg_size_'$n \
  -c 'GRANT ALL ON SCHEMA public TO sg_size_'$n
as="SET ROLE sg_size_$n;"

echo '== one statement of 50 MB'
{ echo "$as"; printf 'DROP TABLE precious /*'; head -c 50000000 /dev/zero | tr '\0' 'x'; echo '*/;'; } >"$tmp/refused.sql"
sed 's/precious/empty/' "$tmp/refused.sql" >"$tmp/passes.sql"
t=$(now); check 'is refused' SG001 "$(state -f "$tmp/refused.sql")"; since refused "$t"
t=$(now); check 'its harmless twin passes' 00000 "$(state -f "$tmp/passes.sql")"; since passed "$t"
check 'refusals go on being recorded' SG001 "$(state -c 'DROP TABLE precious')"
check 'the small one is in the record' 1 "$(sql -c "SELECT count(*) FROM schemaguard.refused WHERE statement = 'DROP TABLE precious'")"
check 'so is the large one, or in the log' 1 "$( { sql -c "SELECT 1 FROM schemaguard.refused WHERE length(statement) > 50000000"; grep -c 'schemaguard refused a statement and could not record it' "$ROOT/target/servers/$SERVER.log" || true; } | head -n 1)"

echo '== a script of 50 MB in one message'
# Psql sends it as one message, and so as one transaction; the refused one stands last.
pad=$(head -c 10000 /dev/zero | tr '\0' 'x')
script() { printf 'SET ROLE sg_size_%s\\;' "$n"; for ((i = 0; i < 5000; i++)); do printf 'CREATE TABLE s%d (id int /*%s*/)\\;' "$i" "$pad"; done; printf '%s;' "$1"; }
script 'DROP TABLE precious' >"$tmp/script"
t=$(now); check 'is refused as a whole' SG001 "$(state -f "$tmp/script")"; since refused "$t"
check 'nothing of it stays' 0 "$(sql -c "SELECT count(*) FROM pg_class WHERE relname ~ '^s\d+$'")"
script 'SELECT 1' >"$tmp/script"
t=$(now); check 'its harmless twin passes' 00000 "$(state -f "$tmp/script")"; since passed "$t"
check 'each statement has its own text' 5000 "$(sql -c "SELECT count(DISTINCT statement) FROM schemaguard.ddl_log WHERE object ~ '^public.s\d+$' AND length(statement) < 10100")"

echo '== thousands of tables'
sql -c 'SET client_min_messages = error' -c 'CREATE SCHEMA crowd AUTHORIZATION sg_size_'$n >/dev/null
for ((i = 0; i < 3; i++)); do
  sql -c "$as" -c "DO \$\$ BEGIN FOR n IN 1..1000 LOOP EXECUTE format('CREATE TABLE crowd.t%s AS SELECT 1 AS id', n + $i * 1000); END LOOP; END \$\$"
done
t=$(now)
out=$(psql -Xq -c "$as" -c 'DROP SCHEMA crowd CASCADE' 2>&1 || true)
since refused "$t"
check 'all are counted' 1 "$(grep -c 'would destroy data in 3,000 places' <<<"$out" || true)"
check 'fifty are named' 50 "$(grep -c 'crowd.t[0-9]*: 1 row' <<<"$out" || true)"
check 'and the rest is told' 1 "$(grep -c '… and 2,950 more' <<<"$out" || true)"
sql -c "$as" -c "DO \$\$ BEGIN FOR n IN 1..3000 LOOP EXECUTE format('DELETE FROM crowd.t%s', n); END LOOP; END \$\$"
t=$(now); check 'emptied, they go' 00000 "$(state -c "$as" -c 'SET client_min_messages = error' -c 'DROP SCHEMA crowd CASCADE')"; since passed "$t"

echo '== thousands of partitions'
sql -c "$as" -c 'CREATE TABLE part (k int, v text) PARTITION BY LIST (k)'
for ((i = 0; i < 2; i++)); do
  sql -c "$as" -c "DO \$\$ BEGIN FOR n IN 1..1000 LOOP EXECUTE format('CREATE TABLE part_%s PARTITION OF part FOR VALUES IN (%s)', n + $i * 1000, n + $i * 1000); END LOOP; END \$\$"
done
sql -c "INSERT INTO part SELECT n, 'x' FROM generate_series(1, 2000) n"
for statement in 'DROP TABLE part' 'ALTER TABLE part DROP COLUMN v' 'TRUNCATE part'; do
  t=$(now)
  out=$(psql -Xq -c "$as" -c "$statement" 2>&1 || true)
  since "$statement, refused" "$t"
  check "$statement" 1 "$(grep -c 'in 2,000 places' <<<"$out" || true)"
done
sql -c 'DELETE FROM part'
for statement in 'TRUNCATE part' 'ALTER TABLE part DROP COLUMN v' 'DROP TABLE part'; do
  t=$(now); check "$statement, emptied" 00000 "$(state -c "$as" -c "$statement")"; since passed "$t"
done
check 'no crash in all of this' 0 "$(grep -c 'PANIC\|terminated by signal' "$ROOT/target/servers/$SERVER.log" || true)"
exit $failed
