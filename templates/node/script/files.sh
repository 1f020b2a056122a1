# Changing files: never through a link, never half, never over what somebody
# else wrote meanwhile. All work is done by name inside the directory that was
# entered and checked, so that nothing above it can be exchanged underneath.
stage=
entered=
synced=

# fail WORD DETAIL ends the batch: the rest was not reached.
fail() {
  [ -z "$stage" ] || rm -f "$stage"
  let_go
  settle
  no "$1$nl$2"
}

# settle makes the renames so far outlive a power cut.
settle() {
  [ -n "$synced" ] || return 0
  IFS=$nl
  # shellcheck disable=SC2086 # split at line breaks on purpose
  sync $synced 2>/dev/null || sync
  IFS=$std
  synced=
}

# failed_write WHY BYTES
failed_write() {
  case $1 in
  *'No space left'* | *'uota exceeded'*)
    # As it was when the write failed: before the stage makes room again.
    need_space "$2"
    if [ "$all_inodes" -gt 0 ] && [ "$inodes" -lt 1 ]; then
      fail full-inodes "$inodes 1"
    fi
    fail full "$free $need"
    ;;
  esac
  fail failed "$1"
}

# enter PATH goes into the directory of PATH, and leaves its name in $name.
enter() {
  dir=${1%/*}
  dir=${dir:-/}
  name=${1##*/}
  cd -P "$dir" 2>/dev/null || {
    if [ -e "$dir" ] || [ -L "$dir" ]; then
      fail refused "$dir cannot be entered: it is not a directory, or a link to nowhere"
    fi
    fail missing "the directory $dir does not exist"
  }
  real=$(pwd -P)
  [ "$real" = "$dir" ] || fail refused "there is a link above it: $dir is really $real"
  if [ "$entered" != "$dir" ]; then
    # Who may write there could exchange anything at any moment.
    case $(stat -c %A .) in
    d???????-?) entered=$dir ;;
    *) fail refused "everyone can write to $dir" ;;
    esac
  fi
}

# look_at sets $there: none, file, dir, link or special.
look_at() {
  if [ -L "./$name" ]; then
    there='link'
  elif [ -f "./$name" ]; then
    there='file'
  elif [ -d "./$name" ]; then
    there='dir'
  elif [ -e "./$name" ]; then
    there='special'
  else
    there='none'
  fi
}

# digest FILE sets $sum.
digest() {
  sum=$(sha256sum <"$1") || fail failed "the digest of $1 in $dir cannot be taken"
  sum=${sum%% *}
  [ "${#sum}" = 64 ] || fail failed "the digest of $1 in $dir cannot be taken"
}

# attributes NAME sets what it has: $a_mode $a_uid $a_gid $a_user $a_group.
attributes() {
  a=$(stat -c '%a/%u/%g/%U/%G' "./$1" 2>&1) || fail failed "$a"
  IFS=/
  # shellcheck disable=SC2086 # split at slashes on purpose
  set -- $a
  IFS=$std
  a_mode=$1 a_uid=$2 a_gid=$3 a_user=$4 a_group=$5
}

# as_wanted NAME: has it $mode and $owner?
as_wanted() {
  attributes "$1"
  [ "$a_mode" = "$mode" ] || return 1
  case ${owner%:*} in
  "$a_uid" | "$a_user") ;;
  *) return 1 ;;
  esac
  case ${owner#*:} in
  "$a_gid" | "$a_group") return 0 ;;
  esac
  return 1
}

# give NAME gives it $owner and $mode. In that order: a change of owner takes
# special bits away. The zeros make chmod take them away from directories too.
give() {
  why=$(chown -h "$owner" "./$1" 2>&1) || fail failed "$why"
  why=$(chmod "00$mode" "./$1" 2>&1) || fail failed "$why"
  as_wanted "$1" || fail failed "it came to have mode $a_mode and owner $a_user:$a_group"
}

# report WORD [DIGEST] answers for the file at $dir/$name, read back.
report() {
  line=$(stat -c %f/%s/%Y/%u/%g/%U/%G%n "${dir%/}/$name" 2>&1) || fail failed "$line"
  look_at
  sum=
  [ "$there" != file ] || digest "./$name"
  [ -z "${2:-}" ] || [ "$sum" = "$2" ] || fail failed 'something else changed it at the same moment'
  frame 'done' 0 "$1$nl$line$nl$sum"
}

# need_space BYTES is space here, which must be known.
need_space() {
  space . "$1" || fail failed "$s"
}

# enough_space BYTES FILES stops unless there is as much.
enough_space() {
  need_space "$1"
  [ "$free" -ge "$need" ] || fail full "$free $need"
  if [ "$all_inodes" -gt 0 ] && [ "$inodes" -lt "$2" ]; then
    fail full-inodes "$inodes $2"
  fi
}

# make_stage BYTES makes an empty file beside the target, seen by nobody else,
# whose name nothing that reads directories takes for its own.
make_stage() {
  for old in ./.bulwark-new.??????; do
    if [ -f "$old" ] || [ -L "$old" ]; then
      rm -f "$old"
    fi
  done
  enough_space "$1" 1
  stage=$(mktemp ./.bulwark-new.XXXXXX 2>&1) || {
    why=$stage
    stage=
    failed_write "$why" "$1"
  }
}

# may_replace stops unless $name is nothing or a file, and sets its $sum.
may_replace() {
  sum=none
  case $there in
  file) digest "./$name" ;;
  none) ;;
  link) fail refused 'there is a symbolic link' ;;
  dir) fail refused 'there is a directory' ;;
  *) fail refused 'there is a pipe, socket or device' ;;
  esac
}

# compare WANT stops unless what is there is what the plan saw. Status 1 says
# that it is what is wanted already.
compare() {
  [ "$sum" != "$1" ] || return 1
  if [ "$had" != any ] && [ "$sum" != "$had" ]; then
    fail changed "it has $sum, the plan saw $had"
  fi
}

# already: the bytes are right; are mode and owner?
already() {
  if as_wanted "$name"; then
    report same
  else
    hold
    give "$name"
    let_go
    report changed
  fi
}

# install_stage WANT moves the filled stage into place. What somebody saved there
# while it was filled and synced stays.
install_stage() {
  digest "$stage"
  [ "$sum" = "$1" ] || fail failed 'only part of it arrived, or it was damaged on the way'
  give "$stage"
  note_made "$1"
  on_disk "$stage"
  hold
  look_at
  may_replace
  compare "$1"
  why=$(mv -f "$stage" "./$name" 2>&1) || fail failed "$why"
  stage=
  let_go
  synced=$synced$dir$nl
  report changed "$1"
}
