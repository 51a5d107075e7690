#!/usr/bin/env bash
# Plays two incidents on a throw-away server of its own: demo.sh [PG], after tests/setup.sh PG.
# Every step is checked; the first one that comes out otherwise ends the demo with an error.
# DEMO_SERVER names another server than `demo`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
pg=${1:-15}
server=${DEMO_SERVER:-demo}
started=${EPOCHREALTIME/./}

# What a caller's environment says about another server must not leak in.
while read -r v; do unset "$v"; done < <(compgen -e | grep '^PG' || true)
export LC_ALL=C.UTF-8

bold='' red='' green='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' dim=$'\e[2m' plain=$'\e[0m'
fi

chapter() { printf '\n%s── %s%s\n' "$bold" "$*" "$plain"; }
say() { echo; printf '%s\n' "$@"; }
wrong() { printf '\n%sdemo.sh: not as told: %s%s\n' "$red" "$*" "$plain" >&2; exit 1; }

output=
# step ROLE APPLICATION EXPECTED: shows the SQL on its input, runs it, shows what the server answers.
# EXPECTED is `ok`, or the SQLSTATE that it has to fail with.
step() {
  local role=$1 application=$2 expected=$3 sql line state prompt
  sql=$(cat)
  prompt="$role@app=>"
  echo
  while IFS= read -r line; do
    printf '%s%s%s %s%s%s\n' "$dim" "$prompt" "$plain" "$bold" "$line" "$plain"
    prompt=$(printf '%*s' ${#prompt} '')
  done <<<"$sql"
  ask "$role" "$application" "$sql"
  state=${output##*$'\n'}
  output=${output%"$state"}
  # psql ends a table with an empty line.
  while [[ $output == *$'\n' ]]; do output=${output%$'\n'}; done
  [ -z "$output" ] || printf '%s\n' "$output" | sed -E "s/ +\$//; s/^ERROR:.*/$red&$plain/"
  case $expected in
    ok) [ "$state" = 00000 ] || wrong "this should have gone through (SQLSTATE $state)" ;;
    *)
      [ "$state" != 00000 ] || wrong "this should have been refused with SQLSTATE $expected"
      [ "$state" = "$expected" ] || wrong "SQLSTATE $state instead of $expected"
      printf '%sSQLSTATE %s%s\n' "$dim" "$state" "$plain"
      ;;
  esac
}

# ask ROLE APPLICATION SQL: psql's output and, on its last line, the last error's SQLSTATE.
ask() {
  output=$(PGUSER=$1 PGAPPNAME=$2 PGDATABASE=app psql -Xq -P footer=off -P null=- 2>&1 \
    <<<"$3"$'\n\\echo :LAST_ERROR_SQLSTATE') || wrong "psql failed: $output"
}

# shows REGEX: the last answer must have such a line.
shows() { grep -qE -e "$1" <<<"$output" || wrong "the answer should show /$1/"; }
# is SQL VALUE: what a query of one value gives, asked behind the scenes.
is() {
  local got
  got=$(PGUSER=postgres PGDATABASE=app psql -XqAt -c "$1")
  [ "$got" = "$2" ] || wrong "$1 gives $got instead of $2"
}
value() { PGUSER=postgres PGDATABASE=app psql -XqAt -c "$1"; }

ops() { step ops 'psql on a laptop' "$@"; }
deploy() { step deploy 'deploy pipeline' "$@"; }
dba() { step postgres psql "$@"; }

# ---------------------------------------------------------------------------------------------------

chapter "schemaguard on PostgreSQL $pg: a server of its own under target/servers, nothing else is touched"
tests/server.sh start "$server" "$pg"
eval "$(tests/server.sh env "$server")"
psql -Xq -v ON_ERROR_STOP=1 -c 'CREATE DATABASE app'

say 'A DBA installs the extension. That alone covers all DDL; the second statement makes every session' \
  'of this database load the library at its start, which covers a TRUNCATE that comes first.' \
  'Ops people may create tables. The deploy pipeline may too, may declare what the schema should be,' \
  'read the record, and agree to lose data.'
dba ok <<'SQL'
CREATE EXTENSION schemaguard;
ALTER DATABASE app SET session_preload_libraries = 'schemaguard';
CREATE ROLE ops LOGIN;
CREATE ROLE deploy LOGIN IN ROLE ops;
GRANT CREATE ON SCHEMA public TO ops;
GRANT CREATE ON DATABASE app TO ops;
GRANT EXECUTE ON FUNCTION schemaguard.declare TO deploy;
GRANT EXECUTE ON FUNCTION schemaguard.accept_data_loss TO deploy;
GRANT SELECT ON schemaguard.ddl_log, schemaguard.refused TO deploy;
SQL

chapter 'The first incident: tables made by hand'
say "Somebody of ops needs login tables today and runs SQL by hand: Better Auth's tables."
ops ok <"$here/better_auth.sql"
say 'The application goes live on them.'
ops ok <<'SQL'
INSERT INTO "user" VALUES ('u1', 'Ada', 'ada@example.com', true, 'ada.png'), ('u2', 'Bob', 'bob@example.com', false, NULL);
INSERT INTO "session" VALUES ('s1', now() + interval '7 days', 'token-1', now(), now(), NULL, NULL, 'u1');
SQL

say "The team believes in another schema: the one that its ORM's schema file says (tests/demo/declared.sql)." \
  'It tells the database so. The server builds the text in a scratch database of its own and keeps the result.'
deploy ok <<'SQL'
\set declared `cat tests/demo/declared.sql`
SELECT schemaguard.declare(:'declared') AS version;
SQL
say 'What differs?'
deploy ok <<'SQL'
SELECT object, change, attribute, declared, actual FROM schemaguard.drift();
SQL
shows 'public.session.expiresAt +\| changed +\| type +\| timestamp\(3\)'
shows 'public.user.role +\| missing'
shows 'public.verification_identifier_idx +\| missing'
shows 'public.session.session_userId_fkey +\| changed +\| on_update +\| cascade +\| no action'
shows 'public.user.emailVerified +\| changed +\| default +\| false'
is 'SELECT count(*) FROM schemaguard.drift()' 23

say 'Who made it so, when, and by which statement? caused_by is the row of the record. The indexes were never made by anybody.'
deploy ok <<'SQL'
SELECT d.object, d.attribute, l.current_user_name AS who, l.application_name AS "from", l.at::timestamp(0),
       split_part(l.statement, ' (', 1) || ' …' AS statement
  FROM schemaguard.drift() d LEFT JOIN schemaguard.ddl_log l ON l.id = d.caused_by;
SQL
shows 'public.session.expiresAt +\| type +\| ops +\| psql on a laptop +\| .* create table "session" …'
shows 'public.user.role +\| - +\| ops +\| psql on a laptop +\| .* create table "user" …'
shows 'public.user.emailVerified +\| default +\| ops +\| psql on a laptop +\| .* create table "user" …'
shows 'public.verification.updatedAt +\| default +\| .* create table "verification" …'
is "SELECT string_agg(DISTINCT object_type, ' ') FROM schemaguard.drift() WHERE caused_by IS NULL" index

say 'And the SQL that mends it, in order. What may destroy data is left out unless asked for:' \
  'from timestamptz to timestamp(3), microseconds are lost, and which instant it was.'
deploy ok <<'SQL'
\t \a
SELECT coalesce(sql || ';', '-- ' || note) FROM schemaguard.fix() ORDER BY step;
SQL
shows '^ALTER TABLE public."user" ADD COLUMN role text'
shows '^-- left out, because it may destroy data: column public.session.expiresAt'

say "The pipeline runs what is harmless (psql's \\gexec runs each row)."
deploy ok <<'SQL'
SELECT sql FROM schemaguard.fix() WHERE sql IS NOT NULL ORDER BY step \gexec
SELECT attribute, declared, actual, count(*) FROM schemaguard.drift() GROUP BY 1, 2, 3;
SQL
shows ' type +\| timestamp\(3\) without time zone +\| timestamp with time zone +\| +12$'
is 'SELECT count(DISTINCT attribute) FROM schemaguard.drift()' 1

say 'For the type ops was right: points in time belong into timestamptz. The team corrects its schema file' \
  'and declares it again.'
deploy ok <<'SQL'
\set declared `sed 's/TIMESTAMP(3)/TIMESTAMPTZ/' tests/demo/declared.sql`
SELECT schemaguard.declare(:'declared') AS version;
SELECT count(*) AS differences FROM schemaguard.drift();
SQL
shows '^ +0$'
say 'No drift is left, and no row was lost.'
is 'SELECT count(*) FROM schemaguard.drift()' 0
is 'SELECT (SELECT count(*) FROM "user"), (SELECT count(*) FROM "session")' '2|1'

chapter 'The second incident, 1: a restart'
say 'Users, sessions, the record and the declared schema before the server restarts:'
counts='SELECT (SELECT count(*) FROM "user") AS users, (SELECT count(*) FROM "session") AS sessions,
       (SELECT count(*) FROM schemaguard.ddl_log) AS recorded, (SELECT max(version) FROM schemaguard.declared) AS declared;'
before=$(value "$counts")
dba ok <<<"$counts"
tests/server.sh restart "$server"
say '… and after:'
dba ok <<<"$counts"
[ "$(value "$counts")" = "$before" ] || wrong 'the restart lost something'
is 'SELECT count(*) FROM schemaguard.drift()' 0

chapter 'The second incident, 2: a migration that means to lose something'
say 'Pictures move to a file store. The migration drops their column, and is refused: one picture would be lost.'
deploy SG001 <<'SQL'
ALTER TABLE "user" DROP COLUMN "image";
SQL
shows 'public."user".image: 1 non-null value'
say 'Losing it is the plan. The migration says so, and why. Consent holds for this transaction only.'
deploy ok <<'SQL'
BEGIN;
SELECT schemaguard.accept_data_loss('pictures are in the file store since Monday, ticket 4711');
ALTER TABLE "user" ADD COLUMN "pictureUrl" text;
UPDATE "user" SET "pictureUrl" = 'https://files.example.com/' || "image";
ALTER TABLE "user" DROP COLUMN "image";
COMMIT;
SELECT id, name, email, role, "pictureUrl" FROM "user" ORDER BY id;
SQL
shows 'u1 +\| Ada +\| ada@example.com +\| member +\| https://files.example.com/ada.png'
shows 'u2 +\| Bob +\| bob@example.com +\| member'
say 'The loss is in the record, with its reason and what the column was.'
deploy ok <<'SQL'
SELECT current_user_name AS who, object, detail, reason, former_definition
  FROM schemaguard.ddl_log WHERE verdict = 'accepted' AND object_type = 'column';
SQL
shows 'ticket 4711'
is "SELECT count(*) FROM schemaguard.ddl_log WHERE verdict = 'accepted' AND reason LIKE '%ticket 4711' AND detail = 'public.\"user\".image: 1 non-null value' AND former_definition LIKE 'image text%'" 1

chapter 'The second incident, 3: what must not pass'
say 'Without consent, data stays. First a column that becomes required while rows have none: the server itself says no.'
ops 23502 <<'SQL'
ALTER TABLE "user" ALTER "pictureUrl" SET NOT NULL;
SQL
say 'A column, a table, a schema with data in them, a cascade, and TRUNCATE, which fires no event trigger: schemaguard says no.'
ops SG001 <<'SQL'
ALTER TABLE "user" DROP COLUMN "email";
SQL
shows 'public."user".email: 2 non-null values'
ops SG001 <<'SQL'
DROP TABLE "session";
SQL
shows 'public.session: 1 row'
ops ok <<'SQL'
CREATE SCHEMA billing;
CREATE TABLE billing.invoice (id int PRIMARY KEY, cents int NOT NULL);
CREATE TABLE billing.draft (id int PRIMARY KEY);
INSERT INTO billing.invoice SELECT n, 100 * n FROM generate_series(1, 9002) n;
SQL
ops SG001 <<'SQL'
DROP SCHEMA billing CASCADE;
SQL
shows '^DETAIL:  billing.invoice: 9,002 rows \(through schema billing\)'
ops SG001 <<'SQL'
TRUNCATE "user" CASCADE;
SQL
shows 'public."user": 2 rows'
shows 'public.session: 1 row \(through cascade\)'
ops SG001 <<'SQL'
DO $$ BEGIN EXECUTE 'DROP TABLE "account", "user" CASCADE'; END $$;
SQL
say 'Ops may not agree to a loss: nobody granted it.'
ops 42501 <<'SQL'
SELECT schemaguard.accept_data_loss('it is in my way');
SQL

say 'The same statements on empty tables destroy nothing, and go through.'
ops ok <<'SQL'
CREATE SCHEMA fresh;
CREATE TABLE fresh."user" (LIKE public."user");
CREATE TABLE fresh."session" (LIKE public."session");
ALTER TABLE fresh."user" ALTER "pictureUrl" SET NOT NULL;
SQL
ops ok <<'SQL'
ALTER TABLE fresh."user" DROP COLUMN "email";
TRUNCATE fresh."user";
DROP TABLE fresh."session";
DROP SCHEMA fresh CASCADE;
DROP TABLE billing.draft;
SQL
is "SELECT count(*) FROM pg_namespace WHERE nspname = 'fresh'" 0

say 'Refused statements roll back, but not their record: who tried what.'
deploy ok <<'SQL'
SELECT at::time(0), current_user_name AS who, application_name AS "from", statement, detail FROM schemaguard.refused ORDER BY id;
SQL
is "SELECT string_agg(current_user_name || ' ' || command_tag, ', ' ORDER BY id) FROM schemaguard.refused" \
  'deploy ALTER TABLE, ops ALTER TABLE, ops DROP TABLE, ops DROP SCHEMA, ops TRUNCATE TABLE, ops DROP TABLE'
is 'SELECT (SELECT count(*) FROM "user"), (SELECT count(*) FROM "session"), (SELECT count(*) FROM billing.invoice)' '2|1|9002'

took=$((${EPOCHREALTIME/./} - started))
printf '\n%sEverything came out as told, in %d.%d seconds.%s\n' "$green" $((took / 1000000)) $((took / 100000 % 10)) "$plain"
cat <<END

The server goes on running. To look around, as superuser (end psql with \\q):

    make psql

    SELECT * FROM schemaguard.status();
    SELECT at, current_user_name, command_tag, object, verdict FROM schemaguard.ddl_log ORDER BY id;
    SELECT * FROM schemaguard.refused \\gx
    ALTER TABLE "user" ALTER "emailVerified" DROP DEFAULT;  SELECT * FROM schemaguard.drift() \\gx
    DROP TABLE "user" CASCADE;

To stop and remove it:

    make stop
END
