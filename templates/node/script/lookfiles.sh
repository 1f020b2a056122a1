# The look at files: one process for all of them, wherever that can be.

# look_absent PATH... : the test that found them missing cannot tell "there is
# none" from "it cannot be read"; stat can.
look_absent() {
  absent=
  for p in "$@"; do
    # stat fails for what is absent; what it complains of says which it is.
    why=$(stat -c %f "$p" 2>&1 >/dev/null)
    case $why in
    *': No such file or directory' | *': Not a directory') absent=$absent$p$nl ;;
    '') unread "$p" 1 'it appeared while it was looked at' ;;
    *) unread "$p" 1 "$why" ;;
    esac
  done
  frame absent 0 "$absent"
}

# all_absent PATH... : the same in one process, when all of them agree.
all_absent() {
  why=$(stat -c %f "$@" 2>&1 >/dev/null)
  IFS=$nl
  agreed=0
  for w in $why; do
    case $w in
    *': No such file or directory' | *': Not a directory') agreed=$((agreed + 1)) ;;
    esac
  done
  [ "$agreed" = "$#" ] || return 1
  frame absent 0 "$*"
}

# look_files PATH...
look_files() {
  there='' regular='' gone='' links=''
  for p in "$@"; do
    if [ -L "$p" ]; then
      there=$there$p$nl
      links=$links$p$nl
    elif [ -f "$p" ]; then
      there=$there$p$nl
      regular=$regular$p$nl
    elif [ -e "$p" ]; then
      there=$there$p$nl
    else
      gone=$gone$p$nl
    fi
  done
  IFS=$nl
  if [ -n "$there" ]; then
    # What vanished meanwhile has no line, and is missed by who asked.
    # shellcheck disable=SC2086 # split at line breaks on purpose
    frame stat 0 "$(stat -c %f/%s/%Y/%u/%g/%U/%G%n $there 2>/dev/null)"
  fi
  if [ -n "$regular" ]; then
    # shellcheck disable=SC2086 # split at line breaks on purpose
    frame sha256 0 "$(sha256sum $regular 2>/dev/null)"
  fi
  # Where a link leads, as one line: what somebody put there may have several.
  for p in $links; do
    sum=$(readlink "$p" 2>/dev/null | sha256sum 2>/dev/null)
    frame link 0 "${sum%% *}  $p"
  done
  if [ -n "$gone" ]; then
    # shellcheck disable=SC2086 # split at line breaks on purpose
    all_absent $gone || look_absent $gone
  fi
}

# look_texts PATH... : content of regular files, never of what could block.
look_texts() {
  for p in "$@"; do
    if [ -f "$p" ] && [ ! -L "$p" ]; then
      # The dot keeps the line breaks at the end; NULs are lost, which the
      # digest tells.
      {
        text=$(
          head -c 1048576 "$p"
          s=$?
          echo .
          exit "$s"
        )
        s=$?
      } 2>/dev/null
      frame text "$s" "$p$nl${text%.}"
    fi
  done
}

# look_dirs DIRECTORY... adds what lies in them, two levels deep, to paths.
look_dirs() {
  real=
  for d in "$@"; do
    paths=$paths$d$nl
    if [ -d "$d" ] && [ ! -L "$d" ]; then
      real=$real$d$nl
    fi
  done
  [ -n "$real" ] || return 0
  IFS=$nl
  # A name with a line break cannot be told apart from two names.
  # shellcheck disable=SC2086 # split at line breaks on purpose
  odd=$(find $real -mindepth 1 -maxdepth 2 -path "*$nl*" 2>/dev/null)
  # shellcheck disable=SC2086
  if entries=$(find $real -mindepth 1 -maxdepth 2 ! -path "*$nl*" 2>/dev/null) && [ -z "$odd" ]; then
    # shellcheck disable=SC2086
    set -- $entries
    if [ $# -le 2000 ]; then
      paths=$paths$entries$nl
      return 0
    fi
    why='there are more than 2000 entries'
  else
    # shellcheck disable=SC2086
    why=$(find $real -mindepth 1 -maxdepth 2 2>&1 >/dev/null)
    [ -z "$odd" ] || why='there is a name with a line break'
    paths=$paths$entries$nl
  fi
  for d in $real; do
    unread "$d" 1 "its entries could not all be listed: $why"
  done
}

# look_owners DIRECTORY... : whose all is that lies under them. What comes and goes
# meanwhile fails, and is asked for again.
look_owners() {
  for d in "$@"; do
    if [ -d "$d" ] && [ ! -L "$d" ]; then
      if of=$(find "$d" -xdev -mindepth 1 -exec stat -c %u/%g/%U/%G {} + 2>/dev/null); then
        frame owners 0 "$d$nl$(printf '%s\n' "$of" | sort -u | head -n 9)"
      else
        unread "$d" 1 'whose all is that lies under it could not be read'
      fi
    fi
  done
}

# look_masked PATH... : digests of key files whose keys are masked before. The keys
# stay here: what is told is whether all else is as it should be.
look_masked() {
  mask='s|^\( *secret: \)[A-Za-z0-9+/=]\{1,\}$|\1masked|'
  for p in "$@"; do
    if [ -f "$p" ] && [ ! -L "$p" ]; then
      # Of a pipe only the last status counts, so that it can be read is tried before.
      if sed "$mask" "$p" >/dev/null 2>&1 && sum=$(sed "$mask" "$p" 2>/dev/null | sha256sum 2>/dev/null); then
        frame masked 0 "$p$nl${sum%% *}"
      else
        unread "$p" 1 'what it says beside its keys could not be read'
      fi
    fi
  done
}
