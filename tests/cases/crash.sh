#!/usr/bin/env bash
# Crashes, cancels and terminations while something is going on: the record stays consistent, no
# scratch database outlives the next call, the session goes on where it can.
set -euo pipefail
server=$SERVER-crash
"$SERVER_SH" start "$server" "$PG" 'max_worker_processes = 16' 'restart_after_crash = on' >/dev/null
eval "$("$SERVER_SH" env "$server")"
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
failed=0
check() {
  if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi
}
scratch() { sql -c "SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaguard_scratch%'"; }
workers() { sql -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'schemaguard%'"; }
# wait_for COMMAND…: until it gives something else than 0 or nothing
wait_for() { for _ in {1..200}; do r=$("$@" 2>/dev/null || true); [ -n "$r" ] && [ "$r" != 0 ] && return 0; sleep 0.05; done; echo "waited in vain for: $*"; failed=1; }
wait_none() { for _ in {1..200}; do [ "$("$@" 2>/dev/null || echo x)" = 0 ] && return 0; sleep 0.05; done; return 0; }
consistent() {
  check "$1: every entry has its statement" 0 "$(sql -c 'SELECT count(*) FROM schemaguard.ddl_entry e WHERE NOT EXISTS (SELECT FROM schemaguard.ddl_entry s WHERE s.id = e.statement_id AND s.verdict IS NOT NULL)')"
  check "$1: numbers are unique, by table and by index" t "$(sql -c 'SELECT count(*) = count(DISTINCT id) FROM schemaguard.ddl_entry')"
  # What the record says of tables is what is there.
  check "$1: record and catalog agree" 0 "$(sql -c "
    SELECT count(*) FROM (SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r') c
      FULL JOIN (SELECT DISTINCT ON (object) substring(object FROM 8) AS relname, action FROM schemaguard.ddl_log
                  WHERE object_type = 'table' AND object LIKE 'public.%' AND verdict <> 'refused' AND command_tag IN ('CREATE TABLE', 'DROP TABLE')
                  ORDER BY object, id DESC) l USING (relname)
     WHERE (l.action IS NULL) OR (l.action = 'drop') <> (c.relname IS NULL)" 2>&1 || true)"
}
LONG="CREATE TABLE t (id int); SELECT pg_sleep(60);"

createdb -T template0 crash
export PGDATABASE=crash
sql -c 'CREATE EXTENSION schemaguard' -c 'CREATE TABLE precious (id int)' -c 'INSERT INTO precious VALUES (1)'
sql -c "SELECT schemaguard.declare('CREATE TABLE precious (id int)')" >/dev/null

echo '== kill -9 during declare()'
psql -Xqc "SELECT schemaguard.declare('$LONG')" >/dev/null 2>&1 & client=$!
wait_for scratch
sleep 0.5
"$SERVER_SH" kill9 "$server"
wait $client || true
"$SERVER_SH" restart "$server"
check 'declared versions are those that were committed' 1 "$(sql -c 'SELECT count(*) FROM schemaguard.declared')"
consistent 'after the crash'
check 'the crash left a scratch database' 1 "$(scratch)"
sql -c "SELECT schemaguard.declare('CREATE TABLE precious (id int)')" >/dev/null
check 'the next declare() removes it' 0 "$(scratch)"
check 'and stores a version' 2 "$(sql -c 'SELECT count(*) FROM schemaguard.declared')"

echo '== kill -9 while a refused statement is being recorded'
for i in 1 2 3; do
  (for _ in {1..200}; do echo 'DROP TABLE precious;'; done) | psql -Xq >/dev/null 2>&1 & client=$!
  sleep "0.$((i * 2))"
  "$SERVER_SH" kill9 "$server"
  wait $client || true
  "$SERVER_SH" restart "$server"
  check 'the data is there' 1 "$(sql -c 'SELECT count(*) FROM precious')"
done
check 'refusals were recorded' t "$(sql -c "SELECT count(*) > 0 AND bool_and(statement = 'DROP TABLE precious' AND message LIKE '%would destroy%') FROM schemaguard.refused")"
consistent 'after the crashes'
before=$(sql -c 'SELECT count(*) FROM schemaguard.refused')
sql -c 'DROP TABLE precious' 2>/dev/null || true
check 'the next refusal is recorded' $((before + 1)) "$(sql -c 'SELECT count(*) FROM schemaguard.refused')"

echo '== kill -9 during ordinary DDL'
for i in 1 2 3; do
  (for n in {1..2000}; do echo "CREATE TABLE crash_${i}_$n (id int); DROP TABLE crash_${i}_$n; BEGIN; CREATE TABLE crash_${i}_tx_$n (id int); DROP TABLE crash_${i}_tx_$n; COMMIT; CREATE TABLE crash_${i}_kept_$n (id int);"; done) |
    psql -Xq >/dev/null 2>&1 & client=$!
  sleep "0.$((i * 3))"
  "$SERVER_SH" kill9 "$server"
  wait $client || true
  "$SERVER_SH" restart "$server"
done
consistent 'after the crashes'
check 'there was something to lose' t "$(sql -c "SELECT count(*) > 10 FROM schemaguard.ddl_log WHERE object LIKE 'public.crash%'")"

echo '== statement_timeout of the declaring session'
psql -XqAt -c "SET statement_timeout = '1s'" -c "SELECT schemaguard.declare('$LONG')" -c "SELECT 'goes on'" >"/tmp/$server.out" 2>&1 || true
check 'it ends in time' 1 "$(grep -c 'statement timeout' "/tmp/$server.out" || true)"
check 'its session goes on' 1 "$(grep -c 'goes on' "/tmp/$server.out" || true)"
check 'no scratch database is left' 0 "$(scratch)"
check 'no worker is left' 0 "$(workers)"

for how in pg_cancel_backend pg_terminate_backend; do
  echo "== $how of the declaring session"
  psql -XqAt -c "SET application_name = 'declaring'" -c "SELECT schemaguard.declare('$LONG')" -c "SELECT 'goes on'" >"/tmp/$server.out" 2>&1 & client=$!
  wait_for scratch
  sleep 0.5
  sql -c "SELECT $how(pid) FROM pg_stat_activity WHERE application_name = 'declaring'" >/dev/null
  wait $client || true
  case $how in
    pg_cancel_backend)
      check 'it is cancelled' 1 "$(grep -c 'canceling statement due to user request' "/tmp/$server.out" || true)"
      check 'its session goes on' 1 "$(grep -c 'goes on' "/tmp/$server.out" || true)" ;;
    *) check 'it is terminated' 1 "$(grep -c 'terminating connection' "/tmp/$server.out" || true)" ;;
  esac
  wait_none workers
  check 'no worker is left' 0 "$(workers)"
  check 'no scratch database is left' 0 "$(scratch)"
done
# What is still there must not spoil the rest.
sql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'schemaguard%'" >/dev/null
wait_none workers

echo '== the workers are terminated, one after the other'
# Those that work in the scratch database, then the one that made it.
for which in "datname LIKE 'schemaguard_scratch%'" "datname = 'crash'"; do
  psql -XqAt -c "SELECT schemaguard.declare('$LONG')" -c "SELECT 'goes on'" >"/tmp/$server.out" 2>&1 & client=$!
  wait_for sql -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'schemaguard%' AND datname LIKE 'schemaguard_scratch%'"
  sleep 0.5
  sql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'schemaguard%' AND $which" >/dev/null
  wait $client || true
  check "an error says so ($which)" 1 "$(grep -c 'ERROR:.*declared schema could not be built' "/tmp/$server.out" || true)"
  check 'its session goes on' 1 "$(grep -c 'goes on' "/tmp/$server.out" || true)"
  wait_none workers
  check 'no worker is left' 0 "$(workers)"
  check 'no scratch database is left' 0 "$(scratch)"
done

echo '== kill -9 of a worker only: the server restarts by itself'
psql -XqAt -c "SELECT schemaguard.declare('$LONG')" >"/tmp/$server.out" 2>&1 & client=$!
wait_for sql -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'schemaguard%' AND datname LIKE 'schemaguard_scratch%'"
kill -KILL "$(sql -c "SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'schemaguard%' AND datname LIKE 'schemaguard_scratch%'")"
wait $client || true
wait_for sql -c 'SELECT 1'
consistent 'after that'
sql -c "SELECT schemaguard.declare('CREATE TABLE precious (id int)')" >/dev/null
check 'the next declare() removes what it left' 0 "$(scratch)"
check 'the data is there' 1 "$(sql -c 'SELECT count(*) FROM precious')"

echo '== many at once'
pids=()
for n in 1 2 3 4; do psql -XqAtc "SELECT schemaguard.declare('CREATE TABLE t (id int)', name => 'many_$n')" >/dev/null & pids+=($!); done
ok=0; for p in "${pids[@]}"; do wait "$p" && ok=$((ok + 1)); done
check 'all of them are declared' 4 "$ok"
check 'each under its own version' 4 "$(sql -c "SELECT count(DISTINCT version) FROM schemaguard.declared WHERE name LIKE 'many%'")"
check 'no scratch database is left' 0 "$(scratch)"
rm -f "/tmp/$server.out"
"$SERVER_SH" drop "$server"
exit $failed
