#!/usr/bin/env bash
# A dump takes record and declared versions along; restored, they are whole and go on without conflicts.
set -euo pipefail
n=$$
src=dump_src_$n
tmp=$(mktemp -d)
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
dbs=("$src")
cleanup() { for d in "${dbs[@]}"; do psql -Xq -c "SET client_min_messages = error" -c "DROP DATABASE IF EXISTS $d WITH (FORCE)" postgres; done; rm -rf "$tmp"; }
trap cleanup EXIT
createdb -T template0 "$src"
export PGDATABASE=$src
sql -c 'CREATE EXTENSION schemaguard' -c 'CREATE TABLE t (id serial PRIMARY KEY, v text)' -c "INSERT INTO t (v) VALUES ('a'), ('b')" \
  -c 'CREATE TABLE gone (id int)' -c 'DROP TABLE gone' -c "SELECT schemaguard.declare('CREATE TABLE t (id serial PRIMARY KEY, v text);')" \
  -c "SELECT schemaguard.declare('CREATE TABLE other ()', name => 'other', compare => '{owners}', unmanaged => '{public.tmp_*}')" -c 'GRANT SELECT ON schemaguard.ddl_log TO PUBLIC' >/dev/null
sql -c 'CREATE TABLE approved AS SELECT 1 AS id' -c 'CREATE TABLE routine_1 AS SELECT 1 AS id'
sql -c 'DROP TABLE approved' 2>/dev/null || true
approve="SELECT schemaguard.approve(digest, 'not needed') FROM schemaguard.refused WHERE statement = 'DROP TABLE approved' ORDER BY id DESC LIMIT 1"
sql -c "$approve" -c 'BEGIN' -c 'DROP TABLE approved' -c 'COMMIT' -c 'CREATE TABLE approved AS SELECT 1 AS id' >/dev/null 2>&1
sql -c "$approve" -c "SELECT schemaguard.allow(current_user, 'public.routine_%', 'truncate', 'each night'), schemaguard.allow(current_user, 'public.gone_%', 'truncate', 'taken back', '1 day')" -c 'SELECT schemaguard.disallow(4)' >/dev/null 2>&1
sql -c 'DROP TABLE t' 2>/dev/null || true
state="SELECT md5(string_agg(l::text, E'\n' ORDER BY l.id)) FROM schemaguard.ddl_log l WHERE id <= (SELECT max(id) FROM schemaguard.ddl_log WHERE verdict = 'refused' AND object = 'public.t')"
consents="SELECT md5(string_agg(c::text || coalesce(e::text, ''), E'\n' ORDER BY c.id)) FROM schemaguard.consent c LEFT JOIN schemaguard.consent_end e ON e.consent = c.id"
declared="SELECT md5(string_agg(d::text, E'\n' ORDER BY version)) FROM schemaguard.declared d WHERE version <= 2"
want_consents=$(sql -c "$consents") want_log=$(sql -c "$state") want_declared=$(sql -c "$declared")
check 'approvals and standing rules to keep' 'used,pending 3' "$(sql -c "SELECT string_agg(state, ',' ORDER BY id) || ' ' || (SELECT string_agg(id::text, ',') FROM schemaguard.standing_rules) FROM schemaguard.approvals")"
check 'there is something to keep' t "$(sql -c "SELECT count(*) > 4 FROM schemaguard.ddl_log")"
pg_dump "$src" >"$tmp/plain.sql"
pg_dump -Fc "$src" >"$tmp/custom"
pg_dump -s "$src" >"$tmp/schema.sql"

restored() {
  export PGDATABASE=$1
  check "$1: the record is whole" "$want_log" "$(sql -c "$state")"
  check "$1: the declared versions are whole" "$want_declared" "$(sql -c "$declared")"
  check "$1: consents are whole" "$want_consents" "$(sql -c "$consents")"
  check "$1: an approval is for the database that it was given in" 1 "$(sql -c 'DROP TABLE approved' 2>&1 | grep -c 'would destroy data' || true)"
  check "$1: a standing rule holds on" '' "$(sql -c 'TRUNCATE routine_1' 2>&1)"
  sql -c 'SET schemaguard.mode = off' -c 'DROP TABLE approved, routine_1'
  check "$1: numbers are unique" t "$(sql -c 'SELECT count(*) = count(DISTINCT id) FROM schemaguard.ddl_log')"
  check "$1: what the restore did comes after" t "$(sql -c "SELECT min(id) > (SELECT max(id) FROM schemaguard.ddl_log WHERE database = '$src') FROM schemaguard.ddl_log WHERE database = '$1'")"
  check "$1: the data is there" 2 "$(sql -c 'SELECT count(*) FROM t')"
  check "$1: it is guarded" 1 "$(sql -c 'DROP TABLE t' 2>&1 | grep -c 'would destroy data' || true)"
  check "$1: it is recorded" 2 "$(sql -c "SELECT count(*) FROM schemaguard.refused WHERE statement = 'DROP TABLE t'")"
  check "$1: the next version follows" 3 "$(sql -c "SELECT schemaguard.declare('CREATE TABLE t (id serial PRIMARY KEY, v text);')")"
  check "$1: no drift" 0 "$(sql -c 'SELECT count(*) FROM schemaguard.drift()')"
  check "$1: event triggers fire always" 0 "$(sql -c "SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'schemaguard%' AND evtenabled <> 'A'")"
  check "$1: grants are kept" t "$(sql -c "SELECT has_table_privilege('public', 'schemaguard.ddl_log', 'SELECT') AND NOT has_table_privilege('public', 'schemaguard.ddl_entry', 'SELECT')")"
}
for how in plain custom parallel; do
  db=dump_${how}_$n
  dbs+=("$db")
  createdb -T template0 "$db"
  case $how in
    plain) psql -Xq -v ON_ERROR_STOP=1 -f "$tmp/plain.sql" "$db" >/dev/null ;;
    custom) pg_restore -e -d "$db" "$tmp/custom" ;;
    parallel) pg_restore -e -j 2 -d "$db" "$tmp/custom" ;;
  esac
  restored "$db"
  sql -c 'SELECT 1' >/dev/null
done

export PGDATABASE=dump_plain_$n
echo '== --clean over live data'
sql -c "INSERT INTO t (v) VALUES ('live')"
out=$(pg_restore --clean -d "$PGDATABASE" "$tmp/custom" 2>&1 || true)
check 'is refused' t "$(grep -q 'would destroy data' <<<"$out" && echo t || echo f)"
check 'the live row is there' 1 "$(sql -c "SELECT count(*) FROM t WHERE v = 'live'")"
check 'the guard is there' 3 "$(sql -c "SELECT count(*) FROM pg_event_trigger WHERE evtname ~ '^schemaguard_(ddl|sql)'")"
out=$(pg_restore --clean --if-exists --single-transaction -d "$PGDATABASE" "$tmp/custom" 2>&1 || true)
grep 'error:' <<<"$out" | head -n 3
check 'in one transaction, too' t "$(grep -q 'would destroy data\|would take the guard away' <<<"$out" && echo t || echo f)"
check 'the live row is there' 1 "$(sql -c "SELECT count(*) FROM t WHERE v = 'live'")"
pg_dump --clean --if-exists "$src" >"$tmp/clean.sql"
out=$(psql -Xq -f "$tmp/clean.sql" 2>&1 || true)
check 'by psql, too' t "$(grep -q 'would destroy data' <<<"$out" && echo t || echo f)"
check 'the live row is there' 1 "$(sql -c "SELECT count(*) FROM t WHERE v = 'live'")"

echo '== the dump as a declared schema'
export PGDATABASE=$src
check 'a schema-only dump can be declared' t "$(sql -v text="$(cat "$tmp/schema.sql")" <<<"SELECT schemaguard.declare(:'text', name => 'dump') > 0" 2>"$tmp/notices" || cat "$tmp/notices")"
check 'and is what is there' '' "$(sql -c "SELECT * FROM schemaguard.drift('dump')")"
check 'a dump with data, too' t "$(sql -v text="$(cat "$tmp/plain.sql")" <<<"SELECT schemaguard.declare(:'text', name => 'dump') > 0" 2>"$tmp/notices" || cat "$tmp/notices")"
check 'the data is left out with a notice' 1 "$(grep -c 'NOTICE:.*left out of the declared text' "$tmp/notices" || true)"
check 'and it is what is there' '' "$(sql -c "SELECT * FROM schemaguard.drift('dump')")"
exit $failed
