#!/usr/bin/env bash
# Schemas of real projects: loaded into a live database and declared from the same text, they don't differ,
# in nothing that can be compared; and there is nothing in them that no reader knows.
set -euo pipefail
[ -n "${SCHEMAGUARD_CORPUS:-}" ] && [ -d "$SCHEMAGUARD_CORPUS/sql" ] || {
  echo 'SKIPPED: set SCHEMAGUARD_CORPUS to a folder with real schemas in sql/*.sql'
  exit 77
}
failed=0
tmp=$(mktemp -d)
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
db=
trap '[ -z "$db" ] || psql -Xq -c "SET client_min_messages = error" -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" postgres; rm -rf "$tmp"' EXIT
for f in "$SCHEMAGUARD_CORPUS"/sql/*.sql; do
  name=$(basename "$f" .sql)
  # A server may have been built without some of contrib.
  for extension in $(sed -nE 's/^ *CREATE EXTENSION (IF NOT EXISTS )?"?([a-z_-]+)"?.*/\2/Ip' "$f"); do
    [ "$(psql -XqAtc "SELECT count(*) FROM pg_available_extensions WHERE name = '$extension'" postgres)" = 1 ] ||
      { echo "LEFT OUT: $name: this server has no extension $extension"; continue 2; }
  done
  db=corpus_${name}_$$
  createdb -T template0 "$db"
  export PGDATABASE=$db
  sql -c 'CREATE EXTENSION schemaguard'
  how=()
  text=$f
  # As the corpus's own notes say.
  [ "$name" != graphile_worker ] || how=(-1)
  [ "$name" != adventureworks ] || { text=$tmp/text.sql; grep -vi -e '^\\copy' -e '^SET CLIENT_ENCODING' "$f" >"$text"; }
  PGOPTIONS='-c client_min_messages=error' psql -Xq "${how[@]}" -f "$text" >/dev/null 2>"$tmp/load.err" || { echo "NOT ok: $name does not load"; cat "$tmp/load.err"; failed=1; }
  n=$(grep -c 'ERROR' "$tmp/load.err" || true)
  [ "$n" = 0 ] || [ "$name $n" = 'adventureworks 1' ] || { echo "NOT ok: $name: $n errors while loading"; head -n 5 "$tmp/load.err"; failed=1; }
  # The one row that adventureworks inserts itself refers to data that is not here: its key comes after it is gone.
  if [ "$name" = adventureworks ]; then
    sql -c 'DELETE FROM production.productreview'
    sql -c 'ALTER TABLE production.productreview ADD CONSTRAINT "FK_ProductReview_Product_ProductID" FOREIGN KEY (productid) REFERENCES production.product (productid)'
  fi
  start=$EPOCHREALTIME
  if ! PGOPTIONS='-c client_min_messages=warning' sql -f - >"$tmp/out" 2>&1 <<SQL
\\set text \`cat '$text'\`
SELECT schemaguard.declare(:'text', compare => '{comments,column_order,owners,grants}');
SQL
  then
    echo "NOT ok: $name can't be declared"; head -n 20 "$tmp/out"; failed=1
  else
    took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
    rows=$(sql -c 'SELECT count(*) FROM schemaguard.drift()' 2>&1) || true
    objects=$(sql -c "SELECT count(*) FROM schemaguard.declared_object")
    if [ "$rows" = 0 ] && [ "$objects" -gt 20 ]; then echo "ok: $name: $objects objects, declared in $took ms, no drift"
    else
      echo "NOT ok: $name: $objects objects, drift has $rows rows"; failed=1
      sql -c 'SELECT object_type, object, change, attribute, left(declared, 60), left(actual, 60) FROM schemaguard.drift() LIMIT 10' || true
    fi
    unread=$(sql -c "SELECT string_agg(object_type || ' ' || object, ', ') FROM schemaguard.unread()")
    [ -z "$unread" ] || { echo "NOT ok: $name: no reader knows $unread"; failed=1; }
    # And to see that it can fail: one change, one row.
    sql -c 'CREATE TABLE public.not_declared (id int)'
    extra=$(sql -c "SELECT string_agg(object || ' ' || change, ', ') FROM schemaguard.drift() WHERE object_type = 'table'" 2>&1) || true
    [ "$extra" = 'public.not_declared extra' ] || { echo "NOT ok: $name: an undeclared table shows as: $extra"; failed=1; }
  fi
  left=$(sql -c "SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaguard_scratch%'")
  [ "$left" = 0 ] || { echo "NOT ok: $name: $left scratch databases are left"; failed=1; }
  psql -Xq -c "DROP DATABASE $db WITH (FORCE)" postgres
  db=
done
exit $failed
