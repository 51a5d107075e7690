#!/usr/bin/env bash
# Without background workers the refusal stands, the server's log has it, and declare() says why it can't.
set -euo pipefail
server=$SERVER-noworker
"$SERVER_SH" start "$server" "$PG" 'max_worker_processes = 0' >/dev/null
eval "$("$SERVER_SH" env "$server")"
log=$ROOT/target/servers/$server.log
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
sql -c 'CREATE EXTENSION schemaguard' -c "CREATE TABLE t AS SELECT 'x' AS v"
out=$(psql -XqAt -v VERBOSITY=verbose -c 'SET application_name = tester' -c 'DROP TABLE t' 2>&1 || true)
check 'refused' 1 "$(grep -c 'ERROR:  SG001: DROP TABLE public.t would destroy data' <<<"$out")"
check 'the data is there' 1 "$(sql -c 'SELECT count(*) FROM t')"
check 'no row, and no half of one' 0 "$(sql -c 'SELECT count(*) FROM schemaguard.refused')"
check 'what is not in the record can not be approved' '0 1' "$(grep -c 'schemaguard.approve' <<<"$out" || true) $(grep -c 'schemaguard.accept_data_loss' <<<"$out")"
check 'the log has it' 1 "$(grep -c 'LOG:.*schemaguard refused a statement and could not record it.*DROP TABLE public.t would destroy data' "$log" || true)"
for what in 'session user postgres' 'database postgres' 'application tester' 'statement: DROP TABLE t' 'public.t: 1 row'; do
  check "the log says: $what" t "$(grep -A8 'could not record it' "$log" | grep -q "$what" && echo t || echo f)"
done
psql -XqAt -c 'CREATE TABLE loads_the_library ()' -c 'TRUNCATE t' >/dev/null 2>&1 || true
check 'the data is there' 1 "$(sql -c 'SELECT count(*) FROM t')"
out=$(psql -XqAt -v VERBOSITY=verbose -c "SELECT schemaguard.declare('CREATE TABLE t (v text)')" 2>&1 || true)
check 'declare() says why' 1 "$(grep -c 'ERROR:  SG004:.*max_worker_processes' <<<"$out")"
check 'ordinary DDL is recorded' 1 "$(sql -c "SELECT count(*) FROM schemaguard.ddl_log WHERE object = 'public.t'")"
check 'status() works' t "$(sql -c 'SELECT count(*) > 5 FROM schemaguard.status()')"
"$SERVER_SH" drop "$server"
exit $failed
