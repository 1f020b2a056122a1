# Puts back what a change of a node's components replaced: executed by a timer
# when nobody confirmed the change, at boot with "boot" as second argument, and by
# who saw that it does not work. Doing it twice does no harm.
set -u
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
here=$1
[ -e "$here/armed" ] || exit 0
# First, so that a confirmation that comes now knows that it came too late.
date +%s >"$here/restored"

n=0 failed=0
while IFS= read -r path; do
  dir=${path%/*}
  if [ -d "$path" ] && [ ! -L "$path" ]; then
    # Whatever is moved there would lie in it.
    failed=1
    echo "$path is a directory now"
  elif [ -f "$here/$n" ] || [ -L "$here/$n" ]; then
    stage=$dir/.bulwark-restored.$n
    rm -f "$stage"
    # Of a link there are no bytes to sync, and into what it leads to nothing is moved.
    [ ! -d "$path" ] || rm -f "$path"
    if ! cp -P -p "$here/$n" "$stage" || ! { sync "$stage" 2>/dev/null || sync; } || ! mv -f "$stage" "$path"; then
      rm -f "$stage"
      failed=1
    fi
  else
    rm -f "$path" || failed=1
  fi
  n=$((n + 1))
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
    done <"$here/restarts"
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

# At boot everything starts anyway, and this comes before.
if [ "${2:-}" != boot ]; then
  # shellcheck disable=SC2046 # one word is one process
  end_all $(running)
  # A kubelet that starts anew has no patience left from pods that ended again and
  # again: it starts them at once.
  systemctl daemon-reload
  systemctl reset-failed kubelet.service 2>/dev/null
  systemctl restart --no-block kubelet.service || failed=1
fi
[ "$failed" = 0 ] || exit 1
rm -f "$here/armed"
