#!/usr/bin/env bash
# Schemas of real projects, with what somebody might do to them by hand (corpus_changes.sql): drift() shows it,
# fix() mends it, nothing differs afterwards, and pg_dump writes the same as before.
#   SEED=n      other changes;  ROUNDS=n  how many times for each schema
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -n "${SCHEMAGUARD_CORPUS:-}" ] && [ -d "$SCHEMAGUARD_CORPUS/sql" ] || {
  echo 'SKIPPED: set SCHEMAGUARD_CORPUS to a folder with real schemas in sql/*.sql and prisma/*/migrations'
  exit 77
}
export PGOPTIONS='-c client_min_messages=error -c schemaguard.mode=off'
failed=0 tmp=$(mktemp -d)
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
databases() { psql -Xq -c "DROP DATABASE IF EXISTS corpus_live WITH (FORCE)" -c "DROP DATABASE IF EXISTS corpus_base WITH (FORCE)" postgres; }
trap 'databases; rm -rf "$tmp"' EXIT
# Columns made again come last, which is told as information: their order is left out here.
dump() { pg_dump -s -N schemaguard -e '*' "$1" | grep -vE '^(--|$|\\(un)?restrict |CREATE EXTENSION|COMMENT ON EXTENSION|CREATE EVENT TRIGGER schemaguard|ALTER EVENT TRIGGER schemaguard| *EXECUTE FUNCTION schemaguard)' | sed 's/,$//' | sort; }
load() {
  case $1 in
    *.sql)
      local how=()
      # As the corpus's own notes say.
      [[ $1 != */graphile_worker.sql ]] || how=(-1)
      grep -vi -e '^\\copy' "$1" | psql -Xq "${how[@]}" corpus_base >/dev/null 2>&1 || true ;;
    *) cat "$1"/migrations/*/migration.sql | psql -Xq corpus_base >/dev/null 2>&1 || true ;;
  esac
}
for f in "$SCHEMAGUARD_CORPUS"/sql/*.sql "$SCHEMAGUARD_CORPUS"/prisma/*/; do
  name=$(basename "${f%/}" .sql)
  if [ -f "$f" ]; then
    for extension in $(sed -nE 's/^ *CREATE EXTENSION (IF NOT EXISTS )?"?([a-z_-]+)"?.*/\2/Ip' "$f"); do
      [ "$(sql -c "SELECT count(*) FROM pg_available_extensions WHERE name = '$extension'" postgres)" = 1 ] ||
        { echo "LEFT OUT: $name: this server has no extension $extension"; continue 2; }
    done
  fi
  databases
  createdb -T template0 corpus_base
  sql -c 'CREATE EXTENSION schemaguard' corpus_base
  load "${f%/}"
  # Some insert rows, over which no NOT NULL column could be made again.
  sql -c "SELECT format('TRUNCATE %s CASCADE;', string_agg(c.oid::regclass::text, ', ')) FROM pg_class c
           WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text !~ '^pg_|^information_schema$|^schemaguard$'" corpus_base | psql -Xq corpus_base
  sql -c "SELECT schemaguard.declare(schemaguard.snapshot()::text, 'json', compare => '{comments,column_order,owners,grants}')" corpus_base >/dev/null
  dump corpus_base >"$tmp/before"
  [ "$(wc -l <"$tmp/before")" -gt 50 ] || { echo "NOT ok: $name did not load"; failed=1; continue; }
  for ((round = 0; round < ${ROUNDS:-3}; round++)); do
    seed=$(printf '0.%06d' $(((${SEED:-1} * 1000 + round) % 1000000)))
    psql -Xq -c 'DROP DATABASE IF EXISTS corpus_live WITH (FORCE)' -c 'CREATE DATABASE corpus_live TEMPLATE corpus_base' postgres
    sql -v seed="$seed" -v many=25 -f "$here/corpus_changes.sql" corpus_live >"$tmp/changes.sql"
    # Some are in the way of others.
    psql -XqAt -f "$tmp/changes.sql" corpus_live >/dev/null 2>&1 || true
    rows=$(sql -c 'SELECT count(*) FROM schemaguard.drift()' corpus_live)
    bad=
    unknown=$(sql -c "SELECT string_agg(object_type || ' ' || object || ' ' || change, ', ') FROM schemaguard.drift() WHERE caused_by IS NULL" corpus_live)
    [ -z "$unknown" ] || bad="no cause is known of $unknown"
    sql -c "SELECT sql || ';' FROM schemaguard.fix(allow_loss => true) WHERE sql IS NOT NULL ORDER BY step" corpus_live >"$tmp/fix.sql"
    sql -f "$tmp/fix.sql" corpus_live >/dev/null 2>"$tmp/error" || bad+=" the script fails: $(cat "$tmp/error")"
    left=$(sql -c "SELECT object_type, object, change, attribute, left(declared, 70), left(actual, 70) FROM schemaguard.drift() WHERE attribute IS DISTINCT FROM 'position'" corpus_live)
    [ -z "$left" ] || bad+=" the script leaves: $left"
    dump corpus_live >"$tmp/after"
    bad+=$(diff "$tmp/before" "$tmp/after" | head -n 20 || true)
    if [ "$rows" -lt 10 ] || [ -n "$bad" ]; then
      printf 'NOT ok: %s, round %s (seed %s), %s rows: %s\n' "$name" "$round" "$seed" "$rows" "$bad"
      cp "$tmp/changes.sql" "$ROOT/target/test-output/$PG/cases/corpus_changes.$name.$round.changes.sql"
      cp "$tmp/fix.sql" "$ROOT/target/test-output/$PG/cases/corpus_changes.$name.$round.fix.sql"
      failed=1
    else echo "ok: $name, round $round: $rows rows, all mended"; fi
  done
done
exit $failed
