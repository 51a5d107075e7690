#!/usr/bin/env bash
# Prisma schemas, declared: what the server makes of them is what it makes of Prisma's own SQL, and what we refuse,
# Prisma refuses, too.
set -euo pipefail
here=$ROOT/tests/prisma
setup=$("$ROOT/tests/node.sh" prisma) || exit $?
eval "$setup"
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
tmp=$(mktemp -d)
db=
trap '[ -z "$db" ] || psql -Xq -c "SET client_min_messages = error" -c "DROP DATABASE IF EXISTS $db WITH (FORCE)" postgres; rm -rf "$tmp"' EXIT

schemas=()
for file in "$here"/schemas/*.prisma; do schemas+=("$(basename "$file" .prisma)=$file"); done
schemas+=("folder=$(find "$here/schemas/folder" -name '*.prisma' | LC_ALL=C sort | paste -sd,)")
mkdir "$tmp/set" "$tmp/corpus"
node "$here/ddl.mjs" "$tmp/set" "${schemas[@]}"
for schema in "${schemas[@]}"; do
  name=${schema%%=*}
  cmp -s "$tmp/set/$name.sql" "$here/schemas/$name.sql" || { echo "NOT ok: Prisma makes something else of $name than is kept beside it"; failed=1; }
done
taken=$(node "$here/ddl.mjs" --mistakes "$here/mistakes.txt")
check "Prisma, too, refuses the $(grep -c '^== ' "$here/mistakes.txt") mistakes" '' "$taken"
if [ -n "${SCHEMAGUARD_CORPUS:-}" ] && [ -d "$SCHEMAGUARD_CORPUS/prisma" ]; then
  corpus=()
  for file in "$SCHEMAGUARD_CORPUS"/prisma/*/schema.prisma; do corpus+=("$(basename "$(dirname "$file")")=$file"); done
  node "$here/ddl.mjs" "$tmp/corpus" "${corpus[@]}"
  schemas+=("${corpus[@]}")
  cp "$tmp"/corpus/*.sql "$tmp/set/"
else
  echo 'LEFT OUT: real schemas: set SCHEMAGUARD_CORPUS to a folder that has them in prisma/*/schema.prisma'
fi

# One text, or texts and names, as psql's arguments.
declare_schema() {
  local files sources=() names=() n=0
  IFS=, read -ra files <<<"$1"
  for file in "${files[@]}"; do
    printf "\\\\set text%s \`cat '%s'\`\n" "$n" "$file"
    sources+=(":'text$n'") names+=("'${file#"$here"/schemas/}'")
    n=$((n + 1))
  done
  local IFS=,
  if [ "$n" = 1 ]; then echo "SELECT schemaguard.declare(${sources[*]}, 'prisma');"
  else echo "SELECT schemaguard.declare_files(ARRAY[${sources[*]}], ARRAY[${names[*]}]);"; fi
}
for schema in "${schemas[@]}"; do
  name=${schema%%=*}
  for extension in $(sed -nE 's/^CREATE EXTENSION IF NOT EXISTS "([^"]+)".*/\1/p' "$tmp/set/$name.sql"); do
    [ "$(psql -XqAtc "SELECT count(*) FROM pg_available_extensions WHERE name = '$extension'" postgres)" = 1 ] ||
      { echo "LEFT OUT: $name: this server has no extension $extension"; continue 2; }
  done
  db=prisma_ddl_$$
  createdb -T template0 "$db"
  export PGDATABASE=$db
  sql -c 'CREATE EXTENSION schemaguard'
  if ! declare_schema "${schema#*=}" | PGOPTIONS='-c client_min_messages=warning' sql -f - >"$tmp/out" 2>&1; then
    echo "NOT ok: $name can't be declared"; cat "$tmp/out"; failed=1
  elif ! PGOPTIONS='-c client_min_messages=warning' sql -f "$tmp/set/$name.sql" >"$tmp/out" 2>&1; then
    echo "NOT ok: $name: Prisma's own SQL does not run"; cat "$tmp/out"; failed=1
  else
    # Prisma's own table is no drift.
    sql -c 'CREATE TABLE public._prisma_migrations (id varchar(36) PRIMARY KEY, logs text)'
    objects=$(sql -c 'SELECT count(*) FROM schemaguard.declared_object')
    drift=$(sql -c "SELECT object_type || ' ' || object || ' ' || change || coalesce(' ' || attribute || ': ' || coalesce(declared, '') || ' / ' || coalesce(actual, ''), '') FROM schemaguard.drift()" 2>&1) || true
    check "$name: $objects objects, no drift" '' "$drift"
    # And to see that it can fail: one column more, one row.
    table=$(sql -c "SELECT min(identity[1] || '.' || quote_ident(identity[2])) FROM schemaguard.declared_object WHERE kind = 'table'")
    sql -c "ALTER TABLE $table ADD COLUMN not_declared int"
    check "$name: a column more is seen" extra "$(sql -c "SELECT string_agg(change, ' ') FROM schemaguard.drift() WHERE object LIKE '%.not_declared'")"
  fi
  psql -Xq -c "DROP DATABASE $db WITH (FORCE)" postgres
  db=
done
exit $failed
