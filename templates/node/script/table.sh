# Loads, confirms and drops `table inet bulwark`, and touches no other table. A
# load is guarded by a timer of systemd: it works when bulwark is dead and when
# the new table cut the connection.
IFS= read -r action || exit 65
here=/run/bulwark/table
timer=bulwark-table-revert

# live: is the table there? Fails the program when nobody can say.
live() {
  tables=$(bounded 20 nft list tables 2>&1) || no "$tables"
  case $nl$tables$nl in
  *"${nl}table inet bulwark$nl"*) return 0 ;;
  esac
  return 1
}

# is UNIT STATE...: is its ActiveState one of these?
is() {
  is_state=$(bounded 20 systemctl show -p ActiveState "$1" 2>&1) || no "$is_state"
  shift
  for s in "$@"; do
    [ "$is_state" != "ActiveState=$s" ] || return 0
  done
  return 1
}

# whole FILE begins a transaction that replaces the table.
whole() {
  printf 'add table inet bulwark\ndelete table inet bulwark\n' >"$1" ||
    unwritten "$1" 4096 "$1 cannot be written"
}

# disarm SLOT... : no timer of these will start any more, and what one of them
# started has ended.
disarm() {
  for slot in "$@"; do
    if is "$timer-$slot.timer" active activating; then
      why=$(bounded 60 systemctl stop "$timer-$slot.timer" 2>&1) || no "$why"
    fi
    tries=0
    while is "$timer-$slot.service" active activating deactivating; do
      tries=$((tries + 1))
      [ "$tries" -lt 60 ] || no 'the timer took effect, and does not end'
      sleep 0.5 2>/dev/null || sleep 1
    done
  done
}

load() {
  IFS= read -r seconds && IFS= read -r size || exit 65
  have systemd-run || no 'there is no systemd-run to guard it; nothing was loaded'
  private /run/bulwark
  private "$here"
  whole "$here/new.nft"
  new=$(stat -c %s "$here/new.nft")
  why=$(read_bytes "$size" "$here/text") || unwritten "$here/text" "$size" "$why"
  IFS= read -r revert_size || exit 65
  why=$(read_bytes "$revert_size" "$here/revert.part") || unwritten "$here/revert" "$revert_size" "$why"
  cat "$here/text" >>"$here/new.nft" ||
    unwritten "$here/new.nft" "$size" "$here/new.nft cannot be written"
  got=$(stat -c %s "$here/new.nft")
  [ "$((got - new))" = "$size" ] || no 'only part of the table arrived; nothing was loaded'
  got=$(stat -c %s "$here/revert.part")
  [ "$got" = "$revert_size" ] || no 'only part of the table arrived; nothing was loaded'
  rm -f "$here/text"
  mv "$here/revert.part" "$here/revert" ||
    unwritten "$here/revert" 4096 "$here/revert cannot be written"
  why=$(bounded 60 nft -c -f "$here/new.nft" 2>&1) || no "nft refuses it; nothing was loaded: $why"

  # A load that nobody confirmed may still be guarded. Its timer goes on until
  # the next one is armed, and the table before it is the one to go back to.
  pending='' slot=a
  if is "$timer-a.timer" active activating; then
    pending=a slot=b
  elif is "$timer-b.timer" active activating; then
    pending=b
  fi
  if [ -z "$pending" ] || [ ! -e "$here/old.nft" ]; then
    disarm a b
    pending='' slot=a
    whole "$here/old.part"
    if live; then
      # Its size is not known beforehand, and like that of the next.
      bounded 20 nft -s list table inet bulwark >>"$here/old.part" ||
        unwritten "$here/old.nft" "$size" 'the table in force cannot be listed; nothing was loaded'
    fi
    mv "$here/old.part" "$here/old.nft" ||
      unwritten "$here/old.nft" 4096 "$here/old.nft cannot be written"
    rm -f "$here/reverted"
  fi
  bounded 20 systemctl reset-failed "$timer-$slot.timer" "$timer-$slot.service" 2>/dev/null
  why=$(systemd-run --quiet --no-ask-password --collect --unit="$timer-$slot" \
    --on-active="${seconds}s" --timer-property=AccuracySec=100ms \
    -- /bin/sh "$here/revert" 2>&1) || no "the timer cannot be armed; nothing was loaded: $why"
  is "$timer-$slot.timer" active || no 'the timer was armed and does not run; nothing was loaded'
  why=$(bounded 60 nft -f "$here/new.nft" 2>&1) || {
    [ -n "$pending" ] || disarm "$slot"
    no "nft refuses it; nothing was loaded: $why"
  }
  if [ -n "$pending" ]; then
    disarm "$pending"
    [ ! -e "$here/reverted" ] || no 'the timer of an earlier load took effect meanwhile; load it again'
  fi
  frame 'done' 0 ''
}

confirm() {
  disarm a b
  if [ -e "$here/reverted" ]; then
    frame reverted 0 ''
    finish
  fi
  live || no 'there is no table to confirm: the machine restarted, or something else took it away'
  rm -rf "$here"
  frame 'done' 0 ''
}

drop() {
  disarm a b
  if live; then
    why=$(bounded 20 nft delete table inet bulwark 2>&1) || no "$why"
  fi
  rm -rf "$here"
  frame 'done' 0 ''
}

have nft || no 'nft is not installed'
case $action in
load) load ;;
confirm) confirm ;;
drop) drop ;;
show)
  out=$(bounded 20 nft list table inet bulwark 2>&1) || no "$out"
  frame 'done' 0 "$out"
  ;;
*) exit 65 ;;
esac
finish
