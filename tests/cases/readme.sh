#!/usr/bin/env bash
# README.md does what it says: every ```sql block is run, in order, in one fresh database named app, each
# in a psql of its own. A block after <!-- refused: SG001 --> has to fail with exactly that SQLSTATE, all
# others have to succeed. A ```text block that follows is what psql prints, word by word. Only times,
# and ids of the record are masked: one id is one name everywhere, so that rows which belong together
# still have to; and where something is masked, column widths don't count.
set -euo pipefail
export PGDATABASE=app PGOPTIONS=
admin() { PGDATABASE=postgres psql -Xq -v ON_ERROR_STOP=1 "$@"; }
out=$ROOT/target/test-output/$PG/cases
mkdir -p "$out"
rm -f "$out"/readme.{expected,actual}
cleanup() {
  admin 2>/dev/null <<'SQL' || true
DROP DATABASE IF EXISTS app WITH (FORCE);
DROP ROLE IF EXISTS ops;
DROP ROLE IF EXISTS deploy;
DROP ROLE IF EXISTS auditor;
DROP ROLE IF EXISTS lead;
SQL
}
cleanup
trap cleanup EXIT
admin -c 'CREATE DATABASE app TEMPLATE template0'

bad=0 count=0
complain() { printf 'README.md, line %s: %s\n' "$at" "$*"; bad=$((bad + 1)); }

run() {
  local got state errors
  count=$((count + 1))
  got=$(psql -Xq 2>&1 <<<"$sql"$'\n\\echo :LAST_ERROR_SQLSTATE') || { complain "psql failed: $got"; return 0; }
  state=${got##*$'\n'}
  got=${got%"$state"}
  errors=$(grep -cE '^(ERROR|FATAL):' <<<"$got" || true)
  if [ -z "$refused" ]; then
    [ "$state" = 00000 ] || complain "this block fails: $got"
  elif [ "$state" != "$refused" ] || [ "$errors" != 1 ]; then
    complain "$errors errors, the last with SQLSTATE $state, instead of one with $refused: $got"
  fi
  if [ -n "$shown" ]; then
    printf '== line %s\n%s\n' "$at" "$text" >>"$out/readme.expected"
    printf '== line %s\n%s\n' "$at" "$got" >>"$out/readme.actual"
  fi
}

mask() {
  perl -CSD -0777 -e '
    my ($text, %names) = (<STDIN>);
    for my $block (split /^(?=== )/m, $text) {
      my $masked = $block =~ s/\b\d{12,}\b/"id" . ($names{$&} \/\/= 1 + keys %names)/ge;
      $masked += $block =~ s/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?([+-]\d\d)?\b/time/g;
      # From 17 on the library is there from the login on, and records what is reset first.
      $block =~ s/\b\d+ statements,/n statements,/g;
      if ($masked) { $block =~ s/[ ]+/ /g; $block =~ s/--+/-/g; }
      $block =~ s/[ \t]+$//mg;
      $block =~ s/\n+\z//;
      print "$block\n";
    }' <"$1"
}

state='' sql='' text='' shown='' refused='' next_refused='' at=0 number=0
finish() { [ -z "$sql" ] || run; sql='' text='' shown='' refused=''; }
while IFS= read -r line || [ -n "$line" ]; do
  number=$((number + 1))
  case $state in
    sql) if [ "$line" = '```' ]; then state=after; else sql+=$line$'\n'; fi ;;
    text) if [ "$line" = '```' ]; then state=''; finish; else text+=$line$'\n'; fi ;;
    other) [ "$line" != '```' ] || state='' ;;
    *)
      case $line in
        '```sql') finish; state=sql at=$number refused=$next_refused next_refused='' ;;
        '```text') if [ "$state" = after ]; then state=text shown=yes; else state=other; fi ;;
        '```'*) finish; state=other ;;
        '<!-- refused: '*) finish; next_refused=${line#'<!-- refused: '}; next_refused=${next_refused%' -->'}; state='' ;;
        '') ;;
        *)
          finish
          [ -z "$next_refused" ] || { at=$number; complain 'no sql block follows the mark'; next_refused=''; }
          state=''
          ;;
      esac
      ;;
  esac
done <"$ROOT/README.md"
finish
[ "$state" = '' ] || [ "$state" = after ] || { at=$number; complain 'a fence is not closed'; }
[ $count -ge 10 ] || { at=$number; complain "only $count sql blocks were found"; }

touch "$out"/readme.{expected,actual}
if ! diff -u --label 'README.md' --label 'what psql prints' <(mask "$out/readme.expected") <(mask "$out/readme.actual"); then
  bad=$((bad + 1))
fi
echo "$count sql blocks, $bad complaints"
[ $bad = 0 ]
