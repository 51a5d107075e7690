#!/usr/bin/env bash
# Real prisma migrate deploy, status and resolve against a guarded database: a refused migration tells what
# to do, and just that works.
. "$(dirname "${BASH_SOURCE[0]}")/../prisma/project.sh"

story() {
  project prisma_deploy
  schema <<<'model User {
  id    Int     @id @default(autoincrement())
  email String  @unique
  nick  String?
}'
  migration 1_init < <(prisma migrate diff --from-empty --to-schema schema.prisma --script 2>/dev/null)
  run prisma migrate deploy
  migration 2_empty <<<'ALTER TABLE "User" ADD COLUMN "age" INTEGER;
ALTER TABLE "User" DROP COLUMN "age";'
  run prisma migrate deploy
  sql -c "INSERT INTO \"User\" (email, nick) VALUES ('ada@example.com', 'ada'), ('bob@example.com', NULL)"

  migration 3_no_nick <<<'-- AlterTable
ALTER TABLE "User" ADD COLUMN "name" TEXT;
-- AlterTable
ALTER TABLE "User" DROP COLUMN "nick";'
  run prisma migrate deploy
  echo '-- nothing of the file has stayed, and the tool is where it says'
  run prisma migrate deploy
  run prisma migrate status
  show "SELECT migration, state, issues, statements FROM schemaguard.migrations()"
  show "SELECT migration_tool, migration, statement FROM schemaguard.refused"

  echo; echo '-- by a comment in the file'
  migration 3_no_nick <<<'-- AlterTable
ALTER TABLE "User" ADD COLUMN "name" TEXT;
-- AlterTable
-- schemaguard: accept data loss: nicks are gone, see #12
ALTER TABLE "User" DROP COLUMN "nick";'
  run prisma migrate resolve --rolled-back 3_no_nick
  run prisma migrate deploy
  show "SELECT object, verdict, reason, migration FROM schemaguard.ddl_log WHERE migration = '3_no_nick' AND verdict <> 'refused' ORDER BY id"

  echo; echo '-- by approval, the file as it is'
  migration 4_no_name <<<'ALTER TABLE "User" DROP COLUMN "email";'
  run prisma migrate deploy
  run sql -c "SELECT schemaguard.approve(digest, 'the lead agrees') FROM schemaguard.refused ORDER BY id DESC LIMIT 1"
  run prisma migrate resolve --rolled-back 4_no_name
  run prisma migrate deploy

  echo; echo '-- what a block runs is not spoken for by a comment: the hint says what is'
  migration 5_block <<<"DO 'BEGIN DELETE FROM \"User\" WHERE id = 2; DROP TABLE \"User\"; END';"
  run prisma migrate deploy
  migration 5_block <<<"SELECT schemaguard.accept_data_loss('users are gone');
DO 'BEGIN DELETE FROM \"User\" WHERE id = 2; DROP TABLE \"User\"; END';"
  run prisma migrate resolve --rolled-back 5_block
  run prisma migrate deploy
  run prisma migrate status
  show "SELECT migration, state, issues, statements, note FROM schemaguard.migrations()"

  echo; echo '-- half applied: a file with a commit of its own'
  sql -c 'CREATE TABLE kept AS SELECT 1 AS id'
  migration 6_half <<<'BEGIN;
CREATE TABLE half (id INTEGER);
COMMIT;
DROP TABLE kept;'
  run prisma migrate deploy
  show "SELECT migration, state, statements FROM schemaguard.migrations() WHERE migration = '6_half'"
  show "SELECT state, statements FROM schemaguard.migrations() WHERE migration IS NULL"
  show "SELECT command_tag, object FROM schemaguard.ddl_log WHERE migration IS NULL ORDER BY id"

  echo; echo '-- held against the files'
  migration 0_late <<<'SELECT 1;'
  run prisma migrate resolve --applied 0_late
  echo '-- changed' >>migrations/1_init/migration.sql
  sed -i 's/$/\r/' migrations/2_empty/migration.sql
  rm -r migrations/4_no_name
  migration 7_new <<<'SELECT 7;'
  files=$(for m in migrations/*/; do m=${m%/}; python3 -c 'import json, sys; print(json.dumps({"name": sys.argv[1], "text": open(sys.argv[2], newline="").read()}))' "${m##*/}" "$m/migration.sql"; done | paste -sd,)
  psql -Xq -P footer=off -v files="[$files]" <<<"SELECT migration, state, issues FROM schemaguard.migrations(:'files');"
}
transcript prisma_deploy story
exit $failed
