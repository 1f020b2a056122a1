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
