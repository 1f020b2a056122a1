#!/usr/bin/env bash
# Builds the lab's two images from Debian's packages and Go modules; no image registry is
# asked for anything.
#
#   bulwark-lab/node:KEY      a kind node image
#   bulwark-lab/machine:KEY   a bare machine with sshd, systemd, containerd and kubeadm
#
# KEY is the digest of what they are made of. A run that finds both does nothing; --key
# prints the key and does nothing either; --prune removes the images of other keys that
# no container uses. What was built is kept in BULWARK_LAB_CACHE (~/.cache/bulwark-lab),
# and its absence only costs time.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$lab/binaries.sh"
. "$lab/root.sh"
. "$lab/images.sh"

key=$(digest build machine build.sh binaries.sh root.sh images.sh)
if [ "${1:-}" = --key ]; then
  echo "$key"
  exit
fi

# stage DEBIAN TO makes the root that both images share: Debian, the programs, the images.
stage() {
  local debian=$1 to=$2 program
  rm -rf "$to"
  cp -a --reflink=auto "$debian" "$to"
  cp "$(bin kubernetes)/kubernetes" "$to/usr/bin/"
  # Hard links and not symbolic ones, so that each process is what its /proc/PID/exe says.
  for program in kubeadm kubelet kubectl; do ln "$to/usr/bin/kubernetes" "$to/usr/bin/$program"; done
  rm "$to/usr/bin/kubernetes"
  cp "$(bin containerd)"/* "$(bin crictl)/crictl" "$to/usr/local/bin/"
  mkdir -p "$to/opt/cni/bin"
  cp "$(bin cni)"/* "$to/opt/cni/bin/"
  echo 'runtime-endpoint: unix:///run/containerd/containerd.sock' >"$to/etc/crictl.yaml"
  preload "$to"
  tar -C "$to" --numeric-owner -c . | docker import - "bulwark-lab/base:$key"
  rm -rf "$to"
}

# enable ROOT UNIT... starts units at boot.
enable() {
  local root=$1 unit
  shift
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  for unit in "$@"; do
    ln -sf "/etc/systemd/system/$unit" "$root/etc/systemd/system/multi-user.target.wants/$unit"
  done
}

pause_image() { wanted_images | grep '/pause:'; }

# commit NAME OVERLAY ENTRYPOINT lays a folder over the base and makes an image of it.
commit() {
  local container
  # systemd ends on this signal; ENV tells it that it is in a container.
  container=$(docker create --stop-signal SIGRTMIN+3 "bulwark-lab/base:$key" /sbin/init)
  tar -C "$2" --owner=0 --group=0 -c . | docker cp - "$container:/"
  docker commit --change "ENTRYPOINT $3" --change 'CMD []' --change 'ENV container=docker' \
    "$container" "bulwark-lab/$1:$key"
  docker rm "$container"
}

make_machine() {
  local overlay
  overlay=$(mktemp -d)
  chmod 755 "$overlay"
  cp -r "$lab/machine/." "$overlay/"
  find "$overlay" -type d -exec chmod 755 {} +
  chmod 440 "$overlay/etc/sudoers.d/ops"
  chmod 755 "$overlay/usr/local/sbin/boot"
  sed -i "s|@pause@|$(pause_image)|" "$overlay/etc/containerd/config.toml"
  enable "$overlay" containerd.service
  ln -s /lib/systemd/system/ssh.service "$overlay/etc/systemd/system/multi-user.target.wants/ssh.service"
  commit machine "$overlay" '["/usr/local/sbin/boot"]'
  rm -rf "$overlay"
}

# make_node lays kind's own files over the base, as kind's Dockerfile does.
make_node() {
  local overlay files unit
  files=$(cd "$lab/build/kind" && GOWORK=off go list -m -f '{{.Dir}}' sigs.k8s.io/kind)/images/base/files
  overlay=$(mktemp -d)
  cp -r "$files/." "$overlay/"
  find "$overlay" -type d -exec chmod 755 {} +
  find "$overlay" -type f -exec chmod 644 {} +
  chmod 755 "$overlay"/usr/local/bin/* "$overlay"/kind/bin/*
  sed -i -e "s|sandbox_image = .*|sandbox_image = \"$(pause_image)\"|" \
    -e 's|restrict_oom_score_adj = false|restrict_oom_score_adj = true|' "$overlay/etc/containerd/config.toml"
  # kind's runtime specification: no rlimits, and a hook that gives pods a product name.
  "$(bin containerd)/ctr" oci spec | jq 'del(.process.rlimits)
    | .hooks.createContainer += [{path: "/kind/bin/mount-product-files.sh"}]' >"$overlay/etc/containerd/cri-base.json"
  kubernetes_version >"$overlay/kind/version"
  enable "$overlay" containerd.service kubelet.service undo-mount-hacks.service
  for unit in systemd-logind systemd-tmpfiles-setup; do
    ln -s /dev/null "$overlay/etc/systemd/system/$unit.service"
  done
  commit node "$overlay" '["/usr/local/bin/entrypoint", "/sbin/init"]'
  rm -rf "$overlay"
}

exists() { docker image inspect "bulwark-lab/$1:$key" >/dev/null 2>&1; }

"$lab/docker.sh"
if [ "${1:-}" = --prune ]; then
  docker image ls --format '{{.Repository}}:{{.Tag}}' 'bulwark-lab/*' | grep -vE ":$key\$|/snapshot:" |
    xargs -r -n 1 docker image rm || true
  exit
fi
if exists machine && exists node; then
  say "bulwark-lab/machine:$key and bulwark-lab/node:$key are there, $SECONDS s"
  exit
fi

[ "$(id -u)" -eq 0 ] || die 'only root can build the images (debootstrap, containerd)'
[ -n "$(mirror)" ] || step 'read package lists' '10 s' apt-get update -qq
step 'install packages' '30 s' packages debootstrap jq gcc libc6-dev

# Debian unpacks while Go compiles.
debian=$cache/debian-$(digest root.sh)
root_pid=
if [ ! -d "$debian" ]; then
  step 'make the Debian root' '2 min' make_root "$debian" &
  root_pid=$!
fi
compile kubernetes '10 min'
compile containerd '2 min'
compile etcd '1 min'
compile coredns '2 min'
compile crictl '1 min'
compile cni '10 s'
compile kind '30 s'
compile flannel '2 min'
compile flannel-plugin '10 s'
compile kube-vip '3 min'
compile oci '1 s'
[ -z "$root_pid" ] || wait "$root_pid"

exists base || step 'preload the images' '40 s' stage "$debian" "$cache/stage"
step 'make the machine image' '5 s' make_machine
step 'make the kind node image' '5 s' make_node
say "built bulwark-lab/machine:$key and bulwark-lab/node:$key in $SECONDS s"
