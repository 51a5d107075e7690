#!/usr/bin/env bash
# Real prisma migrate deploy, status and resolve on empty tables, where they work as without a guard; and with a driver
# that sends a migration in pieces, which still belong to it.
. "$(dirname "${BASH_SOURCE[0]}")/../prisma/project.sh"

story() {
  project prisma_resolve
  schema <<<'model User {
  id   Int     @id
  nick String?
}'
  migration 1_init <<<'CREATE TABLE "User" ("id" INTEGER NOT NULL, "nick" TEXT, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));'
  run prisma migrate deploy
  run prisma migrate status
  echo; echo '-- a migration that fails by itself'
  migration 2_wrong <<<'DROP TABLE "User"; DROP TABLE "nothing";'
  run prisma migrate deploy
  run prisma migrate status
  run prisma migrate resolve --rolled-back 2_wrong
  migration 2_wrong <<<'DROP TABLE "User"; CREATE TABLE "User" ("id" INTEGER NOT NULL, "nick" TEXT, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));'
  run prisma migrate deploy
  echo; echo '-- done by hand, then marked'
  migration 3_by_hand <<<'ALTER TABLE "User" DROP COLUMN "nick";'
  sql -f migrations/3_by_hand/migration.sql
  run prisma migrate resolve --applied 3_by_hand
  run prisma migrate status
  show "SELECT migration, state, issues, statements, note FROM schemaguard.migrations()"
  show "SELECT verdict, count(*) FROM schemaguard.ddl_log GROUP BY 1"

  echo; echo '-- a driver that sends pieces'
  sql -c 'INSERT INTO "User" VALUES (1)'
  migration 4_pieces <<<'CREATE TABLE "first" ("id" INTEGER);
DROP TABLE "User";
CREATE TABLE "second" ("id" INTEGER);'
  PRISMA_SPLITS=1 run prisma migrate deploy
  show "SELECT object, verdict, migration FROM schemaguard.ddl_log WHERE migration = '4_pieces' ORDER BY id"
  show "SELECT migration, state, statements FROM schemaguard.migrations() WHERE migration = '4_pieces'"
}
transcript prisma_resolve story
exit $failed
