#!/usr/bin/env bash
# Installs what the tests use and a bare machine lacks: a real sshd, the shells
# that node programs must run under, nft, and what the lab is built with.
set -euo pipefail
declare -A wanted=(
  [sshd]=openssh-server [ssh]=openssh-client [nft]=nftables [ip]=iproute2 [dash]=dash
  [busybox]=busybox [shellcheck]=shellcheck [jq]=jq [docker]=docker.io [dockerd]=docker.io
  [debootstrap]=debootstrap [gcc]=gcc [make]=make [git]=git
)
missing=()
for program in "${!wanted[@]}"; do
  PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || missing+=("${wanted[$program]}")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "not root: install ${missing[*]} to run all tests" >&2
  exit 0
fi
echo "installing ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" libc6-dev >/dev/null
