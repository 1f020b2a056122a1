# shellcheck shell=bash
# What the lab's scripts share: where things are kept, and how they speak.

# shellcheck disable=SC2034 # used by those who source this
lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${BULWARK_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bulwark-lab}
mkdir -p "$cache"

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# step TITLE EXPECTED COMMAND... runs the command and says how long it took. EXPECTED is
# the time of a cold run on two cores, so that whoever waits knows for how long.
# The command's output goes to a log, which is shown when it fails.
step() {
  local title=$1 expected=$2 log started
  shift 2
  mkdir -p "$cache/log"
  log=$cache/log/${title//[^a-zA-Z0-9]/-}.log
  started=$SECONDS
  say "$title … (cold: $expected)"
  # Not `if ! "$@"`: inside a condition bash would ignore `set -e` in the function.
  set +e
  (set -euo pipefail; "$@") >"$log" 2>&1 </dev/null
  local status=$?
  set -e
  if [ "$status" -ne 0 ]; then
    tail -n 40 "$log" >&2
    die "$title failed after $((SECONDS - started)) s, all of it is in $log"
  fi
  say "$title: $((SECONDS - started)) s"
}

# packages NAME... installs what is missing of these Debian packages.
packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q ' installed$' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" -eq 0 ] || die "missing: ${missing[*]}; only root can install them"
  export DEBIAN_FRONTEND=noninteractive
  # The lists may be absent or old: read them again only when they do not do.
  apt-get install -y -qq --no-install-recommends "${missing[@]}" ||
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; }
}
