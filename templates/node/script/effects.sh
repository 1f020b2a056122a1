# The operations on files and on the rest of a machine.

op_put() {
  enter "$path"
  look_at
  may_replace
  if compare "$want"; then
    make_stage "$size"
    why=$(read_bytes "$size" "$stage") || failed_write "$why" "$size"
    install_stage "$want"
  else
    why=$(read_bytes "$size" /dev/null) || fail failed "$why"
    already
  fi
}

op_copy() {
  enter "$from"
  look_at
  [ "$there" = file ] || fail refused "$from is not a file"
  digest "./$name"
  want=$sum
  size=$(stat -c %s "./$name") || fail failed "$from cannot be read"
  enter "$path"
  look_at
  may_replace
  if compare "$want"; then
    make_stage "$size"
    why=$(cat "$from" 2>&1 >"$stage") || failed_write "$why" "$size"
    install_stage "$want"
  else
    already
  fi
}

op_mkdir() {
  enter "$path"
  look_at
  case $there in
  dir) already ;;
  none)
    why=$(mkdir "./$name" 2>&1) || failed_write "$why" 4096
    give "$name"
    synced=$synced$dir$nl
    report changed
    ;;
  *) fail refused "there is something else, of kind $there" ;;
  esac
}

op_attributes() {
  enter "$path"
  look_at
  case $there in
  file | dir) already ;;
  none) fail missing 'there is nothing' ;;
  *) fail refused "there is something else, of kind $there" ;;
  esac
}

# what_is_there sets $sum as a plan saw it: a link is one by what it says.
what_is_there() {
  look_at
  sum=none
  case $there in
  file) digest "./$name" ;;
  link)
    sum=$(readlink "./$name" | sha256sum)
    sum=link:${sum%% *}
    ;;
  esac
}

op_remove() {
  enter "$path"
  look_at
  if [ "$there" = none ]; then
    frame 'done' 0 same
    return 0
  fi
  note_made none
  on_disk
  hold
  what_is_there
  case $there in
  dir) why=$(rmdir "./$name" 2>&1) || fail refused "$why" ;;
  file | link)
    if [ "$had" != any ] && [ "$sum" != "$had" ]; then
      fail changed "it has $sum, the plan saw $had"
    fi
    ;;
  esac
  remove_name
}

# empty_mount takes away what lies in the file system mounted at $name, and
# nothing of one that was mounted below it in this moment.
empty_mount() {
  cd -P "./$name" 2>/dev/null || fail failed 'it cannot be entered'
  [ "$(pwd -P)" = "$path" ] || fail refused 'it was exchanged while it was looked at'
  left=$(find . -xdev -mindepth 1 2>&1 | head -n 1)
  if [ -z "$left" ]; then
    frame 'done' 0 same
    return 0
  fi
  # In two steps, since not every find can delete.
  why=$(find . -xdev -depth -mindepth 1 ! -type d -exec rm -f {} + 2>&1) || fail failed "$why"
  why=$(find . -xdev -depth -mindepth 1 -type d -exec rmdir {} + 2>&1) || fail failed "$why"
  left=$(find . -xdev -mindepth 1 2>&1 | head -n 1)
  [ -z "$left" ] || fail failed "$left is still there"
  synced=$synced$path$nl
  frame 'done' 0 changed
}

op_remove_tree() {
  parent=${path%/*}
  if [ ! -d "$parent" ] && [ ! -L "$parent" ]; then
    frame 'done' 0 same
    return 0
  fi
  enter "$path"
  look_at
  case $there in
  none)
    frame 'done' 0 same
    return 0
    ;;
  dir)
    # What is mounted below is not ours to delete. A mount of the tree's own
    # stays: who mounted it wants it there, and etcd's data often have one.
    own=
    while read -r _ _ _ _ at _; do
      case $at in
      "$path") own=yes ;;
      "$path"/*) fail refused "$at is mounted there; unmount it first" ;;
      esac
    done </proc/self/mountinfo
    if [ -n "$own" ]; then
      empty_mount
      return 0
    fi
    ;;
  esac
  remove_name
}

# op_own_tree: all that lies under $path belongs to $owner. Links themselves do, and
# nothing that they lead to; what is mounted there is left.
op_own_tree() {
  enter "$path"
  look_at
  [ "$there" = dir ] || fail refused 'it is no folder'
  others=$(find "./$name" -xdev -mindepth 1 \( ! -user "${owner%:*}" -o ! -group "${owner#*:}" \) 2>&1 | head -n 1)
  if [ -z "$others" ]; then
    frame 'done' 0 same
    return 0
  fi
  # What is gone meanwhile needs no owner: whether all have it is asked afterwards.
  why=$(find "./$name" -xdev -mindepth 1 -exec chown -h "$owner" {} + 2>&1)
  others=$(find "./$name" -xdev -mindepth 1 \( ! -user "${owner%:*}" -o ! -group "${owner#*:}" \) 2>&1 | head -n 1)
  [ -z "$others" ] || fail failed "$others still belongs to somebody else: $why"
  frame 'done' 0 changed
}

# op_room: is there room for $count files of $size bytes together where $path
# will be? A directory that is not there yet has the room of the next above it.
op_room() {
  at=${path%/*}
  until [ -d "${at:=/}" ]; do
    at=${at%/*}
  done
  cd "$at" 2>/dev/null || fail failed "$at cannot be entered"
  enough_space "$size" "$count"
  frame 'done' 0 same
}

remove_name() {
  why=$(rm -rf "./$name" 2>&1) || fail failed "$why"
  look_at
  [ "$there" = none ] || fail failed 'it is still there'
  let_go
  synced=$synced$dir$nl
  frame 'done' 0 changed
}

# sysctl_now sets $now to the value in force, with single spaces.
sysctl_now() {
  now=$(cat "/proc/sys/$key" 2>&1) || fail failed "$now"
  set -f
  # shellcheck disable=SC2086 # split on purpose
  set -- $now
  set +f
  now=$*
}

op_sysctl() {
  [ -e "/proc/sys/$key" ] || fail missing 'this kernel has no such setting; is its module loaded?'
  sysctl_now
  if [ "$now" = "$value" ]; then
    frame 'done' 0 same
    return 0
  fi
  why=$({ printf '%s\n' "$value" >"/proc/sys/$key"; } 2>&1)
  sysctl_now
  [ "$now" = "$value" ] || fail failed "it stays $now instead of $value: $why"
  frame 'done' 0 changed
}

op_module() {
  if [ -d "/sys/module/$key" ]; then
    frame 'done' 0 same
    return 0
  fi
  why=$(modprobe "$key" 2>&1) || fail failed "$why"
  frame 'done' 0 changed
}

# component_pids NAME sets $pids to those that run in the machine's own network.
component_pids() {
  pids=
  for p in /proc/[0-9]*; do
    comm=
    { IFS= read -r comm <"$p/comm"; } 2>/dev/null
    # shellcheck disable=SC3013 # dash, bash and busybox all know -ef
    if [ "$comm" = "$1" ] && [ "$p/ns/net" -ef /proc/1/ns/net ]; then
      pids="$pids ${p#/proc/}"
    fi
  done
}

# op_end_process ends the component $key, or with "later" leaves that to the
# kubelet for a while. An API server that still has watchers would take a minute
# to go, and answers nobody meanwhile: what is not gone in time is killed.
op_end_process() {
  component_pids "$key"
  old=$pids patience=12
  [ "$value" = now ] || patience=24
  [ -n "$old" ] || {
    frame 'done' 0 same
    return 0
  }
  # shellcheck disable=SC2086 # split on purpose, from here on
  [ "$value" != now ] || kill -TERM $old 2>/dev/null
  while [ "$patience" -gt 0 ]; do
    sleep 0.5 2>/dev/null || sleep 1
    # shellcheck disable=SC2086
    kill -0 $old 2>/dev/null || break
    patience=$((patience - 1))
  done
  # shellcheck disable=SC2086
  [ "$patience" -gt 0 ] || kill -KILL $old 2>/dev/null
  frame 'done' 0 changed
}

# unit_state sets $active and $enabled.
unit_state() {
  active='' enabled=''
  s=$(bounded 60 systemctl show -p ActiveState -p UnitFileState "$key" 2>&1) || fail failed "$s"
  for line in $s; do
    case $line in
    ActiveState=*) active=${line#*=} ;;
    UnitFileState=*) enabled=${line#*=} ;;
    esac
  done
}

op_unit() {
  if [ "$value" = daemon-reload ]; then
    why=$(bounded 120 systemctl daemon-reload 2>&1) || fail failed "$why"
    frame 'done' 0 changed
    return 0
  fi
  unit_state
  case $value/$active/$enabled in
  start/active/* | stop/inactive/* | stop/failed/* | enable/*/enabled | disable/*/disabled | disable/*/)
    frame 'done' 0 same
    return 0
    ;;
  esac
  # The job goes on in systemd when this is cut.
  why=$(bounded 300 systemctl --no-ask-password "$value" "$key" 2>&1)
  case $? in
  0) frame 'done' 0 changed ;;
  124) fail failed "it took more than 5 minutes" ;;
  *) fail failed "$why" ;;
  esac
}
