#!/usr/bin/env bash
# Installs what the tests use and a bare machine lacks: a real sshd, the shells
# that node programs must run under, nft, and what the lab is built with.
# With --up only what `make up` needs: no sshd starts on somebody's desk, and
# what the lab is built with is installed by its build.
set -euo pipefail
declare -A wanted=([docker]=docker.io [git]=git [make]=make)
what='make up'
if [ "${1:-}" != --up ]; then
  what='all tests'
  wanted+=(
    [sshd]=openssh-server [ssh]=openssh-client [nft]=nftables [ip]=iproute2 [dash]=dash [dockerd]=docker.io
    [busybox]=busybox [shellcheck]=shellcheck [jq]=jq [debootstrap]=debootstrap [gcc]='gcc libc6-dev'
  )
fi
missing=()
for program in "${!wanted[@]}"; do
  read -ra packages <<<"${wanted[$program]}"
  PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || missing+=("${packages[@]}")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "not root: install ${missing[*]} to run $what" >&2
  exit 0
fi
echo "installing ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
