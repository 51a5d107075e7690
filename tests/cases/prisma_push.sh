#!/usr/bin/env bash
# Real prisma db push against a guarded database: stopped before its first destructive step, also with
# --accept-data-loss; what was done before that has stayed, and the hint says so.
. "$(dirname "${BASH_SOURCE[0]}")/../prisma/project.sh"

before='model User {
  id    Int     @id @default(autoincrement())
  email String
  nick  String?
}
model Log {
  id Int @id
}'
after='model User {
  id    Int     @id @default(autoincrement())
  email String
  name  String?
}
model Event {
  id Int @id
  at DateTime
}'

story() {
  echo '-- on empty tables it works as without a guard'
  project prisma_push
  schema <<<"$before"
  run prisma db push
  schema <<<"$after"
  run prisma db push --accept-data-loss
  run prisma db push --force-reset --accept-data-loss
  show "SELECT command_tag, object, verdict FROM schemaguard.ddl_log WHERE verdict <> 'allowed'"

  echo; echo '-- on data'
  schema <<<"$before"
  run prisma db push --accept-data-loss
  sql -c "INSERT INTO \"User\" (email, nick) VALUES ('ada@example.com', 'ada')" -c 'INSERT INTO "Log" VALUES (1)'
  schema <<<"$after"
  run prisma db push
  run prisma db push --accept-data-loss
  show 'SELECT (SELECT count(*) FROM "Log") AS logs, (SELECT count(nick) FROM "User") AS nicks'
  run prisma db push --force-reset --accept-data-loss
  show 'SELECT (SELECT count(*) FROM "Log") AS logs, (SELECT count(nick) FROM "User") AS nicks'

  echo; echo '-- what came before the destructive step has stayed'
  schema <<<"model New {
  id Int @id
  a  Int
  @@index([a])
}
enum Kind {
  A
  B
}
${before/nick  String?/kind Kind?}"
  run prisma db push --accept-data-loss
  show "SELECT command_tag, object, verdict, migration FROM schemaguard.ddl_log ORDER BY id DESC LIMIT 4"
  echo; echo '-- approved, the rest goes through'
  run sql -c "SELECT schemaguard.approve(digest, 'the lead agrees') FROM schemaguard.refused ORDER BY id DESC LIMIT 1"
  run prisma db push --accept-data-loss
}
transcript prisma_push story
exit $failed
