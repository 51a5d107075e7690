#!/usr/bin/env bash
# On a streaming standby: status(), snapshot() and drift() work, nothing is recorded, errors are the server's own.
set -euo pipefail
primary=$SERVER-primary standby=$SERVER-standby
"$SERVER_SH" start "$primary" "$PG" 'max_wal_senders = 4' "shared_preload_libraries = 'schemaguard'" >/dev/null
eval "$("$SERVER_SH" env "$primary")"
primary_host=$PGHOST
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
state() { { psql -XqAt -v VERBOSITY=sqlstate "$@" 2>&1 >/dev/null || true; } | sed -n "s/^ERROR: *//p" | tail -n 1 | grep . || echo 00000; }
sql -c 'CREATE EXTENSION schemaguard' -c "CREATE TABLE t (id int PRIMARY KEY, v text)" -c "INSERT INTO t VALUES (1, 'x')"
sql -c "SELECT schemaguard.declare('CREATE TABLE t (id int PRIMARY KEY, v varchar(5))')" >/dev/null
sql -c 'CREATE SCHEMA keys' -c 'CREATE TABLE keys.tree (id int PRIMARY KEY, up int REFERENCES keys.tree ON DELETE CASCADE)' -c 'INSERT INTO keys.tree VALUES (1, NULL), (2, 1)'
# A standby is a server like others here, whose data folder is replaced by a copy of the primary's.
"$SERVER_SH" start "$standby" "$PG" >/dev/null
"$SERVER_SH" stop "$standby"
eval "$("$SERVER_SH" env "$standby")"
"$SERVER_SH" run "$standby" bash -c 'rm -rf "$1"/* && pg_basebackup -D "$1" -h "$2" -U postgres -R -X stream -c fast' - "$PGDATA" "$primary_host"
"$SERVER_SH" restart "$standby"
on_primary() { PGHOST=$primary_host "$@"; }
check 'it is a standby' t "$(sql -c 'SELECT pg_is_in_recovery()')"
check 'status() says so' standby "$(sql -c "SELECT state FROM schemaguard.status() WHERE item = 'record'")"
check 'status() has every item' t "$(sql -c "SELECT count(*) > 7 FROM schemaguard.status()")"
check 'snapshot() works' t "$(sql -c "SELECT schemaguard.snapshot()::text LIKE '%varchar%' OR schemaguard.snapshot()::text LIKE '%text%'")"
check 'drift() works' 'column|public.t.v|changed' "$(sql -c 'SELECT object_type, object, change FROM schemaguard.drift()')"
check 'cascades() works' 'keys.tree -> keys.tree|1' "$(sql -c 'SELECT path, rows_at_stake FROM schemaguard.cascades(true)')"
check 'fix() works' t "$(sql -c 'SELECT count(*) >= 1 FROM schemaguard.fix(allow_loss => true)')"
check 'as an ordinary role, too' standby "$(on_primary sql -c 'CREATE ROLE ordinary LOGIN' >/dev/null; sleep 1; PGUSER=ordinary sql -c "SELECT state FROM schemaguard.status() WHERE item = 'record'")"
# What was done on the primary until now has arrived: from here on there is nothing more.
rows=$(sql -c 'SELECT count(*) FROM schemaguard.ddl_log')
check 'DROP TABLE' 25006 "$(state -c 'DROP TABLE t')"
check 'ALTER TABLE' 25006 "$(state -c 'ALTER TABLE t DROP COLUMN v')"
check 'TRUNCATE' 25006 "$(state -c 'TRUNCATE t')"
check 'CREATE TEMP TABLE' 25006 "$(state -c 'CREATE TEMP TABLE x (id int)')"
check 'DROP DATABASE' 25006 "$(state -c 'DROP DATABASE template1')"
check 'declare()' 25006 "$(state -c "SELECT schemaguard.declare('CREATE TABLE t (id int)')")"
check 'consent covers nothing and breaks nothing' 00000 "$(state -c "SELECT schemaguard.accept_data_loss('x')")"
check 'SET' 00000 "$(state -c 'SET schemaguard.mode = warn' -c 'SELECT 1')"
check 'nothing is recorded' "$rows" "$(sql -c 'SELECT count(*) FROM schemaguard.ddl_log')"
check 'the data is there' 1 "$(sql -c 'SELECT count(*) FROM t')"
# what happens on the primary arrives
on_primary sql -c 'CREATE TABLE later (id int)'
on_primary sql -c 'DROP TABLE t' 2>/dev/null || true
for _ in {1..200}; do [ "$(sql -c 'SELECT count(*) FROM schemaguard.refused')" = 1 ] && break; sleep 0.05; done
check 'the primary'\''s record arrives' '1|1' "$(sql -c "SELECT (SELECT count(*) FROM schemaguard.ddl_log WHERE object = 'public.later'), (SELECT count(*) FROM schemaguard.refused)")"
# promoted, it guards and records itself
"$SERVER_SH" run "$standby" pg_ctl promote -D "$PGDATA" -s -w
check 'promoted, it refuses' SG001 "$(state -c 'DROP TABLE t')"
check 'and records' 2 "$(sql -c 'SELECT count(*) FROM schemaguard.refused')"
check 'numbers stay unique' t "$(sql -c 'SELECT count(*) = count(DISTINCT id) FROM schemaguard.ddl_log')"
"$SERVER_SH" drop "$standby"
"$SERVER_SH" drop "$primary"
exit $failed
