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
    # Of a link there are no bytes to sync.
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

# end NAME SIGNAL: components of the machine's own network start again when they end.
end() {
  for p in /proc/[0-9]*; do
    comm=
    { IFS= read -r comm <"$p/comm"; } 2>/dev/null
    # shellcheck disable=SC3013 # dash, bash and busybox all know -ef
    if [ "$comm" = "$1" ] && [ "$p/ns/net" -ef /proc/1/ns/net ]; then
      kill "-$2" "${p#/proc/}" 2>/dev/null
    fi
  done
}

# end_all SIGNAL ends all that read what was put back.
end_all() {
  while IFS= read -r component; do
    [ "$component" = kubelet ] || end "$(printf %.15s "$component")" "$1"
  done <"$here/restarts"
}

# At boot everything starts anyway, and this comes before.
if [ "${2:-}" != boot ]; then
  end_all TERM
  sleep 4
  end_all KILL # an API server with watchers would take a minute to go
  # A kubelet that starts anew has no patience left from pods that ended again and
  # again: it starts them at once.
  systemctl daemon-reload
  systemctl reset-failed kubelet.service 2>/dev/null
  systemctl restart --no-block kubelet.service || failed=1
fi
[ "$failed" = 0 ] || exit 1
rm -f "$here/armed"
