# Input that is data of a known length, for programs that write it to a file.

# read_bytes COUNT FILE takes exactly so many bytes of the input, and prints
# what dd complains of.
read_bytes() {
  if [ "$1" = 0 ]; then
    return 0
  elif dd iflag=fullblock count=0 </dev/null >/dev/null 2>&1; then
    dd bs="$1" count=1 iflag=fullblock of="$2" 2>&1
  else
    # A dd that cannot wait for a full block gets there byte by byte.
    dd bs=1 count="$1" of="$2" 2>&1
  fi
}

# no WHY: it was not done.
no() {
  frame failed 0 "$1"
  # Whoever sends the rest need not learn of it by a broken pipe.
  cat >/dev/null
  finish
}

# space DIRECTORY BYTES sets what is $free and what they $need, with a block for
# the directory, and $inodes of $all_inodes. False when nobody can say.
space() {
  s=$(stat -f -c '%a %S %d %c' "$1" 2>&1) || return 1
  bytes=$2
  # shellcheck disable=SC2086 # split on purpose
  set -- $s
  free=$(($1 * $2)) need=$(((bytes + $2 - 1) / $2 * $2 + $2))
  inodes=$3 all_inodes=$4
}
