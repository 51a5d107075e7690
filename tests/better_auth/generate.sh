#!/usr/bin/env bash
# What Better Auth's own tool makes, into the current folder: better_auth.sql for the database that PG* names, and
# schema.prisma for Prisma 7.
#   generate.sh, after eval "$(tests/node.sh better_auth)"
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ln -sfn "$here/../../target/better_auth/node_modules" node_modules
cp "$here"/{pg,prisma}.mjs .
# Which Prisma the schema is for, it reads here.
echo '{ "dependencies": { "prisma": "7.10.0" } }' >package.json
generate() {
  # It wants a function that Node has from 21 on.
  BETTER_AUTH_TELEMETRY=0 node --import "file://$here/group_by.mjs" node_modules/auth/dist/index.mjs \
    generate --yes --config "$1" --output "$2" >generate.log 2>&1 && [ -s "$2" ] || { cat generate.log >&2; exit 1; }
}
generate pg.mjs better_auth.sql
generate prisma.mjs schema.prisma
