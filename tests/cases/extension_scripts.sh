#!/usr/bin/env bash
# GUARD.md 4 and 17: scripts of extensions that drop what holds data, in an update or an installation, and
# members that go with their extension. The extensions are this case's own.
set -euo pipefail
n=$$
db=extension_scripts_$n
name=sg_scripts_$n
dir=$(pg_config --sharedir 2>/dev/null || "$ROOT/target/pg/$PG/bin/pg_config" --sharedir)/extension
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
state() { { psql -XqAt -v VERBOSITY=sqlstate "$@" 2>&1 >/dev/null || true; } | sed -n "s/^.*ERROR: *//p" | tail -n 1 | grep . || echo 00000; }
cleanup() {
  rm -f "$dir/$name.control" "$dir/$name"--*.sql
  psql -Xq -c 'SET client_min_messages = error' -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" postgres
}
trap cleanup EXIT
printf "comment = 'a test'\ndefault_version = '1'\nrelocatable = false\nschema = public\n" >"$dir/$name.control"
echo 'CREATE TABLE members (id int, v text); CREATE TABLE spare (id int); CREATE TYPE mood AS ENUM ('"'sad'"');' >"$dir/$name--1.sql"
echo 'DROP TABLE members;' >"$dir/$name--1--table.sql"
echo 'ALTER TABLE members DROP COLUMN v;' >"$dir/$name--1--column.sql"
echo 'DROP TYPE mood CASCADE;' >"$dir/$name--1--type.sql"
echo 'TRUNCATE members;' >"$dir/$name--1--truncate.sql"
echo 'DO $$ BEGIN EXECUTE '"'DROP TABLE public.users'"'; END $$;' >"$dir/$name--1--users.sql"
echo 'DELETE FROM members; DROP TABLE members;' >"$dir/$name--1--deleted.sql"
echo 'ALTER TABLE members SET UNLOGGED;' >"$dir/$name--1--unlogged.sql"
echo 'DROP TABLE spare; ALTER TABLE members ADD n int; CREATE TABLE tmp AS SELECT 1 AS id; DROP TABLE tmp;' >"$dir/$name--1--harmless.sql"
echo 'DROP TABLE users;' >"$dir/$name--install.sql"
createdb -T template0 "$db"
export PGDATABASE=$db
sql -c 'CREATE EXTENSION schemaguard' -c "ALTER DATABASE $db SET session_preload_libraries = schemaguard" -c "CREATE TABLE users AS SELECT 1 AS id"
check 'an installation that drops a table' SG001 "$(state -c "CREATE EXTENSION $name VERSION 'install'")"
sql -c "CREATE EXTENSION $name VERSION '1'" -c "INSERT INTO members VALUES (1, 'x')" -c "ALTER TABLE users ADD m mood" -c "UPDATE users SET m = 'sad'"
for what in table column type truncate users deleted unlogged; do
  check "an update that goes by $what" SG001 "$(state -c "ALTER EXTENSION $name UPDATE TO '$what'")"
done
check 'with silent event triggers, too' SG001 "$(state -c 'SET session_replication_role = replica' -c "ALTER EXTENSION $name UPDATE TO 'table'")"
check 'the column by itself' SG001 "$(state -c 'ALTER TABLE users DROP COLUMN m CASCADE')"
check 'its members, with the extension' SG001 "$(state -c "DROP EXTENSION $name CASCADE")"
check 'all is there' '1 x sad 1' "$(sql -F ' ' -c 'SELECT m.*, u.m, u.id FROM members m, users u')"
# From 18 on the server tells where in the script it is.
check 'recorded with its statement' 1 "$(sql -c "SELECT count(*) FROM schemaguard.refused WHERE statement IN ('ALTER EXTENSION $name UPDATE TO ''column''', 'ALTER TABLE members DROP COLUMN v')")"
check 'the harmless update passes' 00000 "$(state -c "ALTER EXTENSION $name UPDATE TO 'harmless'")"
sql -c "UPDATE users SET m = NULL" -c 'DELETE FROM members'
check 'emptied, the extension goes' 00000 "$(state -c "SET client_min_messages = error" -c "DROP EXTENSION $name CASCADE")"
exit $failed
