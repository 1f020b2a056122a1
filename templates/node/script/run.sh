# Starts a command as a transient unit, or attaches to one, and waits for its
# end. All that is known of a run lies in one directory on a tmpfs: a machine
# that restarts forgets the run and what it did not finish alike.
IFS= read -r mode && IFS= read -r unit || exit 65

here=$runs/$unit

# forget ends the unit if it has not ended, and what is kept of it.
forget() {
  bounded 120 systemctl stop "$unit.service" 2>/dev/null
  bounded 20 systemctl reset-failed "$unit.service" 2>/dev/null
  rm -rf "$here"
}

# kept FILE WORD: is this what FILE holds?
kept() {
  known=
  { IFS= read -r known <"$here/$1"; } 2>/dev/null
  [ "$known" = "$2" ]
}

# begin starts the unit, unless the same command is under way or ended well, or
# the same call started it before it lost the connection.
begin() {
  IFS= read -r seconds && IFS= read -r call && IFS= read -r digest && IFS= read -r size || exit 65
  private /run/bulwark
  private "$runs"
  run_state "$unit"
  case $run_is in
  unknown) no 'systemd does not answer' ;;
  active)
    kept digest "$digest" && return 0
    frame other 0 ''
    cat >/dev/null
    finish
    ;;
  'ended 0') kept digest "$digest" && return 0 ;;
  none) ;;
  *) kept call "$call" && return 0 ;;
  esac
  forget
  private "$here"
  # What the command says and how it ended are kept here too: without room for
  # that it is not begun.
  enough "$here/out" 131072 10
  printf '%s\n' "$digest" >"$here/digest" || unwritten "$here/digest" 4096 "$here cannot be written"
  printf '%s\n' "$call" >"$here/call" || unwritten "$here/call" 4096 "$here cannot be written"
  why=$(read_bytes "$size" "$here/runner") || unwritten "$here/runner" "$size" "$why"
  IFS= read -r size || exit 65
  why=$(read_bytes "$size" "$here/argv") || unwritten "$here/argv" "$size" "$why"
  sum=$(sha256sum <"$here/argv")
  [ "${sum%% *}" = "$digest" ] || no 'only part of the command arrived'
  why=$(systemd-run --quiet --no-ask-password --unit="$unit" \
    --property=Type=exec --property=RuntimeMaxSec="$seconds" --property=WorkingDirectory=/ \
    -- /bin/sh "$here/runner" "$here" 2>&1) || no "$why"
}

# await returns when the unit has ended. The line it says now and then lets
# either side find out that the other one is gone.
await() {
  ticks=0
  until [ -e "$here/exit" ]; do
    sleep 0.1 2>/dev/null || sleep 1
    ticks=$((ticks + 1))
    if [ "$((ticks % 50))" = 0 ]; then
      unit_active "$unit"
      [ "$?" != 1 ] || break
      frame waiting 0 '' || exit 74
    fi
  done
}

case $mode in
start) begin ;;
attach) ;;
forget)
  forget
  finish
  ;;
*) exit 65 ;;
esac
exec </dev/null
run_state "$unit"
[ "$run_is" != active ] || await
run_state "$unit"
case $run_is in
none) frame none 0 '' ;;
unknown) frame failed 0 'systemd does not answer' ;;
*) frame run 0 "$unit$nl$run_is$nl$({ run_output "$unit" 65536; } 2>/dev/null)" ;;
esac
finish
