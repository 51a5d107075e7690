#!/usr/bin/env bash
# The first incident with real tools: tables by Better Auth's own SQL, then prisma db push of Better Auth's own
# Prisma schema. Without the guard each session would expire five hours earlier, and nobody would be told.
. "$(dirname "${BASH_SOURCE[0]}")/../prisma/project.sh"

story() {
  for guard in - ''; do
    # shellcheck disable=SC2086
    project prisma_better_auth $guard
    psql -Xq -d postgres -c "ALTER DATABASE prisma_better_auth SET timezone = 'America/New_York'"
    echo; if [ "$guard" ]; then echo '-- without the guard'; else echo '-- with it'; fi
    sql -f "$ROOT/tests/demo/better_auth.sql"
    sql -c "INSERT INTO \"user\" (id, name, email, \"emailVerified\") VALUES ('u', 'Ada', 'ada@example.com', true)" \
      -c "INSERT INTO session (id, \"expiresAt\", token, \"createdAt\", \"updatedAt\", \"userId\") VALUES ('s', '2026-12-24 18:00:00.123456+00', 't', '2026-11-24 09:00:00.654321+00', '2026-11-24 09:00:00.654321+00', 'u')"
    cp "$ROOT/tests/prisma/better_auth.prisma" schema.prisma
    run prisma db push
    show "SELECT \"expiresAt\"::timestamptz AT TIME ZONE 'UTC' AS expires_in_utc, pg_typeof(\"expiresAt\") FROM session"
    # A client that takes a timestamp for UTC, as Prisma does.
    show "SELECT (\"expiresAt\"::timestamp)::text || ' UTC' AS read_by_prisma FROM session WHERE pg_typeof(\"expiresAt\") = 'timestamp without time zone'::regtype"
  done
}
transcript prisma_better_auth story
exit $failed
