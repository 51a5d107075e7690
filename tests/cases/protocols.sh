#!/usr/bin/env bash
# Other ways to send a statement than psql's: the extended protocol, prepared, in a pipeline, in two phases.
set -euo pipefail
server=$SERVER-protocols
"$SERVER_SH" start "$server" "$PG" 'max_prepared_transactions = 4' >/dev/null
eval "$("$SERVER_SH" env "$server")"
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sql -c 'CREATE EXTENSION schemaguard'
command -v pgbench >/dev/null || echo 'pgbench is not here: the extended protocol is left out'
# bench MODE SQL: one transaction of it
bench() { printf '%s\n' "$2" >"$tmp/script"; pgbench -n -M "$1" -t 1 -f "$tmp/script" 2>&1 || true; }
n=0
for mode in simple extended prepared; do
  command -v pgbench >/dev/null || break
  n=$((n + 1))
  sql -c "CREATE TABLE kept_$mode AS SELECT 1 AS id"
  check "$mode: DROP TABLE" 1 "$(bench $mode "DROP TABLE kept_$mode;" | grep -c "would destroy data" || true)"
  check "$mode: DROP COLUMN" 1 "$(bench $mode "ALTER TABLE kept_$mode DROP COLUMN id;" | grep -c "would destroy data" || true)"
  bench $mode "CREATE TABLE made_$mode (id int); -- a comment" >/dev/null
  check "$mode: the statement's text" "CREATE TABLE made_$mode (id int)" "$(sql -c "SELECT statement FROM schemaguard.ddl_log WHERE object = 'public.made_$mode'")"
  check "$mode: refused ones, too" "ALTER TABLE kept_$mode DROP COLUMN id|DROP TABLE kept_$mode" "$(sql -c "SELECT string_agg(statement, '|' ORDER BY statement) FROM schemaguard.refused WHERE statement LIKE '%kept_$mode%'")"
  check "$mode: a transaction with consent" '' "$(sql -c "SELECT to_regclass('kept_$mode')" >/dev/null; bench $mode "BEGIN;
SELECT schemaguard.accept_data_loss('by pgbench');
DROP TABLE kept_$mode;
COMMIT;" | grep ERROR || sql -c "SELECT to_regclass('kept_$mode')")"
done
if [ "$n" = 3 ]; then
  sql -c 'CREATE TABLE kept AS SELECT 1 AS id'
  out=$(bench prepared '\startpipeline
CREATE TABLE piped (id int);
DROP TABLE kept;
CREATE TABLE piped_2 (id int);
\endpipeline')
  check 'in a pipeline' 1 "$(grep -c 'would destroy data' <<<"$out" || true)"
  check 'which is one transaction' '|1' "$(sql -c "SELECT to_regclass('piped'), (SELECT count(*) FROM kept)")"
  sql -c 'CREATE TABLE kept_t AS SELECT 1 AS id'
  check 'TRUNCATE, prepared' 1 "$(bench prepared "CREATE TABLE loads_$RANDOM (id int);
TRUNCATE kept_t;" | grep -c 'would destroy data' || true)"
fi

echo '== in two phases'
sql -c 'CREATE TABLE two AS SELECT 1 AS id' -c 'CREATE TABLE two_t AS SELECT 1 AS id'
sql -c 'BEGIN' -c "SELECT schemaguard.accept_data_loss('two phases')" -c 'DROP TABLE two' -c 'TRUNCATE two_t' -c 'CREATE TABLE two_made (id int)' -c "PREPARE TRANSACTION 'x'" >/dev/null
check 'nothing is there before the second' 0 "$(sql -c "SELECT count(*) FROM schemaguard.ddl_log WHERE reason = 'two phases' OR object = 'public.two_made'")"
"$SERVER_SH" restart "$server"
sql -c "COMMIT PREPARED 'x'"
check 'after it the record is whole' 'public.two|accepted public.two_made|allowed public.two_t|accepted' "$(sql -F'|' -R' ' -c "SELECT object, verdict FROM schemaguard.ddl_log WHERE object IN ('public.two', 'public.two_t', 'public.two_made') AND action || object <> 'createpublic.two' AND NOT (object = 'public.two_t' AND verdict = 'allowed') ORDER BY 1")"
sql -c 'BEGIN' -c 'CREATE TABLE two_gone (id int)' -c "PREPARE TRANSACTION 'y'"
sql -c "ROLLBACK PREPARED 'y'"
check 'rolled back, nothing of it' 0 "$(sql -c "SELECT count(*) FROM schemaguard.ddl_log WHERE object = 'public.two_gone'")"
sql -c 'BEGIN' -c "SELECT schemaguard.accept_data_loss('ends with the first phase')" -c 'CREATE TABLE p (id int)' -c "PREPARE TRANSACTION 'z'" >/dev/null 2>&1
check 'consent does not outlive it' 1 "$(sql -c "COMMIT PREPARED 'z'" -c 'CREATE TABLE q AS SELECT 1 AS id' -c 'DROP TABLE q' 2>&1 | grep -c 'would destroy data' || true)"

echo '== a function called by the client itself (fast path): large objects are no concern of the drop guard'
check 'psql \lo_import and \lo_unlink' 0 "$(psql -XqAt -c "\\lo_import $tmp/script" -c '\lo_unlink :LASTOID' 2>&1 | grep -c ERROR || true)"
"$SERVER_SH" drop "$server"
exit $failed
