#!/usr/bin/env bash
# The first incident with real tools: tables by Better Auth's own SQL, then prisma db push of Better Auth's own
# Prisma schema, both as its own tool writes them. Without the guard each session would expire five hours earlier,
# and nobody would be told.
better_auth=$("$ROOT/tests/node.sh" better_auth) || exit $?
. "$(dirname "${BASH_SOURCE[0]}")/../prisma/project.sh"

story() {
  for guard in - ''; do
    # shellcheck disable=SC2086
    project prisma_better_auth $guard
    psql -Xq -d postgres -c "ALTER DATABASE prisma_better_auth SET timezone = 'America/New_York'"
    echo; if [ "$guard" ]; then echo '-- without the guard'; else echo '-- with it'; fi
    (eval "$better_auth" && "$ROOT/tests/better_auth/generate.sh")
    [ "$guard" ] || { echo; echo "-- Better Auth's own SQL"; cat better_auth.sql; echo; echo; echo "-- its own Prisma schema"; cat schema.prisma; }
    sql -f better_auth.sql
    sql -c "INSERT INTO \"user\" (id, name, email, \"emailVerified\") VALUES ('u', 'Ada', 'ada@example.com', true)" \
      -c "INSERT INTO session (id, \"expiresAt\", token, \"createdAt\", \"updatedAt\", \"userId\") VALUES ('s', '2026-12-24 18:00:00.123456+00', 't', '2026-11-24 09:00:00.654321+00', '2026-11-24 09:00:00.654321+00', 'u')"
    if [ ! "$guard" ]; then
      echo; echo '-- what the one has otherwise than the other'
      psql -XqAt -v text="$(cat schema.prisma)" <<<"SELECT schemaguard.declare(:'text', 'prisma') > 0 AS declared"
      show 'SELECT object, change, attribute, declared, actual, severity, source FROM schemaguard.drift()'
      show "SELECT sql, data_loss, note FROM schemaguard.fix() WHERE note LIKE '%session%'"
    fi
    run prisma db push
    show "SELECT \"expiresAt\"::timestamptz AT TIME ZONE 'UTC' AS expires_in_utc, pg_typeof(\"expiresAt\") FROM session"
    # A client that takes a timestamp for UTC, as Prisma does.
    show "SELECT (\"expiresAt\"::timestamp)::text || ' UTC' AS read_by_prisma FROM session WHERE pg_typeof(\"expiresAt\") = 'timestamp without time zone'::regtype"
  done
}
transcript prisma_better_auth story
exit $failed
