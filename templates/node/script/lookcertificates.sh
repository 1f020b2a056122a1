# The look at certificates in files that may hold keys too. What leaves is whole
# blocks that say that they are certificates: a damaged file loses its own, and no
# line of its key is ever taken for one of them.

# only_certificates passes on those of its input, of the first thousand lines.
only_certificates() {
  block='' count=0
  while [ "$count" -lt 1000 ] && IFS= read -r l; do
    count=$((count + 1))
    case $l in
    '-----BEGIN CERTIFICATE-----') block=$l$nl ;;
    '-----END CERTIFICATE-----')
      [ -z "$block" ] || printf '%s%s\n' "$block" "$l"
      block=
      ;;
    '' | *[!A-Za-z0-9+/=]*) block= ;;
    *) [ -z "$block" ] || block=$block$l$nl ;;
    esac
  done
}

# certificates_of FILE: a kubeconfig has its user's as PEM in base64. That what is
# not base64 ends it is no failure to read it.
certificates_of() {
  case $1 in
  *.conf)
    line=$(sed -n '/^[ -]*client-certificate-data:/{s/^[^:]*: *//;p;q;}' "$1") || return 1
    printf '%s\n' "$line" | base64 -d | only_certificates
    ;;
  *) only_certificates <"$1" ;;
  esac
}

# look_certificates PATH... : of regular files, be they behind a link, as those
# are that a kubelet rotates.
look_certificates() {
  if ! have base64; then
    for p in "$@"; do
      unread "$p" 127 'base64 is not installed'
    done
    return 0
  fi
  for p in "$@"; do
    if [ -f "$p" ]; then
      if text=$(certificates_of "$p" 2>/dev/null); then
        frame certificate 0 "$p$nl$text"
      else
        unread "$p" 1 'it cannot be opened'
      fi
    fi
  done
}
