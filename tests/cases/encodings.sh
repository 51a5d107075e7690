#!/usr/bin/env bash
# Databases in other encodings than UTF8: either CREATE EXTENSION says no, naming the encoding, or
# everything works there. Never does ordinary DDL break.
set -euo pipefail
failed=0
n=$$ dbs=()
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "NOT ok: $1: wanted $2, got $3"; failed=1; fi; }
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
cleanup() { for d in "${dbs[@]}"; do psql -Xq -c 'SET client_min_messages = error' -c "DROP DATABASE IF EXISTS $d WITH (FORCE)" postgres || true; done; }
trap cleanup EXIT
export PGCLIENTENCODING=UTF8
for enc in LATIN1 EUC_JP SQL_ASCII UTF8; do
  db=enc_${enc,,}_$n
  dbs+=("$db")
  PGDATABASE=postgres sql -c "CREATE DATABASE $db TEMPLATE template0 ENCODING '$enc' LC_COLLATE 'C' LC_CTYPE 'C'"
  export PGDATABASE=$db
  name='tä'; [ $enc != EUC_JP ] || name='表'
  if out=$(sql -c 'CREATE EXTENSION schemaguard' 2>&1); then
    check "$enc: a table" 0 "$(sql -c "CREATE TABLE \"$name\" (id int, \"$name\" text DEFAULT '$name')" >/dev/null 2>&1 && echo 0 || echo 1)"
    sql -c "INSERT INTO \"$name\" VALUES (1)" || true
    check "$enc: is refused to go" 1 "$(sql -c "DROP TABLE \"$name\"" 2>&1 | grep -c "public.*$name.* would destroy data" || true)"
    check "$enc: is recorded" "public.$name" "$(sql -c "SELECT object FROM schemaguard.refused r JOIN schemaguard.ddl_log USING (id) WHERE r.statement = 'DROP TABLE \"$name\"'")"
    check "$enc: is declared" '' "$(sql -c "SELECT schemaguard.declare('CREATE TABLE \"$name\" (id int, \"$name\" text DEFAULT ''$name'')')" >/dev/null; sql -c 'SELECT * FROM schemaguard.drift()' 2>&1)"
    check "$enc: an error's column is counted in letters" 1 "$(sql -c "SELECT schemaguard.declare('CREATE TABLE \"$name\" (id int, \"$name\" nowhere)')" 2>&1 | grep -c 'line 1, column 3[0-9]: type "nowhere"' || true)"
    check "$enc: consent" "$name" "$(sql -c BEGIN -c "SELECT schemaguard.accept_data_loss('$name')" -c "DROP TABLE \"$name\"" -c COMMIT >/dev/null 2>&1; sql -c "SELECT reason FROM schemaguard.ddl_log WHERE verdict = 'accepted'")"
    if [ $enc = SQL_ASCII ]; then
      # Bytes that are no text in UTF8.
      check "$enc: any bytes" 0 "$(printf 'CREATE TABLE "t\xe4" (id int); DROP TABLE "t\xe4";\n' | PGCLIENTENCODING=SQL_ASCII sql -f - >/dev/null 2>&1 && echo 0 || echo 1)"
    fi
    sql -c "ALTER DATABASE $db SET schemaguard.protected = off"
  else
    check "$enc: CREATE EXTENSION says no and why" 1 "$(grep -ci "ERROR:.*$enc" <<<"$out" || true)"
    check "$enc: and does not stand in the way" 0 "$(sql -c "CREATE TABLE \"$name\" (id int); DROP TABLE \"$name\"" >/dev/null 2>&1 && echo 0 || echo 1)"
    [ $enc != UTF8 ] || { echo "NOT ok: $enc has to work"; failed=1; }
  fi
done
exit $failed
