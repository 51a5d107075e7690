#!/usr/bin/env bash
# 200 DDL statements in 8 sessions side by side leave exactly their rows: those rolled back none,
# those refused one each, every number once.
set -euo pipefail
db=concurrency_$$
createdb -T template0 "$db"
trap 'psql -Xqc "SET client_min_messages = error" -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" postgres' EXIT
export PGDATABASE=$db
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
sql -c 'CREATE EXTENSION schemaguard'
sql -c 'CREATE TABLE before AS SELECT coalesce(max(id), 0) AS id FROM schemaguard.ddl_log'

# Each session: 25 statements. 10 tables, 4 columns, 1 index, 5 drops, 2 in a transaction that is
# rolled back, 3 refused.
session() {
  local s=$1 n
  for n in 1 2 3 4 5 6 7 8 9 10; do echo "CREATE TABLE s${s}_t$n (id int);"; done
  echo "INSERT INTO s${s}_t1 VALUES (1); INSERT INTO s${s}_t2 VALUES (2);"
  for n in 1 2 3 4; do echo "ALTER TABLE s${s}_t$n ADD COLUMN v int;"; done
  echo "CREATE INDEX ON s${s}_t3 (v);"
  echo "BEGIN; CREATE TABLE s${s}_gone (id int); ALTER TABLE s${s}_t3 ADD COLUMN gone int; ROLLBACK;"
  echo "DROP TABLE s${s}_t1; ALTER TABLE s${s}_t2 DROP COLUMN id; DROP TABLE s${s}_t1, s${s}_t2;"
  for n in 6 7 8 9 10; do echo "DROP TABLE s${s}_t$n;"; done
}
pids=()
for s in 1 2 3 4 5 6 7 8; do
  session "$s" | psql -Xq >/dev/null 2>"/tmp/$db.$s.err" &
  pids+=($!)
done
for p in "${pids[@]}"; do wait "$p"; done

failed=0
# Nothing but the refusals was said.
for s in 1 2 3 4 5 6 7 8; do
  n=$(grep -c 'ERROR:.*would destroy data' "/tmp/$db.$s.err" || true)
  all=$(grep -c 'ERROR:\|FATAL:\|WARNING:' "/tmp/$db.$s.err" || true)
  [ "$n $all" = "3 3" ] || { echo "session $s: $n refusals of $all messages"; cat "/tmp/$db.$s.err"; failed=1; }
  rm -f "/tmp/$db.$s.err"
done

check() {
  local what=$1 want=$2 got
  got=$(sql -c "$3")
  if [ "$got" = "$want" ]; then echo "ok: $what"; else echo "NOT ok: $what: wanted $want, got $got"; failed=1; fi
}
new='FROM schemaguard.ddl_log WHERE id > (SELECT id FROM before)'
check 'tables made' 80 "SELECT count(*) $new AND command_tag = 'CREATE TABLE' AND object LIKE 'public.s%'"
check 'columns added' 32 "SELECT count(*) $new AND command_tag = 'ALTER TABLE' AND verdict = 'allowed'"
check 'indexes made' 8 "SELECT count(*) $new AND command_tag = 'CREATE INDEX'"
check 'tables dropped' 40 "SELECT count(*) $new AND command_tag = 'DROP TABLE' AND verdict = 'allowed'"
check 'refused' 24 "SELECT count(*) $new AND verdict = 'refused'"
check 'refused, as the view has them' 24 'SELECT count(*) FROM schemaguard.refused'
check 'one refusal for each statement' 24 'SELECT count(DISTINCT statement) FROM schemaguard.refused'
check 'rolled back' 0 "SELECT count(*) $new AND (object LIKE '%gone%' OR parts::text LIKE '%gone%' OR statement LIKE '%gone%')"
check 'nothing else' 0 "SELECT count(*) $new AND object <> 'public.before' AND (object NOT LIKE 'public.s%' OR verdict NOT IN ('allowed', 'refused'))"
check 'numbers are unique' t 'SELECT count(*) = count(DISTINCT id) FROM schemaguard.ddl_log'
check 'each session has its own process' 8 "SELECT count(DISTINCT backend_pid) $new AND object LIKE 'public.s%'"
check 'objects there, as the record says' 40 "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^s[0-9]_t'"
sql -c 'CREATE TEMP TABLE n (rows bigint)' -c "DO \$\$ DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relname ~ '^s[0-9]_t' LOOP EXECUTE format('INSERT INTO n SELECT count(*) FROM %s', t); END LOOP; END \$\$" -c 'SELECT sum(rows) FROM n' >"/tmp/$db.n"
if [ "$(cat "/tmp/$db.n")" = 16 ]; then echo 'ok: data there'; else echo "NOT ok: data there: wanted 16 rows, got $(cat "/tmp/$db.n")"; failed=1; fi
rm -f "/tmp/$db.n"
exit $failed
