# What every program of bulwark's begins with. The first line of input is a
# nonce; every answer is a frame that begins with it:
#   <nonce> <kind> <status> <length in bytes>, line break, data, line break.
# The last frame is of kind "end": an answer without it was cut off.
set -u
umask 077
# Lengths count bytes, and messages are those that are compared below.
LC_ALL=C
export LC_ALL
unset LANGUAGE
# What the caller has comes first; what a bare login lacks comes behind.
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
nl='
'
std=' 	
'
IFS=$std
IFS= read -r nonce || exit 65

# frame KIND STATUS DATA
frame() {
  printf '%s %s %s %s\n%s\n' "$nonce" "$1" "$2" "${#3}" "$3"
}

# finish ends the answer; the status says that the program did its work, not
# that the machine could do what was asked.
finish() {
  frame end 0 ''
  exit 0
}

# have NAME: is there such a program?
have() {
  command -v "$1" >/dev/null 2>&1
}

# bounded SECONDS COMMAND... ends a command that hangs, where timeout exists.
bounded() {
  if have timeout; then
    timeout "$@"
  else
    shift
    "$@"
  fi
}
