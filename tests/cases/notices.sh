#!/usr/bin/env bash
# What is said by the way: how far something is that takes long, and since when the record is complete.
set -euo pipefail
export PGDATABASE=notices
psql -Xq -d postgres -c 'DROP DATABASE IF EXISTS notices WITH (FORCE)' -c 'CREATE DATABASE notices TEMPLATE template0' 2>/dev/null
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@" 2>&1; }
# Times differ from run to run.
told() { grep -oE 'NOTICE: .*' | sed -E 's/[0-9]+ s so far/… s so far/; s/since [0-9].*/since …/' | sort -u; }
sql -c 'CREATE TABLE before (id integer PRIMARY KEY)' -c 'CREATE EXTENSION schemaguard' >/dev/null

check 'declare() tells how far it is' 'NOTICE:  building the declared schema in a scratch database: … s so far, 1 of 3 statements' \
  "$(sql -c 'SELECT schemaguard.declare($$CREATE TABLE a (id integer); DO $do$ BEGIN PERFORM pg_sleep(5.5); END $do$; CREATE TABLE b (id integer);$$)' | told)"
check 'a table that is older than the record' 'NOTICE:  the record does not have the statement behind one of these differences: it is empty' \
  "$(sql -c 'SELECT * FROM schemaguard.drift()' | told)"
sql -c 'CREATE TABLE after (id integer)' >/dev/null
check 'since when it is complete' 'NOTICE:  the record does not have the statement behind one of these differences: it is complete since …' \
  "$(sql -c 'SELECT * FROM schemaguard.drift()' | told)"
sql -c 'DROP TABLE before' >/dev/null
check 'what was never made is nobody'"'"'s' '' "$(sql -c 'SELECT * FROM schemaguard.drift()' | told)"
psql -Xq -d postgres -c 'DROP DATABASE notices'
exit $failed
