#!/usr/bin/env bash
# Real prisma migrate reset against a guarded database: on empty tables as without a guard, on data refused.
. "$(dirname "${BASH_SOURCE[0]}")/../prisma/project.sh"

story() {
  project prisma_reset
  schema <<<'model User {
  id    Int    @id @default(autoincrement())
  email String
}'
  migration 1_init < <(prisma migrate diff --from-empty --to-schema schema.prisma --script 2>/dev/null)
  run prisma migrate deploy
  echo; echo '-- on empty tables: the history alone is no data'
  run prisma migrate reset --force
  show "SELECT migration, state FROM schemaguard.migrations()"
  show "SELECT command_tag, object, verdict FROM schemaguard.ddl_log WHERE action = 'drop' ORDER BY id"
  echo; echo '-- but it is while there are tables that it tells of'
  run psql -Xq -c 'DROP TABLE _prisma_migrations'
  echo; echo '-- on data'
  sql -c "INSERT INTO \"User\" (email) VALUES ('ada@example.com')"
  run prisma migrate reset --force
  show 'SELECT count(*) FROM "User"'
  echo; echo '-- another schema has tables: the history may tell of them'
  sql -c 'DELETE FROM "User"' -c 'CREATE SCHEMA other' -c 'CREATE TABLE other.t (id int)'
  run psql -Xq -c 'DROP SCHEMA public CASCADE'
  echo; echo '-- a history with a column more may hold anything'
  sql -c 'DROP SCHEMA other CASCADE' -c 'ALTER TABLE _prisma_migrations ADD note text'
  run psql -Xq -c 'DROP SCHEMA public CASCADE'
}
transcript prisma_reset story
exit $failed
