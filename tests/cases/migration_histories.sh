#!/usr/bin/env bash
# migrations() on the histories of real tools, and what of the record ran under which of their migrations.
set -euo pipefail
setup=$("$ROOT/tests/node.sh" histories) || exit $?
eval "$setup"
python=$ROOT/target/histories-python
if ! cmp -s "$ROOT/tests/histories/requirements.txt" "$python/.installed"; then
  echo 'pip: installing tests/histories/requirements.txt into target/histories-python'
  rm -rf "$python"
  mkdir -p "$python"
  if ! python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary=:all: \
    --target "$python" -r "$ROOT/tests/histories/requirements.txt" >"$python/pip.log" 2>&1; then
    tail -n 5 "$python/pip.log"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps -d "$python/probe" sqlparse==0.5.3 >/dev/null 2>&1 && exit 1
    echo 'SKIPPED, nothing was tested: PyPI cannot be reached'
    exit 77
  fi
  cp "$ROOT/tests/histories/requirements.txt" "$python/.installed"
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else printf 'NOT ok: %s: wanted\n%s\ngot\n%s\n' "$1" "$2" "$3"; failed=1; fi; }

# tool TOOL COMMAND… (DATABASE, URL and FOLDER stand for its own): its rows and what ran are read from stdin.
tool() {
  local name=$1 database=history_${1//-/_} wanted
  shift
  wanted=$(cat)
  psql -Xq -d postgres -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" -c "CREATE DATABASE $database TEMPLATE template0" 2>/dev/null
  export PGDATABASE=$database
  sql -c 'CREATE EXTENSION schemaguard'
  local url="postgresql://$PGUSER@localhost/$database?host=$PGHOST"
  local args=()
  for a in "$@"; do
    case $a in DATABASE) args+=("$database") ;; URL) args+=("$url") ;; FOLDER) args+=("$tmp/$name") ;; *) args+=("$a") ;; esac
  done
  if ! "${args[@]}" >"$tmp/log" 2>&1; then
    echo "NOT ok: $name does not run"
    tail -n 20 "$tmp/log"
    failed=1
    return
  fi
  check "$name: migrations()" "$(sed '/^=/,$d' <<<"$wanted")" \
    "$(sql -c "SELECT tool, history, migration, state, statements FROM schemaguard.migrations() WHERE tool IS NOT NULL")"
  # The tool's own tables belong to none, or to the migration that made them first.
  check "$name: which statement ran under which" "$(sed '1,/^=/d' <<<"$wanted")" \
    "$(sql -c "SELECT command_tag, object, migration FROM schemaguard.ddl_log WHERE object ~ '^public\.(users|shop_user)$' ORDER BY id")"
  # Somebody changes something by hand.
  sql -c 'CREATE TABLE by_hand (id int)'
  check "$name: by hand is under none" 'public.by_hand|' "$(sql -c "SELECT object, migration FROM schemaguard.ddl_log WHERE migration IS NULL ORDER BY id DESC LIMIT 1")"
}
npm() { tool "$1" node "$ROOT/tests/histories/npm.mjs" "$1" URL FOLDER; }
pypi() { tool "$1" env PYTHONPATH="$python" python3 "$ROOT/tests/histories/pypi.py" "$1" DATABASE FOLDER; }

pypi alembic <<'T'
alembic|public.alembic_version|b2|applied|1
=
CREATE TABLE|public.users|a1
ALTER TABLE|public.users|b2
T
pypi django <<'T'
django|public.django_migrations|shop.0001_initial|applied|1
django|public.django_migrations|shop.0002_nick|applied|1
=
CREATE TABLE|public.shop_user|shop.0001_initial
ALTER TABLE|public.shop_user|shop.0002_nick
T
npm knex <<'T'
knex|public.knex_migrations|20240101_users.cjs|applied|2
knex|public.knex_migrations|20240102_nick.cjs|applied|2
=
CREATE TABLE|public.users|20240101_users.cjs, 20240102_nick.cjs
ALTER TABLE|public.users|20240101_users.cjs, 20240102_nick.cjs
T
npm typeorm <<'T'
typeorm|public.migrations|Users1700000000000|applied|1
typeorm|public.migrations|Nick1700000000001|applied|1
=
CREATE TABLE|public.users|Users1700000000000
ALTER TABLE|public.users|Nick1700000000001
T
npm drizzle <<'T'
drizzle|drizzle.__drizzle_migrations|1700000000000|applied|2
drizzle|drizzle.__drizzle_migrations|1700000000001|applied|2
=
CREATE TABLE|public.users|1700000000000, 1700000000001
ALTER TABLE|public.users|1700000000000, 1700000000001
T
npm node-pg-migrate <<'T'
node-pg-migrate|public.pgmigrations|1700000000000_users|applied|1
node-pg-migrate|public.pgmigrations|1700000000001_nick|applied|1
=
CREATE TABLE|public.users|1700000000000_users
ALTER TABLE|public.users|1700000000001_nick
T
npm dbmate <<'T'
dbmate|public.schema_migrations|20240101000000|applied|1
dbmate|public.schema_migrations|20240102000000|applied|1
=
CREATE TABLE|public.users|20240101000000
ALTER TABLE|public.users|20240102000000
T
check 'drizzle: held against the files, by their texts' "1700000000000|applied|
1700000000001|applied|{unknown}
0001_nick|missing|" "$(PGDATABASE=history_drizzle sql -v a="$(cat "$tmp/drizzle/0000_users.sql"; echo x)" <<<"SELECT migration, state, issues FROM schemaguard.migrations(jsonb_build_object('0000_users', rtrim(:'a', 'x'), '0001_nick', 'changed')) WHERE tool IS NOT NULL")"

echo '== drizzle-kit push --force: its TRUNCATE is refused on data'
export PGDATABASE=history_drizzle
sql -c 'ALTER DATABASE history_drizzle SET session_preload_libraries = schemaguard'
sql -c "INSERT INTO users (email) VALUES ('ada@example.com')" -c 'DROP TABLE by_hand'
mkdir "$tmp/push"
ln -s "$ROOT/target/histories/node_modules" "$tmp/push/node_modules"
cat >"$tmp/push/schema.mjs" <<'T'
import { pgTable, serial, text } from 'drizzle-orm/pg-core'
export const users = pgTable('users', { id: serial('id').primaryKey(), email: text('email'), nick: text('nick'), name: text('name').notNull() })
T
cat >"$tmp/push/drizzle.config.mjs" <<T
export default { dialect: 'postgresql', schema: './schema.mjs', schemaFilter: ['public'], dbCredentials: { host: '$PGHOST', user: '$PGUSER', database: 'history_drizzle', ssl: false } }
T
(cd "$tmp/push" && drizzle-kit push --force --config drizzle.config.mjs) >"$tmp/log" 2>&1 </dev/null || true
check 'the rows are there' 1 "$(sql -c 'SELECT count(*) FROM users')"
check 'and the user is told' 1 "$(grep -c 'TRUNCATE public.users would destroy data in 1 place' "$tmp/log" || true)"
sql -c 'DELETE FROM users'
(cd "$tmp/push" && drizzle-kit push --force --config drizzle.config.mjs) >>"$tmp/log" 2>&1 </dev/null || true
check 'on an empty table it works as without a guard' 'email,id,name,nick' "$(sql -c "SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped")"
[ $failed = 0 ] || tail -n 30 "$tmp/log"
exit $failed
