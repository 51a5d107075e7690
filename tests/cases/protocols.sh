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
  sql -c "CREATE TABLE comment_$mode AS SELECT 1 AS id" -c "CREATE TABLE other_$mode AS SELECT 1 AS id"
  check "$mode: consent by a comment" '' "$(bench $mode "/* schemaguard: accept data loss: by a comment */ DROP TABLE comment_$mode;" | grep ERROR || sql -c "SELECT to_regclass('comment_$mode')")"
  sql -c "CREATE TABLE trunc_$mode AS SELECT 1 AS id"
  check "$mode: of TRUNCATE, too" '1 0' "$(bench $mode "CREATE TABLE loads_1_$mode ();
TRUNCATE trunc_$mode;" | grep -c 'would destroy data') $(bench $mode "CREATE TABLE loads_2_$mode ();
/* schemaguard: accept data loss: by a comment */ TRUNCATE trunc_$mode;" | grep ERROR || sql -c "SELECT count(*) FROM trunc_$mode")"
  check "$mode: whose names are known" "TRUNCATE public.trunc_$mode would destroy data in 1 place (rule truncate)" "$(sql -c "SELECT message FROM schemaguard.refused WHERE statement LIKE 'TRUNCATE trunc_$mode%'")"
  check "$mode: but not of what a block runs" 1 "$(bench $mode "/* schemaguard: accept data loss: by a comment */ DO 'BEGIN DROP TABLE other_$mode; END';" | grep -c "would destroy data" || true)"
  check "$mode: and by none behind" 1 "$(bench $mode "DROP TABLE other_$mode /* schemaguard: accept data loss: too late */;" | grep -c "would destroy data" || true)"
  sql -c "SELECT schemaguard.approve(digest, 'by psql') FROM schemaguard.refused ORDER BY id DESC LIMIT 1" >/dev/null 2>&1
  check "$mode: consent by approval" '' "$(bench $mode "DROP TABLE other_$mode;" | grep ERROR || sql -c "SELECT to_regclass('other_$mode')")"
done
sql -c 'CREATE TABLE script_a AS SELECT 1 AS id' -c 'CREATE TABLE script_b AS SELECT 1 AS id'
check 'a script as one message: the comment is for one statement' 'public.script_b' "$(sql -c "
CREATE TABLE script_c (id int);
-- schemaguard: accept data loss: ticket 7
DROP TABLE script_a;
DROP TABLE script_b;" 2>&1 | sed -n 's/^DETAIL:  \(.*\): 1 row$/\1/p')"
sql -c "-- schemaguard: accept data loss: ticket 7
DROP TABLE script_a;
-- a word in between
-- schemaguard: accept data loss: ticket 8

DROP TABLE script_b;"
check 'and each has its reason' 'ticket 7 (comment above the statement),ticket 8 (comment above the statement)' "$(sql -c "SELECT string_agg(reason, ',' ORDER BY id) FROM schemaguard.ddl_log WHERE object LIKE 'public.script_%' AND verdict = 'accepted'")"
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

sql -c 'CREATE TABLE p_a AS SELECT 1 AS id'
sql -c 'DROP TABLE p_a' 2>/dev/null || true
sql -c "SELECT schemaguard.approve(digest, 'two phases') FROM schemaguard.refused ORDER BY id DESC LIMIT 1" >/dev/null 2>&1
state="SELECT state FROM schemaguard.approvals ORDER BY id DESC LIMIT 1"
sql -c 'BEGIN' -c 'DROP TABLE p_a' -c "PREPARE TRANSACTION 'a'"
"$SERVER_SH" restart "$server"
sql -c "ROLLBACK PREPARED 'a'"
check 'an approval that is not used after all is given back' pending "$(sql -c "$state")"
sql -c 'BEGIN' -c 'DROP TABLE p_a' -c "PREPARE TRANSACTION 'a'" -c "COMMIT PREPARED 'a'"
check 'and used by the second phase' used "$(sql -c "$state")"

echo '== a function called by the client itself (fast path): large objects are no concern of the drop guard'
check 'psql \lo_import and \lo_unlink' 0 "$(psql -XqAt -c "\\lo_import $tmp/script" -c '\lo_unlink :LASTOID' 2>&1 | grep -c ERROR || true)"
"$SERVER_SH" drop "$server"
exit $failed
