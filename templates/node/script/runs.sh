# What is known of a transient unit: used by the look and by run.
runs=/run/bulwark/run

# unit_active UNIT: has systemd not yet seen its end? A machine that cannot say
# so fails the program, since "no" would start a command twice.
unit_active() {
  case $(bounded 20 systemctl show -p ActiveState "$1.service" 2>/dev/null) in
  ActiveState=active | ActiveState=activating | ActiveState=deactivating | ActiveState=reloading) return 0 ;;
  ActiveState=inactive | ActiveState=failed) return 1 ;;
  esac
  return 2
}

# run_state UNIT sets run_is to "active", "ended STATUS", "lost REASON", "none"
# or, when systemd does not answer, to "unknown".
run_state() {
  run_is=none
  [ -d "$runs/$1" ] || return 0
  run_ended "$1" && return 0
  unit_active "$1"
  case $? in
  0)
    run_is=active
    return 0
    ;;
  2)
    run_is=unknown
    return 0
    ;;
  esac
  # It may have ended between the two questions.
  run_ended "$1" && return 0
  [ -e "$runs/$1/began" ] || return 0
  why=$(bounded 20 systemctl show -p Result "$1.service" 2>/dev/null)
  case $why in
  Result=timeout) run_is='ended 124' ;;
  *) run_is="lost ${why#Result=}" ;;
  esac
}

# run_ended UNIT: is its status there?
run_ended() {
  [ -e "$runs/$1/exit" ] || return 1
  run_status=
  read -r run_status <"$runs/$1/exit"
  run_is="ended $run_status"
}

# run_output UNIT LIMIT prints what it said so far, or the last of it.
run_output() {
  for part in out rest; do
    if [ -f "$runs/$1/$part" ]; then
      cat "$runs/$1/$part"
    fi
  done | tail -c "$2"
}
