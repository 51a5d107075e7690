#!/usr/bin/env bash
# Preloaded or not, with and without the extension: what is covered where, and that the library is
# inert where it has no business.
set -euo pipefail
server=$SERVER-preload
"$SERVER_SH" start "$server" "$PG" "shared_preload_libraries = 'schemaguard'" 'wal_level = logical' 'max_wal_senders = 4' 'max_parallel_workers = 4' >/dev/null
eval "$("$SERVER_SH" env "$server")"
log=$ROOT/target/servers/$server.log
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
# The SQLSTATE of the last error, or 00000.
state() { { psql -XqAt -v VERBOSITY=sqlstate "$@" 2>&1 >/dev/null || true; } | sed -n "s/^ERROR: *//p" | tail -n 1 | grep . || echo 00000; }

echo '== a database without the extension: nothing is done'
createdb -T template0 plain
export PGDATABASE=plain
sql -c 'CREATE TABLE t AS SELECT 1 AS id, 2 AS v' -c 'CREATE TABLE u AS SELECT 1 AS id' -c 'CREATE TYPE c AS (a int, b int)' -c 'CREATE TABLE w AS SELECT ROW(1, 2)::c AS c'
check 'TRUNCATE' 00000 "$(state -c 'TRUNCATE t')"
sql -c 'INSERT INTO t VALUES (1, 2)'
check 'DROP COLUMN' 00000 "$(state -c 'ALTER TABLE t DROP COLUMN v')"
check 'DROP ATTRIBUTE' 00000 "$(state -c 'ALTER TYPE c DROP ATTRIBUTE b')"
check 'DROP TABLE' 00000 "$(state -c 'DROP TABLE t, w')"
check 'DROP SCHEMA' 00000 "$(state -c 'CREATE SCHEMA s CREATE TABLE t (id int)' -c 'INSERT INTO s.t VALUES (1)' -c 'DROP SCHEMA s CASCADE')"
check 'settings of ours' 00000 "$(state -c "SET schemaguard.mode = 'warn'" -c 'ALTER EVENT TRIGGER nothing DISABLE' | sed 's/42704/00000/')"
check 'no object of ours' 0 "$(sql -c "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = 'schemaguard') + (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_proc WHERE probin LIKE '%schemaguard%')")"
grep 'schemaguard' "$log" | grep -v 'STATEMENT\|duration\|socket' || true
check 'nobody says a word' 0 "$(grep -c 'schemaguard' <(grep -v 'STATEMENT\|duration\|socket' "$log") || true)"

echo '== a database with it: TRUNCATE as the first statement of a session'
createdb -T template0 kept
PGDATABASE=kept sql -c 'CREATE EXTENSION schemaguard' -c 'CREATE TABLE t AS SELECT 1 AS id'
check 'refused' SG001 "$(PGDATABASE=kept state -c 'TRUNCATE t')"
check 'in a function' SG001 "$(PGDATABASE=kept state -c 'DO $$ BEGIN TRUNCATE t; END $$')"
check 'recorded with its words' 'TRUNCATE t' "$(PGDATABASE=kept sql -c 'SELECT DISTINCT statement FROM schemaguard.refused')"
check 'status() knows' 'covered' "$(PGDATABASE=kept sql -c "SELECT DISTINCT state FROM schemaguard.status() WHERE item IN ('TRUNCATE', 'DROP DATABASE', 'background workers')")"

echo '== DROP DATABASE'
createdb -T template0 with_extension
PGDATABASE=with_extension sql -c 'CREATE EXTENSION schemaguard'
for from in plain postgres with_extension; do
  check "refused from $from" SG001 "$(PGDATABASE=$from state -c 'DROP DATABASE kept')"
  check "with FORCE, too, from $from" SG001 "$(PGDATABASE=$from state -c 'DROP DATABASE kept WITH (FORCE)')"
done
out=$(PGDATABASE=plain psql -Xqc 'DROP DATABASE kept' 2>&1 || true)
check 'the hint says how' 1 "$(grep -c 'ALTER DATABASE kept SET schemaguard.protected = off' <<<"$out" || true)"
check 'in the record where there is one' 2 "$(PGDATABASE=with_extension sql -c "SELECT count(*) FROM schemaguard.refused WHERE rule = 'drop_database' AND statement LIKE 'DROP DATABASE kept%'")"
check 'in the log where there is none' t "$(grep -q 'LOG:.*schemaguard refused.*DROP DATABASE kept' "$log" && echo t || echo f)"
check 'its data is there' 1 "$(PGDATABASE=kept sql -c 'SELECT count(*) FROM t')"
check 'renamed, it is protected still' SG001 "$(PGDATABASE=postgres state -c 'ALTER DATABASE kept RENAME TO kept2' -c 'DROP DATABASE kept2')"
sql -c 'ALTER DATABASE kept2 RENAME TO kept'
sql -c 'CREATE ROLE owner LOGIN CREATEDB' -c 'ALTER DATABASE kept OWNER TO owner'
check 'its owner, no superuser' SG001 "$(PGDATABASE=postgres PGUSER=owner state -c 'DROP DATABASE kept')"
check '… may not take the mark off' 42501 "$(PGDATABASE=postgres PGUSER=owner state -c 'ALTER DATABASE kept SET schemaguard.protected = off')"
check '… nor reset it' SG001 "$(PGDATABASE=postgres PGUSER=owner state -c 'ALTER DATABASE kept RESET ALL' -c 'DROP DATABASE kept')"
check 'an unprotected one goes' 00000 "$(PGDATABASE=postgres state -c 'CREATE DATABASE unprotected' -c 'DROP DATABASE unprotected')"
check 'a copy of a protected one is no protected one' 00000 "$(PGDATABASE=postgres state -c 'CREATE DATABASE copied TEMPLATE kept' -c 'DROP DATABASE copied')"
check 'IF EXISTS of none' 00000 "$(PGDATABASE=postgres state -c 'DROP DATABASE IF EXISTS none')"
check 'with mode off it goes' 00000 "$(PGDATABASE=postgres state -c "SET schemaguard.mode = 'off'" -c 'CREATE DATABASE protected_2' -c 'ALTER DATABASE protected_2 SET schemaguard.protected = on' -c 'DROP DATABASE protected_2')"
sql -c 'ALTER DATABASE kept SET schemaguard.protected = off'
check 'unmarked, it goes' 00000 "$(PGDATABASE=postgres state -c 'DROP DATABASE kept')"

echo '== parallel query'
export PGDATABASE=with_extension
sql -c 'CREATE TABLE big AS SELECT generate_series(1, 100000) AS n' -c 'ANALYZE big' \
  -c 'CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ BEGIN RETURN $1; END $$'
par='SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;'
check 'is parallel' 1 "$(sql -c "$par" -c 'EXPLAIN SELECT count(f(n)) FROM big' | grep -c 'Workers Planned')"
check 'counts right' 100000 "$(sql -c "$par" -c 'SELECT count(f(n)) FROM big')"
check 'parallel CREATE INDEX and CREATE TABLE AS' 2 "$(sql -c "$par SET min_parallel_index_scan_size = 0; SET max_parallel_maintenance_workers = 2;" -c 'CREATE INDEX big_n ON big (n)' -c 'CREATE TABLE big2 AS SELECT count(f(n)) FROM big' -c "SELECT count(*) FROM schemaguard.ddl_log WHERE object IN ('public.big_n', 'public.big2')")"

echo '== pg_dump, vacuumdb, reindexdb'
for command in "pg_dump -s with_extension" "vacuumdb -q with_extension" "vacuumdb -q -f with_extension" "reindexdb -q with_extension" "pg_dumpall --globals-only"; do
  check "$command" 0 "$($command >/dev/null 2>"/tmp/$server.err" && echo 0 || cat "/tmp/$server.err")"
done

echo '== logical replication'
createdb -T template0 source
createdb -T template0 target
PGDATABASE=source sql -c 'CREATE TABLE r (id int PRIMARY KEY)' -c 'INSERT INTO r VALUES (1)' -c 'CREATE PUBLICATION p FOR TABLE r' -c "SELECT pg_create_logical_replication_slot('s', 'pgoutput')" >/dev/null
PGDATABASE=target sql -c 'CREATE EXTENSION schemaguard' -c 'CREATE TABLE r (id int PRIMARY KEY)'
PGDATABASE=target sql -c "CREATE SUBSCRIPTION s CONNECTION 'host=$PGHOST dbname=source user=postgres' PUBLICATION p WITH (create_slot = false)" 2>/dev/null
PGDATABASE=source sql -c 'INSERT INTO r VALUES (2)'
for _ in {1..200}; do [ "$(PGDATABASE=target sql -c 'SELECT count(*) FROM r')" = 2 ] && break; sleep 0.05; done
check 'rows arrive' 2 "$(PGDATABASE=target sql -c 'SELECT count(*) FROM r')"
PGDATABASE=source sql -c 'DELETE FROM r WHERE id = 1'
for _ in {1..200}; do [ "$(PGDATABASE=target sql -c 'SELECT count(*) FROM r')" = 1 ] && break; sleep 0.05; done
check 'and go' 1 "$(PGDATABASE=target sql -c 'SELECT count(*) FROM r')"
PGDATABASE=source sql -c 'TRUNCATE r'
for _ in {1..200}; do [ "$(PGDATABASE=target sql -c 'SELECT count(*) FROM r')" = 0 ] && break; sleep 0.05; done
check 'a TRUNCATE is applied unseen' '0 0' "$(PGDATABASE=target sql -c 'SELECT count(*) FROM r') $(PGDATABASE=target sql -c 'SELECT count(*) FROM schemaguard.refused')"
PGDATABASE=target sql -c 'ALTER SUBSCRIPTION s DISABLE'
PGDATABASE=target sql -c 'ALTER SUBSCRIPTION s SET (slot_name = NONE)' -c 'DROP SUBSCRIPTION s'

echo '== the library in a server that runs as a single user'
"$SERVER_SH" stop "$server"
out=$(echo 'CREATE TABLE single (id int);
INSERT INTO single VALUES (1);
TRUNCATE single;
DROP TABLE single;' | "$SERVER_SH" run "$server" postgres --single -D "$PGDATA" with_extension 2>&1 || true)
check 'without an error' 0 "$(grep -c 'ERROR\|FATAL\|PANIC\|WARNING' <<<"$out" || true)"
echo "$out" | grep 'ERROR\|FATAL\|PANIC\|WARNING' || true
"$SERVER_SH" restart "$server"
check 'and the server starts again' 100000 "$(sql -c 'SELECT count(*) FROM big')"
check 'with what was done' 0 "$(sql -c "SELECT count(*) FROM pg_class WHERE relname = 'single'")"

echo '== session_preload_libraries'
"$SERVER_SH" stop "$server"
sed -i "s/^shared_preload_libraries.*//" "$PGDATA/postgresql.conf"
"$SERVER_SH" restart "$server"
PGDATABASE=with_extension sql -c 'CREATE TABLE filled AS SELECT 1 AS id'
if [ "$PG" -ge 17 ]; then want=SG001; else want=00000; fi
check "TRUNCATE as first statement without any preload, on $PG" "$want" "$(state -c 'TRUNCATE filled')"
sql -c 'DELETE FROM filled' -c 'INSERT INTO filled VALUES (1)' -c "ALTER DATABASE with_extension SET session_preload_libraries = 'schemaguard'"
check 'TRUNCATE as first statement with it' SG001 "$(state -c 'TRUNCATE filled')"
check 'the setting can be shown before any DDL' enforce "$(sql -c 'SHOW schemaguard.mode')"
sql -c 'CREATE ROLE ordinary LOGIN' -c 'GRANT TRUNCATE ON filled TO ordinary'
check 'an ordinary role has it, too' SG001 "$(PGUSER=ordinary state -c 'TRUNCATE filled')"
check 'and can not set it' 42501 "$(PGUSER=ordinary state -c 'SET schemaguard.mode = off')"
rm -f "/tmp/$server.err"
check 'no crash in all of this' 0 "$(grep -c 'PANIC\|terminated by signal' "$log" || true)"
"$SERVER_SH" drop "$server"
exit $failed
