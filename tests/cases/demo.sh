#!/usr/bin/env bash
# The demo comes out as told, on a server of its own: a running demo stays as it is.
set -euo pipefail
out=$ROOT/target/test-output/$PG/cases/demo.out
mkdir -p "${out%/*}"
rc=0
DEMO_SERVER=$SERVER-demo "$ROOT/tests/demo/demo.sh" "$PG" >"$out" 2>&1 </dev/null || rc=$?
[ $rc = 0 ] || { tail -n 40 "$out"; echo "the demo ends with exit code $rc"; exit 1; }

while IFS= read -r line; do
  grep -qF -e "$line" "$out" || { echo "the demo does not print: $line (see ${out#"$ROOT"/})"; exit 1; }
done <<'LINES'
 public.session.session_userId_fkey   | changed | on_update | cascade                        | no action
ALTER TABLE public."user" ADD COLUMN role text DEFAULT 'member'::text NOT NULL;
No drift is left, and no row was lost.
ERROR:  ALTER TABLE dropping column public."user".email would destroy data in 1 place (rule drop_column)
DETAIL:  billing.invoice: 9,002 rows (through schema billing)
ERROR:  permission denied for function accept_data_loss
Everything came out as told, in
    make psql
    make stop
LINES
if grep -q $'\e' "$out"; then echo 'colours, though nobody sees them'; exit 1; fi
"$SERVER_SH" running "$SERVER-demo" || { echo 'the demo server is not left running'; exit 1; }
