#!/usr/bin/env bash
# Something of every kind, read by snapshot() and declared in an empty database: fix() makes all of it,
# nothing differs afterwards, no reader misses anything, and pg_dump writes the same for both.
set -euo pipefail
base=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/drift_changes/base.sql
tmp=$(mktemp -d)
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
export PGOPTIONS='-c schemaguard.mode=off -c client_min_messages=error'
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
cleanup() {
  psql -Xq -c 'DROP DATABASE IF EXISTS nothing_from WITH (FORCE)' -c 'DROP DATABASE IF EXISTS nothing_to WITH (FORCE)' \
    -c 'DROP ROLE IF EXISTS drift_a, drift_b' postgres
  rm -rf "$tmp"
}
trap cleanup EXIT
sql -c 'DROP ROLE IF EXISTS drift_a, drift_b' -c 'CREATE ROLE drift_a' -c 'CREATE ROLE drift_b' postgres
createdb -T template0 nothing_from
createdb -T template0 nothing_to
sql -d nothing_from -c 'CREATE EXTENSION schemaguard' -f "$base" >/dev/null
sql -d nothing_from -c 'SELECT schemaguard.snapshot()' >"$tmp/snapshot.json"
sql -d nothing_to -c 'CREATE EXTENSION schemaguard' >/dev/null
sql -d nothing_to >/dev/null <<SQL
\\set snapshot \`cat '$tmp/snapshot.json'\`
SELECT schemaguard.declare(:'snapshot', 'json', compare => '{comments,column_order,owners,grants}');
SQL
check 'everything is missing' t "$(sql -d nothing_to -c "SELECT count(*) > 50 AND bool_and(change = 'missing' OR object = 'public') FROM schemaguard.drift()")"
sql -d nothing_to -c "SELECT sql || ';' FROM schemaguard.fix() ORDER BY step" >"$tmp/fix.sql"
sql -d nothing_to -f "$tmp/fix.sql" >/dev/null || failed=1
check 'nothing differs' '' "$(sql -d nothing_to -c 'SELECT object_type, object, change, attribute, declared, actual FROM schemaguard.drift()')"
check 'nothing is unread' '' "$(sql -d nothing_to -c 'SELECT * FROM schemaguard.unread()')"
# What no script can carry over is known to be so: the options of user mappings.
dump() { pg_dump -s "$1" | grep -vE '^(--|$|\\(un)?restrict )' | sed -e "/^ *password 'secret'$/d" -e 's/^CREATE USER MAPPING.*(\?$/&/' | tr -d '\n' | sed 's/;/;\n/g' | sed -E 's/(USER MAPPING[^;]*remote) OPTIONS \( *\)/\1/; s/ OPTIONS \(\);/;/' | sort; }
dump nothing_from >"$tmp/from"
dump nothing_to >"$tmp/to"
check 'pg_dump writes the same' '' "$(diff "$tmp/from" "$tmp/to" | head -n 20)"
exit $failed
