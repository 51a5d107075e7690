#!/usr/bin/env bash
# Prisma schemas, declared: what the server makes of them is what real prisma db push and migrate deploy have made, of
# Prisma 7 and of 6, and what we refuse, Prisma refuses, too.
. "$(dirname "${BASH_SOURCE[0]}")/../prisma/project.sh"
here=$ROOT/tests/prisma
six() { PRISMA_ENGINE=6 "$@"; }
export PGOPTIONS='-c client_min_messages=warning'
trap 'drop_databases; rm -rf "$tmp"' EXIT
drop_databases() { sql postgres <<<"SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE datname ~ '^ddl_' \gexec"; }
drop_databases

schemas=()
for file in "$here"/schemas/*.prisma; do schemas+=("$(basename "$file" .prisma)=$file"); done
schemas+=("folder=$(find "$here/schemas/folder" -name '*.prisma' | LC_ALL=C sort | paste -sd,)")
corpus=()
if [ -n "${SCHEMAGUARD_CORPUS:-}" ] && [ -d "$SCHEMAGUARD_CORPUS/prisma" ]; then
  for file in "$SCHEMAGUARD_CORPUS"/prisma/*/schema.prisma; do corpus+=("$(basename "$(dirname "$file")")=$file"); done
else
  echo 'LEFT OUT: real schemas: set SCHEMAGUARD_CORPUS to a folder that has them in prisma/*/schema.prisma'
fi
# Partial indexes are new in 7.
of_six=()
for schema in "${schemas[@]}" "${corpus[@]}"; do [ "${schema%%=*}" = partial_indexes ] || of_six+=("$schema"); done

mkdir "$tmp/7" "$tmp/6"
node "$here/ddl.mjs" "$tmp/7" "${schemas[@]}" "${corpus[@]}"
for schema in "${schemas[@]}"; do
  name=${schema%%=*}
  cmp -s "$tmp/7/$name.sql" "$here/schemas/$name.sql" || { echo "NOT ok: Prisma makes something else of $name than is kept beside it"; failed=1; }
done
six node "$here/ddl.mjs" "$tmp/6" "${of_six[@]}"
for schema in "${of_six[@]}"; do
  name=${schema%%=*}
  cmp -s "$tmp/7/$name.sql" "$tmp/6/$name.sql" || { echo "NOT ok: Prisma 6 makes something else of $name than 7"; failed=1; }
done
refused=$(grep -c '^== ' "$here/mistakes.txt")
check "Prisma 7, too, refuses the $refused mistakes" '' "$(node "$here/ddl.mjs" --mistakes "$here/mistakes.txt")"
check 'so does 6' '' "$(six node "$here/ddl.mjs" --mistakes "$here/mistakes.txt")"

# All databases first: what Prisma does in them, it does in one process.
createdb -T template0 ddl_empty
sql -d ddl_empty -c 'CREATE EXTENSION schemaguard'
push=() push_of_six=() there=()
for schema in "${schemas[@]}" "${corpus[@]}"; do
  name=${schema%%=*}
  for extension in $(sed -nE 's/^CREATE EXTENSION IF NOT EXISTS "([^"]+)".*/\1/p' "$tmp/7/$name.sql"); do
    [ "$(sql -c "SELECT count(*) FROM pg_available_extensions WHERE name = '$extension'" postgres)" = 1 ] ||
      { echo "LEFT OUT: $name: this server has no extension $extension"; continue 2; }
  done
  there+=("$schema")
  for version in 7 6; do
    [ "$version $name" != '6 partial_indexes' ] || continue
    createdb -T ddl_empty "ddl_${version}_$name"
  done
  push+=("ddl_7_$schema")
  [ "$name" = partial_indexes ] || push_of_six+=("ddl_6_$schema")
done
check "prisma db push of ${#push[@]} schemas" '' "$(node "$here/apply.mjs" push "${push[@]}" | grep -vE '^[a-z_0-9]+ [1-9][0-9]*$')"
check 'and that of Prisma 6' '' "$(six node "$here/apply.mjs" push "${push_of_six[@]}" | grep -vE '^[a-z_0-9]+ [1-9][0-9]*$')"

# declare_schema FILE[,FILE…]: one text, or texts and names, for psql.
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
schema_of() { pg_dump -s "ddl_$1_$name" | grep -vE '^\\(un)?restrict '; }
drift="SELECT object_type || ' ' || object || ' ' || change || coalesce(' ' || attribute || ': ' || coalesce(declared, '') || ' / ' || coalesce(actual, ''), '') || ' (' || severity || ')' FROM schemaguard.drift()"
for schema in "${there[@]}"; do
  name=${schema%%=*}
  export PGDATABASE=ddl_7_$name
  if ! declare_schema "${schema#*=}" | sql -f - >"$tmp/out" 2>&1; then
    echo "NOT ok: $name can't be declared"; cat "$tmp/out"; failed=1
    continue
  fi
  # Prisma's own table is no drift.
  sql -c 'CREATE TABLE IF NOT EXISTS public._prisma_migrations (id varchar(36) PRIMARY KEY, logs text)'
  objects=$(sql -c 'SELECT count(*) FROM schemaguard.declared_object')
  check "$name: $objects objects, no drift" '' "$(sql -c "$drift" 2>&1)"
  # And to see that it can fail: one column more, one row.
  table=$(sql -c "SELECT min(identity[1] || '.' || quote_ident(identity[2])) FROM schemaguard.declared_object WHERE kind = 'table'")
  check "$name: a column more is seen" extra "$(sql -c BEGIN -c "ALTER TABLE $table ADD COLUMN not_declared int" -c "SELECT string_agg(change, ' ') FROM schemaguard.drift() WHERE object LIKE '%.not_declared'" -c ROLLBACK)"
  [ "$name" != partial_indexes ] || continue
  sql -c 'DROP TABLE public._prisma_migrations'
  check "$name: Prisma 6 makes the same" '' "$(diff <(schema_of 7) <(schema_of 6))"
done
exit $failed
