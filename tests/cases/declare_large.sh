#!/usr/bin/env bash
# 2,000 tables at the server's default settings: loaded, declared, compared.
set -euo pipefail
server=$SERVER-large
# Without waiting for the disk, which is no matter of this.
"$SERVER_SH" start "$server" "$PG" 'fsync = off' >/dev/null
eval "$("$SERVER_SH" env "$server")"
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
tmp=$(mktemp -d)
# After five seconds declare() tells how far it is, which is no matter of this.
export PGOPTIONS='-c client_min_messages=warning'
trap 'rm -rf "$tmp"' EXIT
for n in {1..2000}; do
  echo "CREATE TABLE t$n (id bigint PRIMARY KEY, parent bigint REFERENCES t$((n > 1 ? n - 1 : 1)), name text NOT NULL DEFAULT 'x', CHECK (length(name) < 100));"
  echo "CREATE INDEX ON t$n (parent);"
done >"$tmp/schema.sql"
sql -c 'CREATE EXTENSION schemaguard'
timed() { local t=${EPOCHREALTIME/./}; "${@:2}"; echo "ok: $1 took $(((${EPOCHREALTIME/./} - t) / 1000)) ms"; }
# As psql would load a file, statement by statement.
timed 'loading 4,000 statements' sql -f "$tmp/schema.sql"
check 'each statement is recorded' 4000 "$(sql -c 'SELECT count(DISTINCT statement_id) FROM schemaguard.ddl_log')"
declare() { printf "\\\\set text \`cat '%s'\`\nSELECT schemaguard.declare(:'text') > 0;\n" "$tmp/schema.sql" | sql -f - >"$tmp/out" 2>&1 || true; }
timed 'declaring' declare
check 'it is declared' t "$(cat "$tmp/out")"
drift() { sql -c 'SELECT count(*) FROM schemaguard.drift()' >"$tmp/out" 2>&1 || true; }
timed 'comparing' drift
check 'no drift' 0 "$(cat "$tmp/out")"
sql -c 'ALTER TABLE t1000 ALTER name DROP NOT NULL'
check 'one change, one row' 'public.t1000.name|changed' "$(sql -c 'SELECT object, change FROM schemaguard.drift()')"
check 'DROP SCHEMA of 500 empty tables' 0 "$(psql -XqAt -c 'CREATE SCHEMA many' -c "DO \$\$ BEGIN FOR n IN 1..500 LOOP EXECUTE format('CREATE TABLE many.t%s (id int)', n); END LOOP; END \$\$" -c 'SET client_min_messages = error' -c 'DROP SCHEMA many CASCADE' 2>&1 | grep -c ERROR || true)"
check 'no scratch database is left' 0 "$(sql -c "SELECT count(*) FROM pg_database WHERE datname LIKE 'schemaguard_scratch%'")"

echo '== a Prisma schema of 1,000 models: reading it takes less than a tenth of building it'
createdb -T template0 prisma_large
export PGDATABASE=prisma_large
sql -c 'CREATE EXTENSION schemaguard'
for n in {0..999}; do
  echo "model Model$n { "
  printf '  id Int @id @default(autoincrement())\n  name String @db.VarChar(200)\n  email String? @unique\n  created DateTime @default(now()) @map("created_at")\n'
  echo "  parentId Int?"
  echo "  parent Model$((n / 2))? @relation(\"R$n\", fields: [parentId], references: [id])"
  for child in $((2 * n)) $((2 * n + 1)); do [ $child -ge 1000 ] || echo "  children$child Model$child[] @relation(\"R$child\")"; done
  printf '\n  @@index([name, created])\n}\n\n'
done >"$tmp/large.prisma"
# With a mistake at its end nothing is built of it.
(cat "$tmp/large.prisma"; echo 'model Wrong {') >"$tmp/wrong.prisma"
declare_prisma() { printf "\\\\set text \`cat '%s'\`\nSELECT schemaguard.declare(:'text', 'prisma') > 0;\n" "$1" | sql -f - >"$tmp/out" 2>&1 || true; }
started=${EPOCHREALTIME/./}
declare_prisma "$tmp/wrong.prisma"
reading=$((${EPOCHREALTIME/./} - started))
check 'the mistake is found' 1 "$(grep -c 'ERROR:  declared schema, line [0-9]*, column [0-9]*' "$tmp/out" || true)"
started=${EPOCHREALTIME/./}
declare_prisma "$tmp/large.prisma"
building=$((${EPOCHREALTIME/./} - started - reading))
check 'it is declared' t "$(cat "$tmp/out")"
check "read in $((reading / 1000)) ms, built in $((building / 1000)) ms" t "$([ $((reading * 10)) -lt $building ] && echo t)"
"$SERVER_SH" drop "$server"
exit $failed
