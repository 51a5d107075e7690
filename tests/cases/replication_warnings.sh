#!/usr/bin/env bash
# What ends replication is warned of: DROP PUBLICATION, DROP SUBSCRIPTION with its slot. No data is lost by
# it here, and nothing is refused. What GUARD.md 17 says of pg_restore --clean is here, too.
set -euo pipefail
server=$SERVER-replication
"$SERVER_SH" start "$server" "$PG" 'wal_level = logical' 'fsync = off' >/dev/null
eval "$("$SERVER_SH" env "$server")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
said() { psql -Xq -v VERBOSITY=verbose "$@" 2>&1 >/dev/null | sed -n 's/^psql:[^ ]* //; s/^\(WARNING\|ERROR\): *//p' || true; }
createdb -T template0 source
createdb -T template0 target
sql -d source -c 'CREATE EXTENSION schemaguard' -c 'CREATE TABLE r (id int PRIMARY KEY)' -c 'CREATE PUBLICATION p FOR TABLE r' -c 'CREATE PUBLICATION q' \
  -c "SELECT pg_create_logical_replication_slot('s', 'pgoutput')" >/dev/null
sql -d target -c 'CREATE EXTENSION schemaguard' -c 'CREATE TABLE r (id int PRIMARY KEY)' >/dev/null
subscribe() { sql -d target -c "CREATE SUBSCRIPTION s CONNECTION 'host=$PGHOST dbname=source user=postgres' PUBLICATION p WITH ($1)" 2>/dev/null; }
# No worker: publisher and subscriber are one server, where a slot that is being made waits for DROP
# SUBSCRIPTION's transaction, and that for the slot.
subscribe 'create_slot = false, enabled = false, copy_data = false'
check 'DROP SUBSCRIPTION with its slot' 'SG006: subscription s is gone, and with it replication slot s on the publisher' "$(said -d target -c 'DROP SUBSCRIPTION s')"
check 'it is gone, and the slot with it' '0 0' "$(sql -d target -c 'SELECT count(*) FROM pg_subscription') $(sql -d target -c 'SELECT count(*) FROM pg_replication_slots')"
subscribe 'connect = false, slot_name = NONE'
check 'without a slot there is nothing to lose' '' "$(said -d target -c 'DROP SUBSCRIPTION s')"
sql -d source -c "SELECT pg_create_logical_replication_slot('by_hand', 'pgoutput')" >/dev/null
check 'a slot dropped by a function is not seen' '' "$(said -d source -c "SELECT pg_drop_replication_slot('by_hand')")"
check 'DROP PUBLICATION' 'SG006: subscribers of publication p get no more changes' "$(said -d source -c 'DROP PUBLICATION p')"
check 'also by its owner' 'SG006: subscribers of publication q get no more changes' "$(said -d source -c 'CREATE ROLE o' -c 'ALTER PUBLICATION q OWNER TO postgres' -c 'ALTER ROLE o SUPERUSER' -c 'ALTER PUBLICATION q OWNER TO o' -c 'DROP OWNED BY o')"
check 'one that is not there' "42704: publication \"p\" does not exist" "$(said -d source -c 'DROP PUBLICATION p')"

echo '== pg_restore --clean'
createdb -T template0 restored
sql -d restored -c 'CREATE TABLE kept (id int)' -c 'CREATE TABLE empty (id int)' -c 'INSERT INTO kept VALUES (1)'
pg_dump -Fc restored >"$tmp/dump"
sql -d restored -c 'CREATE EXTENSION schemaguard' -c 'INSERT INTO kept VALUES (2)'
out=$(pg_restore --clean -d restored "$tmp/dump" 2>&1 || true)
check 'does not drop what holds rows' 1 "$(grep -c 'DROP TABLE public.kept would destroy data in 1 place' <<<"$out" || true)"
check 'and says so only of that' 0 "$(grep -c 'public.empty would' <<<"$out" || true)"
check 'the row that came since is there' 1 "$(sql -d restored -c 'SELECT count(*) FROM kept WHERE id = 2')"
sql -d restored -c 'DELETE FROM kept'
check 'its harmless twin: nothing is there to be lost' '' "$(pg_restore -e --clean -d restored "$tmp/dump" 2>&1 || true)"
check 'and the dump is restored' 1 "$(sql -d restored -c 'SELECT count(*) FROM kept')"
"$SERVER_SH" drop "$server"
exit $failed
