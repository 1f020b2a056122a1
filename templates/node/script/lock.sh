# The lock of a machine, and the journal of who worked on it. Both lie in one
# folder that only root can enter, and are touched only while the kernel's own
# lock on that folder is held, which ends with this program however it ends.
#
#   lock       five lines: format, nonce, seconds it lives, when it was taken, and
#              the process that holds it; then who that is. It lives until that
#              many seconds after it was last touched: a renewal takes no room.
#   journal    a line of JSON for each beginning and each end of a run
#   journal.1  the journal before it became too long
IFS= read -r action && IFS= read -r here && IFS= read -r mine || exit 65
format='bulwark lock 1'
longest=262144

# guard enters the folder and waits for its turn. False when the folder is not
# there, or not any more: a reset takes it away.
guard() {
  cd -P "$here" 2>/dev/null || return 1
  exec 9<.
  flock -w 20 9 || no "another program has held $here for 20 seconds"
  [ "$(stat -c %d:%i .)" = "$(stat -c %d:%i "$here" 2>/dev/null)" ]
}

# read_lock sets what is known of the lock; false when there is none. One that
# cannot be read has the nonce "unreadable", and lives until somebody takes it.
read_lock() {
  is_nonce=unreadable is_ttl=-1 is_since=0 is_process='' is_owner=''
  now=$(date +%s)
  [ -e lock ] || [ -L lock ] || return 1
  if [ ! -f lock ] || [ -L lock ]; then
    no "$here/lock is not a file; remove it"
  fi
  renewed=$(stat -c %Y lock 2>/dev/null) || return 1
  {
    IFS= read -r line && [ "$line" = "$format" ] && IFS= read -r a && IFS= read -r b && IFS= read -r c &&
      IFS= read -r d && IFS= read -r e
  } <lock || return 0
  # Anything else than we write is not read at all.
  case $a/$b/$c in
  *[!0-9a-z]*/*/* | */*[!0-9]*/* | */*/*[!0-9]* | /* | *//* | */ | */???????????*/* | */*/?????????????*) return 0 ;;
  esac
  is_nonce=$a is_ttl=$b is_since=$c is_process=$d is_owner=$e
}

# tell KIND: what is known of the lock.
tell() {
  frame "$1" 0 "$is_nonce$nl$now$nl$is_since$nl$((is_ttl < 0 ? -1 : renewed + is_ttl))$nl$is_process$nl$is_owner"
}

# tell_journal: its digest, and its last line.
tell_journal() {
  if [ -e journal ]; then
    sum=$(sha256sum <journal) || no "$here/journal cannot be read"
    frame journal 0 "${sum%% *}$nl$(tail -n 1 journal | head -c 65536)"
  else
    frame journal 0 ''
  fi
}

# append ENTRY adds a line. The time is this machine's.
append() {
  [ -n "$1" ] || return 0
  [ ! -L journal ] || return 1
  size=$(stat -c %s journal 2>/dev/null) || size=0
  if [ "$size" -gt "$longest" ]; then
    mv -f journal journal.1
  fi
  # What a power cut left half is a line of its own.
  [ ! -s journal ] || [ -z "$(tail -c 1 journal)" ] || echo >>journal || return 1
  printf '{"time":%s,%s\n' "$(date +%s)" "$1" 2>/dev/null >>journal || return 1
  bounded 60 sync journal 2>/dev/null || bounded 60 sync
}

acquire() {
  IFS= read -r ttl && IFS= read -r over && IFS= read -r process && IFS= read -r owner && IFS= read -r entry || exit 65
  have flock || no 'there is no flock here, it comes with util-linux'
  private "$here"
  tries=0
  until guard; do
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || no "$here is made and removed again by somebody else"
    private "$here"
  done
  if read_lock; then
    if [ "$is_nonce" != "$over" ] && { [ "$is_ttl" -lt 0 ] || [ "$now" -lt "$((renewed + is_ttl))" ]; }; then
      tell held
      finish
    fi
    tell was
  fi
  tell_journal
  enough "$here/lock" 8192 2
  printf '%s\n' "$format" "$mine" "$ttl" "$now" "$process" "$owner" 2>/dev/null >.lock-new || {
    rm -f .lock-new
    unwritten "$here/lock" 4096 "$here/lock cannot be written"
  }
  bounded 60 sync .lock-new 2>/dev/null || bounded 60 sync
  mv -f .lock-new lock || no "$here/lock cannot be written"
  append "$entry" || {
    rm -f lock
    unwritten "$here/journal" 4096 "$here/journal cannot be written"
  }
  frame 'done' 0 ''
}

# own: is the lock ours? If not, whose it is is told.
own() {
  guard || {
    frame gone 0 ''
    finish
  }
  if read_lock; then
    [ "$is_nonce" != "$mine" ] || return 0
    tell lost
  else
    frame gone 0 ''
  fi
  finish
}

case $action in
acquire) acquire ;;
renew)
  own
  touch -c lock || no "$here/lock cannot be touched"
  frame 'done' 0 ''
  ;;
release)
  IFS= read -r entry || exit 65
  own
  # A journal that cannot be written is no reason to keep the lock.
  said=
  append "$entry" || said="$here/journal cannot be written"
  rm -f lock || no "$here/lock cannot be removed"
  frame 'done' 0 "$said"
  ;;
show)
  if guard && read_lock; then
    tell held
  fi
  ;;
*) exit 65 ;;
esac
finish
