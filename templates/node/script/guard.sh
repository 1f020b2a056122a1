# Guards a change of a node's components: keeps what its files were, and a timer
# of systemd that puts it back unless somebody says that all is well. Both lie on
# the machine, so that it needs nobody to get back to what worked; a unit that runs
# at boot does the same where the machine restarted meanwhile.
IFS= read -r action || exit 65
here=/var/lib/bulwark/guard
timer=bulwark-restore

# is UNIT STATE...: is its ActiveState one of these?
is() {
  is_state=$(bounded 20 systemctl show -p ActiveState "$1" 2>&1) || no "$is_state"
  shift
  for s in "$@"; do
    [ "$is_state" != "ActiveState=$s" ] || return 0
  done
  return 1
}

# ended: the timer will not start anything any more, and what it started is done;
# so is what a boot started. $guarded says that it was still to come.
ended() {
  guarded=
  if is "$timer.timer" active activating; then
    guarded=yes
    why=$(bounded 60 systemctl stop "$timer.timer" 2>&1) || no "$why"
  fi
  tries=0
  while is "$timer.service" active activating deactivating || is "$timer-boot.service" activating; do
    tries=$((tries + 1))
    [ "$tries" -lt 240 ] || no 'what was before is being put back, and that does not end'
    sleep 0.5 2>/dev/null || sleep 1
  done
}

# empty FILE makes one. A shell would end at once where ":" cannot.
empty() {
  printf '' 2>/dev/null >"$1" || unwritten "$1" 4096 "$1 cannot be written"
}

# keep NUMBER PATH: what is there now, or that there is nothing; and that it is due
# to be put back.
keep() {
  empty "$here/$1.due"
  printf '%s\n' "$2" 2>/dev/null >>"$here/paths" || unwritten "$here/paths" 4096 "$here cannot be written"
  if [ -f "$2" ] || [ -L "$2" ]; then
    # A link is kept as a link.
    why=$(cp -P -p "$2" "$here/$1" 2>&1) || unwritten "$here/$1" "$(stat -c %s "$2")" "$why"
  elif [ -e "$2" ]; then
    no "$2 is neither a file nor nothing, and cannot be kept"
  fi
}

arm() {
  IFS= read -r seconds && IFS= read -r size || exit 65
  have systemd-run || no 'there is no systemd-run to guard it; nothing was changed'
  have flock || no 'there is no flock here, it comes with util-linux; nothing was changed'
  [ ! -e "$here/armed" ] || no 'a change that nobody confirmed is still guarded; nothing was changed'
  ended
  private /var/lib/bulwark
  rm -rf "$here"
  private "$here"
  # Whatever ends it before it is armed leaves nothing.
  trap 'systemctl stop "$timer.timer" >/dev/null 2>&1; rm -rf "$here"' EXIT
  why=$(read_bytes "$size" "$here/restore") || unwritten "$here/restore" "$size" "$why"
  got=$(stat -c %s "$here/restore")
  [ "$got" = "$size" ] || no 'only part of it arrived; nothing was changed'
  empty "$here/paths"
  empty "$here/made"
  empty "$here/restoring"
  empty "$here/restarts"
  n=0
  while IFS= read -r line; do
    case $line in
    'path '*)
      keep "$n" "${line#path }"
      n=$((n + 1))
      ;;
    'restart '*) printf '%s\n' "${line#restart }" >>"$here/restarts" || unwritten "$here/restarts" 4096 "$here cannot be written" ;;
    end) break ;;
    *) exit 65 ;;
    esac
  done
  [ "$line" = end ] || exit 65
  sync
  bounded 20 systemctl reset-failed "$timer.timer" "$timer.service" 2>/dev/null
  why=$(systemd-run --quiet --no-ask-password --collect --unit="$timer" \
    --on-active="${seconds}s" --timer-property=AccuracySec=100ms \
    -- /bin/sh "$here/restore" "$here" 2>&1) || no "the timer cannot be armed; nothing was changed: $why"
  is "$timer.timer" active || no 'the timer was armed and does not run; nothing was changed'
  empty "$here/armed"
  trap - EXIT
  sync "$here/armed" "$here" 2>/dev/null || sync
  frame 'done' 0 "$(date +%s)"
}

# put_back executes what the timer would have.
put_back() {
  why=$(bounded 100 /bin/sh "$here/restore" "$here" 2>&1)
  case $? in
  0 | 3) ;;
  *) no "what was before could not all be put back: $why" ;;
  esac
}

# confirm: the change stays, unless it is too late: also where nothing guarded it
# any more, since the machine restarted and its boot put back nothing.
confirm() {
  [ -e "$here/armed" ] || [ -e "$here/restored" ] || no 'there is nothing to confirm: the machine knows of no change'
  ended
  [ -n "$guarded" ] || [ ! -e "$here/armed" ] || put_back
  if [ -e "$here/restored" ]; then
    frame reverted 0 "$(cat "$here/restored")"
    finish
  fi
  rm -f "$here/armed"
  # A boot after a power cut must not find it again.
  sync "$here" 2>/dev/null || sync
  rm -rf "$here"
  frame 'done' 0 ''
}

# restore: what was before comes back now, unless it has already. What was left is
# told until somebody says that it may be forgotten.
restore() {
  ended
  [ ! -e "$here/armed" ] || put_back
  out=
  [ ! -e "$here/restored" ] || out=$(cat "$here/restored")
  if [ -e "$here/left" ]; then
    frame left 0 "$out$nl$(cat "$here/left")"
    finish
  fi
  rm -rf "$here"
  frame 'done' 0 "$out"
}

# forget: nothing is put back any more, and what was kept goes.
forget() {
  ended
  rm -rf "$here"
  frame 'done' 0 ''
}

case $action in
arm) arm ;;
confirm) confirm ;;
restore) restore ;;
forget) forget ;;
*) exit 65 ;;
esac
finish
