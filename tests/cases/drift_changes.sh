#!/usr/bin/env bash
# Single changes by hand to a live database (drift_changes/changes.txt): each must show as exactly the
# rows it should, each with the statement that made it, and both its rows' fixes and the script of
# fix() must end in the declared schema.
# drift_kinds.sh does the same with kinds.txt.
# MATCH=regex: only the changes whose title matches, with what drift() and fix() say.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/drift_changes
MATCH=${MATCH:-}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The guard is off: this is about what drift() sees, not about what may happen.
export PGOPTIONS='-c schemaguard.mode=off -c client_min_messages=error'
sql() { psql -XqAt -v ON_ERROR_STOP=1 -d "$1" -f -; }

sql postgres <<'SQL'
DROP DATABASE IF EXISTS drift_live;
DROP DATABASE IF EXISTS drift_base;
DROP ROLE IF EXISTS drift_a, drift_b;
CREATE ROLE drift_a;
CREATE ROLE drift_b;
CREATE DATABASE drift_base;
SQL
{
  echo "CREATE EXTENSION schemaguard;"
  cat "$here/base.sql"
  printf 'SELECT schemaguard.declare($declared$%s$declared$, compare => $${comments,column_order,owners,grants}$$);\n' "$(cat "$here/base.sql")"
} | sql drift_base >/dev/null
# No row of the catalogs is unknown to the readers, and what is unknown shows.
unread=$(sql drift_base <<<"SELECT object_type, object FROM schemaguard.unread()")
[ -z "$unread" ] || { echo "no reader knows $unread"; exit 1; }
declared_at=$(sql drift_base <<<"SELECT max(id) FROM schemaguard.ddl_log")

# fresh: the live database as it was declared.
fresh() {
  sql postgres <<'SQL'
DROP DATABASE IF EXISTS drift_live;
CREATE DATABASE drift_live TEMPLATE drift_base;
SQL
}
drift() {
  sql drift_live <<'SQL'
SELECT concat_ws('|', object_type, object, change, coalesce(attribute, '')) FROM schemaguard.drift();
SQL
}
say() { printf '%s: %s\n' "$title" "$*"; bad=$((bad + 1)); }

# left NAME: complains of what a fix has left.
left() {
  local rows
  rows=$(drift)
  if [ "$fix" = info ]; then rows=$(grep -vE '[|](position|defines_again)$' <<<"$rows" || true); fi
  [ -z "$rows" ] || { say "$1 leaves $rows"; cat "$tmp/fix.sql"; }
}

check() {
  [ -n "$change" ] || return 0
  [ "$pg" -le "$PG" ] || return 0
  if [ -n "$MATCH" ] && ! [[ $title =~ $MATCH ]]; then return 0; fi
  count=$((count + 1))
  fresh
  { echo "SET allow_system_table_mods = on;"; printf '%s' "$change"; } >"$tmp/change.sql"
  if ! sql drift_live <"$tmp/change.sql" >/dev/null 2>"$tmp/error"; then
    say "the change itself fails: $(cat "$tmp/error")"
    return 0
  fi
  local rows
  rows=$(drift | sort)
  expected=$(printf '%s' "$expected" | sort)
  if [ "$rows" != "$expected" ]; then
    say "drift() does not show what it should"
    diff <(echo "$expected") <(echo "$rows") || true
    return 0
  fi
  if [ -n "$MATCH" ]; then
    psql -Xq -d drift_live -c 'SELECT * FROM schemaguard.drift()' -c 'SELECT * FROM schemaguard.fix(allow_loss => true)'
  fi
  if [ "$cause" = yes ]; then
    rows=$(sql drift_live <<<"SELECT object FROM schemaguard.drift() WHERE coalesce(caused_by, 0) <= $declared_at")
    [ -z "$rows" ] || say "the record's statement is not named for $rows"
  fi
  if [ -z "$expected" ] || [ "$fix" = no ]; then return 0; fi
  sql drift_live >"$tmp/fix.sql" <<<"SELECT fix FROM schemaguard.drift()"
  if sql drift_live <"$tmp/fix.sql" >/dev/null 2>"$tmp/error"; then left "the rows' fix"
  else say "the rows' fix fails: $(cat "$tmp/error")"; cat "$tmp/fix.sql"; fi
  fresh
  sql drift_live <"$tmp/change.sql" >/dev/null 2>&1
  sql drift_live >"$tmp/fix.sql" <<'SQL'
CREATE TEMP TABLE fix AS SELECT * FROM schemaguard.fix(allow_loss => true, prove => true);
SELECT sql || ';' FROM fix WHERE sql IS NOT NULL ORDER BY step;
SELECT '-- ' || note FROM fix ORDER BY step DESC LIMIT 1;
SQL
  [ "$proof" = no ] || grep -q '^-- proven' "$tmp/fix.sql" || { say "the script is not proven"; cat "$tmp/fix.sql"; }
  if sql drift_live <"$tmp/fix.sql" >/dev/null 2>"$tmp/error"; then left "the script"
  else say "the script fails: $(cat "$tmp/error")"; cat "$tmp/fix.sql"; fi
}

count=0 bad=0
clear_block() { title='' change='' expected='' fix=yes proof=yes cause=yes pg=0; }
clear_block
while IFS= read -r line || [ -n "$line" ]; do
  case $line in
    '# '*) title="$title${line#\#}" ;;
    '> '*) expected+="${line#> }"$'\n' ;;
    'fix: '*) fix=${line#fix: } ;;
    'proof: '*) proof=${line#proof: } ;;
    'cause: '*) cause=${line#cause: } ;;
    'pg: '*) pg=${line#pg: } ;;
    '') check; clear_block ;;
    *) change+="$line"$'\n' ;;
  esac
done <"$here/${CHANGES:-changes.txt}"
check

sql postgres <<'SQL'
DROP DATABASE IF EXISTS drift_live;
DROP DATABASE IF EXISTS drift_base;
DROP ROLE drift_a, drift_b;
SQL
echo "$((count - bad)) of $count changes are shown and mended as they should be"
[ "$count" -gt 0 ] && [ "$bad" = 0 ]
