#!/usr/bin/env bash
# Throw-away servers under target/servers: no TCP port, a private socket folder, superuser postgres.
#   server.sh start NAME PG [LINE…]  a new, empty server; each LINE goes into postgresql.conf
#   server.sh restart NAME           the same data again, after stop or kill9 too
#   server.sh stop NAME              fast shutdown; the data stays
#   server.sh kill9 NAME             every process of it killed at once, as a crash would
#   server.sh drop NAME              stop, and remove all it left but its log
#   server.sh psql NAME ARG…         psql as postgres
#   server.sh env NAME               exports for eval: PGHOST PGPORT PGUSER PGDATABASE PGDATA PATH
#   server.sh run NAME COMMAND…      a server program (initdb, pg_ctl, pg_basebackup…) as the server's user
#   server.sh running NAME           exit code only
#   server.sh list                   names of all servers here
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
servers=$root/target/servers

die() { printf 'server.sh: %s\n' "$*" >&2; exit 1; }

# PostgreSQL refuses to run as root. In a user namespace root's own files can stay root's, wherever
# the clone lies. Where namespaces are forbidden, nobody gets a data folder of its own, and the
# right to read programs that may lie under /root (which access() heeds with this secure bit only).
if [ "$(id -u)" != 0 ]; then how=direct
elif unshare --map-user="$(id -u nobody)" --map-group="$(id -g nobody)" -- true 2>/dev/null; then how=unshare
else how=setpriv; fi

as_server() {
  case $how in
    direct) "$@" ;;
    unshare) unshare --map-user="$(id -u nobody)" --map-group="$(id -g nobody)" -- "$@" ;;
    setpriv)
      (cd / && setpriv --reuid="$(id -u nobody)" --regid="$(id -g nobody)" --clear-groups \
        --securebits=+no_setuid_fixup --inh-caps=+dac_override --ambient-caps=+dac_override -- "$@")
      ;;
  esac
}

# Sets pg, data, socket and bin of server $1.
load() {
  name=$1
  [ -f "$servers/$name.conf" ] || die "there is no server $name"
  # shellcheck source=/dev/null
  . "$servers/$name.conf"
  bin=$root/target/pg/$pg/bin
}

# The postmaster's process id; nothing when it is not running. A stale postmaster.pid may name a
# stranger's process, so that process must also live in this data folder.
postmaster() {
  local pid
  pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 0
  if [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$(readlink -f "$data")" ]; then echo "$pid"; fi
}

start_again() {
  # After kill9 its process may stay a zombie for long, which PostgreSQL takes for a running server.
  [ -n "$(postmaster)" ] || rm -f "$data/postmaster.pid" "$socket"/.s.PGSQL.*
  # The postmaster keeps every open descriptor, a caller's lock or pipe included.
  (
    for fd in /proc/"$BASHPID"/fd/*; do
      fd=${fd##*/}
      [ "$fd" -le 2 ] || eval "exec $fd>&-" 2>/dev/null || true
    done
    # A backtrace in every error's DETAIL is no help to expected outputs.
    unset RUST_BACKTRACE RUST_LIB_BACKTRACE
    touch "$servers/$name.log"
    [ $how != setpriv ] || chown nobody "$servers/$name.log"
    as_server "$bin/pg_ctl" start -D "$data" -w -t 60 -s -o "-c unix_socket_directories='$socket'" \
      </dev/null >>"$servers/$name.log" 2>&1
  ) || { tail -n 30 "$servers/$name.log" >&2; die "server $name did not start (log: target/servers/$name.log)"; }
}

stop_it() {
  [ -n "$(postmaster)" ] || return 0
  as_server "$bin/pg_ctl" stop -D "$data" -m "$1" -w -t 60 -s >/dev/null
}

kill_it() {
  local pid children
  pid=$(postmaster)
  [ -n "$pid" ] || die "server $name is not running"
  # Stopped first, so that it neither notices a child's death nor makes a new one.
  kill -STOP "$pid"
  children=$(cat "/proc/$pid/task/$pid/children")
  # shellcheck disable=SC2086
  kill -KILL $pid $children 2>/dev/null || true
  # The next start is refused while a process still holds the shared memory.
  for pid in $pid $children; do
    for _ in {1..200}; do
      grep -q '^State:.[^ZX]' "/proc/$pid/status" 2>/dev/null || break
      sleep 0.05
    done
  done
}

drop_it() {
  stop_it immediate || true
  [ -z "$(postmaster)" ] || die "server $name does not stop"
  case $socket in /tmp/schemaguard-*) rm -rf "$socket" ;; esac
  rm -rf "$data" "${servers:?}/$name" "$servers/$name.conf"
}

start_new() {
  name=$1 pg=$2
  shift 2
  bin=$root/target/pg/$pg/bin
  [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || die "not a server name: $name"
  [ -x "$bin/postgres" ] || die "no PostgreSQL $pg here: run tests/setup.sh $pg"
  mkdir -p "$servers"
  [ ! -f "$servers/$name.conf" ] || (load "$name" && drop_it)
  # Socket paths may have 107 bytes only, so the folder cannot lie in the clone.
  socket=$(mktemp -d /tmp/schemaguard-XXXXXX)
  data=$servers/$name
  if [ $how = setpriv ]; then
    chown nobody "$socket"
    data=$socket/data
  fi
  rm -rf "${servers:?}/$name" "$servers/$name.log"
  printf 'pg=%q\ndata=%q\nsocket=%q\n' "$pg" "$data" "$socket" >"$servers/$name.conf"
  as_server "$bin/postgres" --version >/dev/null 2>&1 ||
    die "$bin/postgres does not run (as root, it needs a user namespace or setpriv's capabilities)"
  as_server "$bin/initdb" -D "$data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
    --lc-messages=C --no-sync --no-instructions >"$servers/$name.log" 2>&1 ||
    { cat "$servers/$name.log" >&2; die "initdb failed"; }
  {
    printf '%s\n' "listen_addresses = ''" "port = 5432" "unix_socket_permissions = 0700" \
      "timezone = 'UTC'" "log_timezone = 'UTC'" "log_line_prefix = '%m [%p] %q%u@%d/%a '"
    [ $# = 0 ] || printf '%s\n' "$@"
  } >>"$data/postgresql.conf"
  start_again
}

command=${1:?usage: see the head of tests/server.sh}
shift
case $command in
  list) for f in "$servers"/*.conf; do [ -f "$f" ] && basename "$f" .conf; done; exit 0 ;;
  start) start_new "${1:?start NAME PG}" "${2:?start NAME PG}" "${@:3}"; exit ;;
esac
load "${1:?$command NAME}"
shift
case $command in
  restart) stop_it fast; start_again ;;
  stop) stop_it fast ;;
  kill9) kill_it ;;
  drop) drop_it ;;
  running) [ -n "$(postmaster)" ] ;;
  run) as_server env PATH="$bin:$PATH" "$@" ;;
  psql) PATH=$bin:$PATH PGHOST=$socket PGPORT=5432 PGUSER=postgres PGDATABASE=${PGDATABASE:-postgres} exec psql -X "$@" ;;
  env)
    printf 'export PG=%q PGHOST=%q PGPORT=5432 PGUSER=postgres PGDATABASE=postgres PGDATA=%q PATH=%q:$PATH\n' \
      "$pg" "$socket" "$data" "$bin"
    ;;
  *) die "unknown command $command" ;;
esac
