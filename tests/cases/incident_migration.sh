#!/usr/bin/env bash
# The second incident's scenarios: a restart keeps data, record and declared schema; a migration with
# consent keeps what it should and loses what was agreed; one without is refused as a whole.
set -euo pipefail
server=$SERVER-incident
"$SERVER_SH" start "$server" "$PG" >/dev/null
eval "$("$SERVER_SH" env "$server")"
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
createdb -T template0 app
export PGDATABASE=app
read -r -d '' schema <<'SQL' || true
CREATE TABLE "user" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, nickname text);
CREATE TABLE "session" (id text PRIMARY KEY, "userId" text NOT NULL REFERENCES "user" ON DELETE CASCADE, token text NOT NULL UNIQUE);
CREATE TABLE verification (id text PRIMARY KEY, value text NOT NULL);
SQL
sql -c 'CREATE EXTENSION schemaguard' -c "$schema" \
  -c "INSERT INTO \"user\" VALUES ('1', 'Ann', 'a@x', 'annie'), ('2', 'Bob', 'b@x', NULL)" -c "INSERT INTO \"session\" VALUES ('s', '1', 't')"
sql -v text="$schema" <<<"SELECT schemaguard.declare(:'text')" >/dev/null
sql -c 'DROP TABLE "user" CASCADE' 2>/dev/null || true
all='SELECT (SELECT count(*) FROM "user"), (SELECT count(*) FROM "session"), (SELECT count(*) FROM schemaguard.ddl_log), (SELECT count(*) FROM schemaguard.refused), (SELECT md5(string_agg(d::text, '"''"')) FROM schemaguard.declared d), (SELECT md5(string_agg(l::text, '"''"' ORDER BY id)) FROM schemaguard.ddl_log l), (SELECT count(*) FROM schemaguard.drift())'
before=$(sql -c "$all")
check 'what there is' '2|1|9|1' "$(cut -d'|' -f1-4 <<<"$before")"
"$SERVER_SH" restart "$server"
check 'a restart changes nothing' "$before" "$(sql -c "$all")"
"$SERVER_SH" kill9 "$server"; "$SERVER_SH" restart "$server"
check 'nor does a crash' "$before" "$(sql -c "$all")"

echo '== without consent the migration is refused as a whole'
cat >/tmp/$server.sql <<'SQL'
BEGIN;
ALTER TABLE "user" ADD COLUMN image text;
UPDATE "user" SET image = 'x';
DROP TABLE verification;
ALTER TABLE "user" DROP COLUMN nickname;
ALTER TABLE "session" RENAME COLUMN token TO secret;
COMMIT;
SQL
out=$(psql -Xq -v ON_ERROR_STOP=1 -f /tmp/$server.sql 2>&1 || true)
check 'refused' 1 "$(grep -c 'ERROR:.*dropping column public."\?user"\?.nickname would destroy data' <<<"$out" || true)"
check 'nothing of it is done' 'email,id,name,nickname|verification' "$(sql -c "SELECT (SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = '\"user\"'::regclass AND attnum > 0 AND NOT attisdropped), to_regclass('verification')")"
check 'the refusal is kept, the rest is not' '1|0' "$(sql -c "SELECT (SELECT count(*) FROM schemaguard.refused WHERE statement LIKE '%nickname%'), (SELECT count(*) FROM schemaguard.ddl_log WHERE statement LIKE '%image%' OR statement LIKE '%secret%')")"

echo '== with consent it keeps what it should'
sed -i "s/^BEGIN;/BEGIN; SELECT schemaguard.accept_data_loss('nicknames are gone, see #12');/" /tmp/$server.sql
psql -Xq -v ON_ERROR_STOP=1 -f /tmp/$server.sql >/dev/null
"$SERVER_SH" restart "$server"
check 'rows are there' '2|1|Ann,Bob|t' "$(sql -c "SELECT (SELECT count(*) FROM \"user\"), (SELECT count(*) FROM \"session\"), (SELECT string_agg(name, ',' ORDER BY id) FROM \"user\"), (SELECT secret FROM \"session\")")"
check 'the loss is recorded with its reason' 'accepted|nicknames are gone, see #12' "$(sql -c "SELECT DISTINCT verdict, reason FROM schemaguard.ddl_log WHERE statement LIKE '%DROP COLUMN nickname%' AND verdict <> 'refused'")"
check 'what lost nothing is not' 'allowed|' "$(sql -c "SELECT DISTINCT verdict, reason FROM schemaguard.ddl_log WHERE object = 'public.verification' AND action = 'drop'")"
check 'the column that was is kept in words' 1 "$(sql -c "SELECT count(*) FROM schemaguard.ddl_log WHERE object = 'public.user.nickname' AND former_definition LIKE 'nickname text%'")"
check 'consent ended with it' 1 "$(sql -c 'ALTER TABLE "user" DROP COLUMN image' 2>&1 | grep -c 'would destroy data' || true)"
check 'drift names what was done, and by which statement' t "$(sql -c "SELECT count(*) >= 4 AND bool_and(caused_by IN (SELECT id FROM schemaguard.ddl_log) OR caused_by IS NULL) AND count(caused_by) >= 3 FROM schemaguard.drift()")"
rm -f /tmp/$server.sql
"$SERVER_SH" drop "$server"
exit $failed
