#!/usr/bin/env bash
# Real projects: their migrations by real prisma migrate deploy under the guard, then their schema.prisma declared.
# Drift is what their migrations have otherwise than their schema, and beside what Prisma has no words for it is just
# what Prisma itself would change.
[ -n "${SCHEMAGUARD_CORPUS:-}" ] && [ -d "$SCHEMAGUARD_CORPUS/prisma" ] || {
  echo 'SKIPPED: set SCHEMAGUARD_CORPUS to a folder with real projects in prisma/NAME/schema.prisma and migrations'
  exit 77
}
. "$(dirname "${BASH_SOURCE[0]}")/../prisma/project.sh"
apply() { node "$ROOT/tests/prisma/apply.mjs" "$1" "$PGDATABASE=$2" | sed "s/^$PGDATABASE //"; }

left_out=()
# lacks FOLDER: an extension that its migrations make and this server can't.
lacks() {
  local extension
  for extension in $(grep -rhioE 'create extension (if not exists )?"?[a-z_-]+' "$1/migrations" | grep -oE '[a-z_-]+$' | sort -u); do
    [ -n "$(psql -XqAt -d postgres -c "SELECT 1 FROM pg_available_extensions WHERE name = '$extension'")" ] || { echo "$extension"; return; }
  done
}
# What is expected of the others.
expected() {
  awk -v out="${left_out[*]}" -v all="$(cd "$SCHEMAGUARD_CORPUS/prisma" && echo *)" '
    BEGIN { n = split(out, o, " "); for (i = 1; i <= n; i++) leave["-- " o[i]]
            n = split(all, a, " "); for (i = 1; i <= n; i++) begins["-- " a[i]] }
    $0 in begins { skip = ($0 in leave); if (skip) blank = 0 }
    skip { next }
    blank { print ""; blank = 0 }
    $0 == "" { blank = 1; next }
    { print }
    END { if (blank) print "" }' "$ROOT/tests/prisma/expected/$1.out"
}
story() {
  for folder in "$SCHEMAGUARD_CORPUS"/prisma/*/; do
    folder=${folder%/}
    missing=$(lacks "$folder")
    if [ -n "$missing" ]; then
      echo "SKIPPED, nothing of it was tested: ${folder##*/}: this server has no extension $missing" >&3
      left_out+=("${folder##*/}")
      continue
    fi
    project prisma_corpus
    printf '\n-- %s\n' "${folder##*/}"
    for ((tries = 0; tries < 5; tries++)); do
      ran=$(apply deploy "$folder/migrations")
      [[ ! $ran =~ ^[0-9]+$ ]] || break
      sed -nE 's/.*ERROR: (.*) HINT: .*/refused: \1/p' <<<"$ran"
      sql -c "SELECT schemaguard.approve(digest, 'a test') FROM schemaguard.refused ORDER BY id DESC LIMIT 1" >/dev/null 2>&1
      echo "approved and rolled back: $(apply rolled-back "$(sql -c 'SELECT migration FROM schemaguard.refused ORDER BY id DESC LIMIT 1')")"
    done
    show 'SELECT state, issues, count(*) FROM schemaguard.migrations() GROUP BY 1, 2 ORDER BY 1, 2'
    # The history's table came before its first migration.
    show "SELECT command_tag, object, verdict FROM schemaguard.ddl_log WHERE migration IS NULL AND command_tag <> 'APPROVE'"
    printf "\\\\set text \`cat '%s'\`\nSELECT schemaguard.declare(:'text', 'prisma') > 0;\n" "$folder/schema.prisma" | sql -f - >/dev/null
    show "SELECT object_type, object, change, attribute, declared, actual, severity, source FROM schemaguard.drift() WHERE change <> 'unmanaged' ORDER BY object COLLATE \"C\""
    show "SELECT object_type, object, attribute FROM schemaguard.drift() WHERE change = 'unmanaged' ORDER BY object COLLATE \"C\", object_type"
    echo; echo '-- what Prisma would change'
    apply diff "$folder/schema.prisma"
  done
}
exec 3>&1
transcript prisma_corpus story
exit $failed
