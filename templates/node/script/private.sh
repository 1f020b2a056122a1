# What bulwark keeps on a machine for itself, for programs that write it.

# private DIRECTORY makes one that only root can read.
private() {
  # Two may find in the same moment that it is missing.
  [ -d "$1" ] || mkdir "$1" 2>/dev/null || [ -d "$1" ] || unwritten "$1" 4096 "$1 cannot be made"
  [ ! -L "$1" ] || no "$1 is a link; remove it"
}

# enough FILE BYTES FILES: without room for them it was not done.
enough() {
  space "${1%/*}" "$2" || return 0
  if [ "$all_inodes" -gt 0 ] && [ "$inodes" -lt "$3" ]; then
    no "full-inodes$nl$1$nl$inodes $3"
  fi
  [ "$free" -ge "$need" ] || no "full$nl$1$nl$free $need"
}

# unwritten FILE BYTES WHY: it was not done for want of room, or for that reason.
# The shells' own printf does not say which.
unwritten() {
  enough "$1" "$2" 1
  no "$3"
}
