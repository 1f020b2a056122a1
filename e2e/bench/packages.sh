#!/usr/bin/env bash
# Installs what bulwark is timed beside, and what only benchmarks need. A
# contestant that cannot be had is a row that says so.
set -euo pipefail
declare -A wanted=([ansible-playbook]=ansible-core [rsync]=rsync)
missing=()
for program in "${!wanted[@]}"; do
  command -v "$program" >/dev/null || missing+=("${wanted[$program]}")
done
[ -d /usr/lib/python3/dist-packages/ansible_mitogen ] || missing+=(ansible-mitogen)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "not root on a Debian: install ${missing[*]} to time everything" >&2
  exit 0
fi
echo "installing ${missing[*]}"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
