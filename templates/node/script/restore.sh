# Puts back what a change of a node's components replaced: executed by a timer
# when nobody confirmed the change, at boot with "boot" as second argument, and by
# who saw that it does not work. What somebody else made of a file meanwhile is left
# as it is. Doing it twice does no harm: what is put back or left is so once.
#
# The status is 1 where something could not be put back, which can be tried again,
# and 3 where all is done and something was left.
set -u
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
here=$1
[ -e "$here/armed" ] || exit 0
# First, so that a confirmation that comes now knows that it came too late, and a
# write that was kept waiting that it must not go on. A full disk stops no rename.
if [ ! -e "$here/restored" ]; then
  date +%s >"$here/restoring"
  mv -f "$here/restoring" "$here/restored"
fi
# A write that is just being moved into place comes first.
exec 9<"$here"
flock -w 30 9

# what FILE prints what it is: a digest, where a link leads, or that there is none.
what() {
  if [ -L "$1" ]; then
    echo "link $(readlink "$1")"
  elif [ -f "$1" ]; then
    sum=$(sha256sum <"$1") || sum=unreadable
    echo "${sum%% *}"
  elif [ -e "$1" ]; then
    echo other
  else
    echo none
  fi
}

# ours PATH WHAT: did the change make that of it? The last word on what a program
# made of its own is that it may be anything. Where there is nothing, or nothing that
# can be read, nothing of anybody's is lost.
ours() {
  case $2 in
  none | unreadable) return 0 ;;
  esac
  is_ours=1 any=1
  while IFS= read -r line; do
    [ "${line#* }" = "$1" ] || continue
    any=1
    case ${line%% *} in
    any) any=0 ;;
    "$2") is_ours=0 ;;
    esac
  done <"$here/made"
  [ "$is_ours" = 0 ] || return "$any"
}

# put_back NUMBER PATH: 1 says that it cannot be, 2 that it was left.
put_back() {
  stage=
  if [ -d "$2" ] && [ ! -L "$2" ]; then
    # Whatever is moved there would lie in it.
    echo "$2 is a directory now"
    return 1
  fi
  if [ -f "$here/$1" ] || [ -L "$here/$1" ]; then
    stage=${2%/*}/.bulwark-restored.$1
    rm -f "$stage"
    # Of a link there are no bytes to sync.
    if ! cp -P -p "$here/$1" "$stage" || ! { sync "$stage" 2>/dev/null || sync; }; then
      rm -f "$stage"
      return 1
    fi
  fi
  now=$(what "$2")
  if [ "$now" != "$(what "$here/$1")" ] && ! ours "$2" "$now"; then
    [ -z "$stage" ] || rm -f "$stage"
    return 2
  fi
  if [ -z "$stage" ]; then
    rm -f "$2"
    return
  fi
  # Into what a link leads to nothing is moved.
  [ ! -d "$2" ] || rm -f "$2"
  mv -f "$stage" "$2" && return 0
  rm -f "$stage"
  return 1
}

n=-1 failed=0 moved=
while IFS= read -r path; do
  n=$((n + 1))
  [ -e "$here/$n.due" ] || continue
  put_back "$n" "$path"
  case $? in
  0)
    moved=yes
    rm -f "$here/$n.due"
    ;;
  2)
    echo "$path is left as it is: it is neither what it was before the change nor what that made of it"
    if printf '%s\n' "$path" >>"$here/left"; then
      rm -f "$here/$n.due"
    else
      failed=1
    fi
    ;;
  *) failed=1 ;;
  esac
done <"$here/paths"
sync

# running: the processes that read what was put back, of the machine's own network,
# which their pods share. They start again when they end.
running() {
  for p in /proc/[0-9]*; do
    comm=
    { IFS= read -r comm <"$p/comm"; } 2>/dev/null
    while IFS= read -r component; do
      # shellcheck disable=SC3013 # dash, bash and busybox all know -ef
      if [ "$component" != kubelet ] && [ "$comm" = "$(printf %.15s "$component")" ] && [ "$p/ns/net" -ef /proc/1/ns/net ]; then
        echo "${p#/proc/}"
      fi
    done <"$restarts"
  done
}

# end_all PID...: an API server with watchers takes a minute to go, which is too long.
end_all() {
  for p in "$@"; do
    kill -TERM "$p" 2>/dev/null
  done
  for _ in 1 2 3 4; do
    alive=
    for p in "$@"; do
      ! kill -0 "$p" 2>/dev/null || alive=yes
    done
    [ -n "$alive" ] || return 0
    sleep 1
  done
  for p in "$@"; do
    kill -KILL "$p" 2>/dev/null
  done
}

# Who has started again since it was put back need not once more. At boot
# everything starts anyway, and this comes before.
restarts=$here/restarts
if [ ! -e "$restarts" ]; then
  restarts=$here/restarted
  [ -n "$moved" ] || restarts=
fi
if [ -n "$restarts" ] && [ "${2:-}" != boot ]; then
  # shellcheck disable=SC2046 # one word is one process
  end_all $(running)
  # A kubelet that starts anew has no patience left from pods that ended again and
  # again: it starts them at once.
  systemctl daemon-reload
  systemctl reset-failed kubelet.service 2>/dev/null
  systemctl restart --no-block kubelet.service || failed=1 restarts=
fi
if [ "$restarts" = "$here/restarts" ]; then
  mv -f "$restarts" "$here/restarted"
fi
[ "$failed" = 0 ] || exit 1
rm -f "$here/armed"
[ ! -e "$here/left" ] || exit 3
