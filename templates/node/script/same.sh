# What the caller has already is not told again.

# digest: of an answer on its input, but for the nonce that it is marked with.
digest() {
  sum=$(sed "s/^$nonce //" | sha256sum 2>/dev/null)
  printf %s "${sum%% *}"
}
