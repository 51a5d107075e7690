#!/usr/bin/env bash
# Real prisma migrate dev, in a terminal: shadow databases come and go untouched, also where the library is
# preloaded and where every new database has the extension; what it may destroy is asked of the guard.
. "$(dirname "${BASH_SOURCE[0]}")/../prisma/project.sh"
server=$SERVER-dev
"$SERVER_SH" start "$server" "$PG" "shared_preload_libraries = 'schemaguard'" 'fsync = off' "log_statement = 'ddl'" >/dev/null
eval "$("$SERVER_SH" env "$server")"
# dev NAME yes|no: what it says goes to $tmp/dev, and is shown where it doesn't end as it should.
dev() {
  local through=yes
  python3 "$ROOT/tests/prisma/terminal.py" y prisma migrate dev --name "$1" >"$tmp/dev" 2>&1 || through=no
  check "migrate dev --name $1 goes through: $2" "$2" $through
  [ $through = "$2" ] || cat "$tmp/dev"
}
databases() { sql -d postgres -c "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE '%shadow%'"; }
user='model User {
  id    Int     @id @default(autoincrement())
  email String
  nick  String?
}'
project prisma_dev
schema <<<"$user"
dev init yes
check 'the first migration is made and applied' 1 "$(ls migrations | grep -c _init)"
check 'and attributed' "$(ls migrations | grep _init)" "$(sql -c "SELECT DISTINCT migration FROM schemaguard.ddl_log WHERE object = 'public.User'")"
schema <<<"${user/  nick  String\?/  name  String?}"
dev empty yes
check 'on empty tables a column goes as without a guard' 'email,id,name' "$(sql -c "SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = '\"User\"'::regclass AND attnum > 0 AND NOT attisdropped")"
sql -c "INSERT INTO \"User\" (email, name) VALUES ('ada@example.com', 'Ada')"
schema <<<"${user/  nick  String\?/}"
dev drop no
check 'Prisma asks, is told yes, and the guard refuses' '1 1' "$(grep -c 'name.*would destroy data' "$tmp/dev") $(sql -c 'SELECT count(name) FROM "User"')"
check 'the hint names the migration' 1 "$(grep -c "in $(ls migrations | grep _drop)/migration.sql, right above the statement" "$tmp/dev")"
sed -i 's/^ALTER TABLE/-- schemaguard: accept data loss: names are gone\n&/' migrations/*_drop/migration.sql
prisma migrate resolve --rolled-back "$(ls migrations | grep _drop)" >"$tmp/resolve" 2>&1 || cat "$tmp/resolve"
prisma migrate deploy >"$tmp/deploy" 2>&1 || cat "$tmp/deploy"
check 'with the comment it goes' 'accepted|names are gone (comment above the statement)' "$(sql -c "SELECT DISTINCT verdict, reason FROM schemaguard.ddl_log WHERE object = 'public.User.name' AND verdict <> 'refused' AND action = 'drop' AND reason IS NOT NULL")"
check 'no shadow database is left' '' "$(databases)"
made=$(grep -c 'CREATE DATABASE "prisma_migrate_shadow_db' "$ROOT/target/servers/$server.log" || true)
check 'and there were some' t "$([ "$made" -ge 3 ] && echo t)"

# Every new database gets the extension: shadow databases are guarded, too, and empty.
sql -d template1 -c 'CREATE EXTENSION schemaguard'
schema <<<"${user/  nick  String\?/  age   Int?}"
dev age yes
check 'with the extension in template1' "age,email,id|" "$(sql -c "SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = '\"User\"'::regclass AND attnum > 0 AND NOT attisdropped")|$(databases)"
exit $failed
