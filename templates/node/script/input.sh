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
