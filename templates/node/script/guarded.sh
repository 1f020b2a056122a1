# A part in a change that the node guards, see guard.sh: what begins while one is
# guarded belongs to it. Each file is noted before it is written, so that a restore
# knows it from what somebody else made of it; and once a restore has begun nothing
# more is written, however long a disk kept it waiting.
guard=/var/lib/bulwark/guard
guarded=
if [ -e "$guard/armed" ] && cd -P "$guard" 2>/dev/null; then
  # Open until the end, so that the folder of no later guard is taken for this one.
  exec 8<.
  guarded=$(stat -c %d:%i .)
  cd /
fi

# op_guarded: what follows must be in a guarded change.
op_guarded() {
  [ -n "$guarded" ] || fail refused 'the change that this belongs to is guarded no more: the node has put back what was before'
}

# note_made WHAT: $path is about to become a file of that digest, or "none", or "any"
# where only a program of this machine knows.
note_made() {
  [ -n "$guarded" ] || return 0
  # What a full disk left half is a line of its own.
  printf '\n%s %s\n' "$1" "$path" 2>/dev/null >>"$guard/made" ||
    fail failed "$guard/made cannot be written: the disk is full, or the node has put back what was before"
}

# on_disk FILE... and what was noted outlive a power cut.
on_disk() {
  [ -z "$guarded" ] || set -- "$@" "$guard/made"
  [ "$#" = 0 ] || sync "$@" 2>/dev/null || sync
}

# hold: until let_go no restore goes on, and none has begun.
hold() {
  [ -n "$guarded" ] || return 0
  flock -w 20 8 || fail failed "another program has held $guard for 20 seconds"
  if [ ! -e "$guard/armed" ] || [ -e "$guard/restored" ] || [ "$(stat -c %d:%i "$guard" 2>/dev/null)" != "$guarded" ]; then
    fail refused 'the node has begun to put back what was before this change, and nothing more of it is written'
  fi
}

let_go() {
  [ -z "$guarded" ] || flock -u 8
}

# op_will_make: a program of the machine is about to write $path.
op_will_make() {
  note_made any
  on_disk
  frame 'done' 0 same
}

# op_has_made: the program is done, and what is at $path is its work.
op_has_made() {
  if [ -n "$guarded" ]; then
    enter "$path"
    look_at
    if [ "$there" = file ]; then
      digest "./$name"
      note_made "$sum"
      on_disk
    fi
  fi
  frame 'done' 0 same
}
