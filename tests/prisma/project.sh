# For the cases: a project of Prisma's against a database of the running server.
# Sourced; sets up what a case needs, or ends it with 77.
set -euo pipefail
setup=$("$ROOT/tests/node.sh" prisma) || exit $?
eval "$setup"
# As at a person's desk: Prisma asks no questions where the environment tells of CI (CI, BUILD_ID, RUN_ID, … or
# TERM=dumb), and resets nothing where it tells of a coding agent.
while read -r name; do
  case $name in
    PATH | HOME | USER | TMPDIR | LANG | LC_* | PG* | ROOT | SERVER | SERVER_SH | SCHEMAGUARD_*) ;;
    CHECKPOINT_DISABLE | PRISMA_HIDE_UPDATE_MESSAGE | PRISMA_SCHEMA_ENGINE_BINARY | NO_COLOR) ;;
    *) unset "$name" ;;
  esac
done < <(compgen -e)
export TERM=xterm
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else printf 'NOT ok: %s: wanted %s, got %s\n' "$1" "$2" "$3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

# project DATABASE [-]: a new database with the extension (with -: without it), and an empty project
# in $tmp/DATABASE, which becomes the working folder.
project() {
  psql -Xq -d postgres -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1 TEMPLATE template0" 2>/dev/null
  export PGDATABASE=$1 DATABASE_URL="postgresql://$PGUSER@localhost/$1?host=$PGHOST"
  [ "${2:-}" = - ] || sql -c 'CREATE EXTENSION schemaguard'
  mkdir -p "$tmp/$1/migrations"
  cd "$tmp/$1"
  echo 'export default { schema: "schema.prisma", migrations: { path: "migrations" }, datasource: { url: process.env.DATABASE_URL } }' >prisma.config.mjs
  echo 'provider = "postgresql"' >migrations/migration_lock.toml
}

# schema: models from stdin.
schema() { { printf 'datasource db {\n  provider = "postgresql"\n}\n\n'; cat; } >schema.prisma; }

# migration NAME: its SQL from stdin.
migration() { mkdir -p "migrations/$1"; cat >"migrations/$1/migration.sql"; }

# run COMMAND…: what the user sees, without the engine's own stack and what differs from run to run.
run() {
  local rc=0
  printf '\n$ %s\n' "$*"
  "$@" >"$tmp/out" 2>&1 || rc=$?
  sed -E -e '/^ {3}[0-9]+: [a-z_]+::/,/^ +at [a-z-]+\//{/^ {3}[0-9]+: /d;/^ {6,}/d}' \
    -e '/^Loaded Prisma config|^Prisma schema loaded|^Datasource "db"/d' \
    -e 's/ in [0-9.]+m?s/ in …/' -e 's/started at .* UTC/started at …/' -e 's/[[:space:]]+$//' "$tmp/out" | cat -s
  [ $rc = 0 ] || echo "(exit code $rc)"
}

# show SQL: with a head, as people read it.
show() { printf '\n=> %s\n' "$1"; psql -Xq -P footer=off -c "$1" 2>&1; }

# transcript NAME FUNCTION: what the function prints must be tests/prisma/expected/NAME.out.
expected() { cat "$ROOT/tests/prisma/expected/$1.out"; }
transcript() {
  local got=$ROOT/target/test-output/$PG/cases/$1.out
  mkdir -p "${got%/*}"
  "$2" >"$got" 2>&1
  if diff -u <(expected "$1") "$got"; then echo "ok: $1: as expected"; else
    echo "NOT ok: $1: when $got is right, copy it to tests/prisma/expected/"
    failed=1
  fi
}
