#!/usr/bin/env bash
# Random schemas and random changes (drift_random/): drift() is empty before, shows what the server's own functions
# show afterwards and names the statement for it, and both fix() and the rows' own fixes lead back, and there again.
# By hand, with what a case is given: ROUNDS: how many. SEED: other rounds. ROUND: only that one, with all that it does:
#   PG=15 SERVER=random SERVER_SH=$PWD/tests/server.sh SEED=7 ROUNDS=20000 tests/cases/drift_random.sh
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/drift_random

# A round is one transaction with many savepoints, and may hold many locks.
"$SERVER_SH" start "$SERVER-random" "$PG" 'fsync = off' 'max_locks_per_transaction = 512'
trap '"$SERVER_SH" drop "$SERVER-random"' EXIT
eval "$("$SERVER_SH" env "$SERVER-random")"
psql -Xq -d postgres -v ON_ERROR_STOP=1 -c 'CREATE ROLE drift_random_a' -c 'CREATE ROLE drift_random_b'
export PYTHONDONTWRITEBYTECODE=1
python3 "$here/rounds.py" "${SEED:-1}" "${ROUNDS:-1000}" "$(nproc)" "${ROUND:-}"
