# Sourced by the scripts beside it: where things are, and how they talk.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${FRESHET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/freshet}
SERVICE_USER=freshet  # runs the stack when the scripts run as root

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
note() { printf '   %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# timed LABEL COMMAND...: says what starts, and how long it took.
timed() {
  local label=$1 start=$SECONDS status=0
  shift
  say "$label"
  "$@" || status=$?
  if [ "$status" -eq 0 ]; then
    note "$label: done in $((SECONDS - start)) s"
  else
    note "$label: FAILED (exit $status) after $((SECONDS - start)) s"
  fi
  return "$status"
}

# with_progress LOG COMMAND...: what it prints goes to LOG; its last line is shown every five seconds.
with_progress() {
  local log=$1 parent=$BASHPID status=0 watcher
  shift
  : >"$log"
  # Steps of a second, and without the lock of scripts/rocksdb: it is soon gone when its caller is.
  (
    for ((tick = 1; ; tick++)); do
      sleep 1
      kill -0 "$parent" 2>/dev/null || exit 0
      [ $((tick % 5)) -ne 0 ] ||
        note "$(tail -c 2000 "$log" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c1-110)"
    done
  ) 8>&- &
  watcher=$!
  "$@" >"$log" 2>&1 </dev/null || status=$?
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  return "$status"
}

# as_root COMMAND...: for package installation only.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -n "$@" || die "installing packages needs root: run scripts/setup as root once, or allow sudo"
  else
    die "installing packages needs root: run scripts/setup as root once"
  fi
}

# The folder in which this checkout's services keep their data. The services do not run as root, so
# it must be reachable for their user: a checkout below a private home gets a folder in /var/tmp.
default_work_dir() {
  local wanted=$ROOT/work
  if [ "$(id -u)" -ne 0 ] || { mkdir -p "$wanted" && as_service test -x "$wanted" 2>/dev/null; }; then
    printf '%s\n' "$wanted"
  else
    printf '/var/tmp/freshet-%s\n' "$(printf '%s' "$ROOT" | sha256sum | cut -c1-12)"
  fi
}

# as_service COMMAND...: as the unprivileged service user when root, else as oneself.
as_service() { (exec_as_service "$@"); }

# The same in place of the calling shell, so that its process id is the command's.
exec_as_service() {
  if [ "$(id -u)" -eq 0 ]; then
    HOME=/tmp exec setpriv --reuid "$SERVICE_USER" --regid "$SERVICE_USER" --clear-groups -- "$@"
  else
    exec "$@"
  fi
}

free_ports() { # N [FROM TO]: prints N free TCP ports
  # Below the range from which the kernel takes ports for outgoing connections: a port that is free now
  # would else be some client's a second later.
  /usr/bin/python3 - "$1" "${2:-15000}" "${3:-32000}" <<'P'
import random, socket, sys
held = []
while len(held) < int(sys.argv[1]):
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", random.randrange(int(sys.argv[2]), int(sys.argv[3]))))
    except OSError:
        continue
    held.append(s)
print(*[s.getsockname()[1] for s in held])
P
}
