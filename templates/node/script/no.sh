# How a program says that it did not do it.

# no WHY: it was not done.
no() {
  frame failed 0 "$1"
  # Whoever sends the rest need not learn of it by a broken pipe.
  cat >/dev/null
  finish
}
