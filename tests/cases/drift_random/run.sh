#!/usr/bin/env bash
# Random schemas and random changes : drift() is empty before, shows what the server's own functions
# show afterwards and names the statement for it, and both fix() and the rows' own fixes lead back, and there again.
# Not a case of `make test` yet: it still finds faults (renamed range types, detached partitions with keys, …). It runs with
# what a case is given: PG, SERVER and SERVER_SH.
# ROUNDS: how many. SEED: other rounds. ROUND: only that one, with all that it does.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
roles() { psql -Xq -d postgres -v ON_ERROR_STOP=1 -c 'SET client_min_messages = error' "$@"; }

# A round is one transaction with many savepoints, and may hold many locks.
"$SERVER_SH" start "$SERVER-random" "$PG" 'fsync = off' 'max_locks_per_transaction = 512'
eval "$("$SERVER_SH" env "$SERVER-random")"
roles -c 'CREATE ROLE drift_random_a' -c 'CREATE ROLE drift_random_b'
export PYTHONDONTWRITEBYTECODE=1
python3 "$here/rounds.py" "${SEED:-1}" "${ROUNDS:-300}" "$(nproc)" "${ROUND:-}"
"$SERVER_SH" drop "$SERVER-random"
