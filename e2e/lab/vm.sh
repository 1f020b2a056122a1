#!/usr/bin/env bash
# Builds what the lab's virtual machine boots from, and prints the folder it is in:
#
#   vmlinuz, initrd   Debian's kernel for virtual machines
#   disk              a file system with the root of bulwark-lab/machine, and that
#                     kernel's modules
#
# The folder is named by the machine image's key, the kernel's version and the files that
# are added here. A run that finds it builds nothing. --prune removes those of other names.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$lab/binaries.sh"

# More than five times what the audit log may grow to has to be free. Nothing takes what it does not use.
disk_size=40G

# cannot SAYING: such a machine cannot be had here, which is no failure of anything.
cannot() {
  say "$*"
  exit 3
}

kernel_package() {
  apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: //p' | head -n 1
}

kernel_version() { apt-cache show "$1" | sed -n 's/^Version: //p' | head -n 1; }

# machine_root TO unpacks the machine's image, without what is only for a container.
machine_root() {
  local container
  mkdir -p "$1"
  container=$(docker create "bulwark-lab/machine:$machine")
  docker export "$container" | tar -x --numeric-owner -C "$1"
  docker rm "$container" >/dev/null
  rm -f "$1/.dockerenv" "$1/usr/local/sbin/boot" \
    "$1/etc/systemd/system.conf.d/lab.conf" "$1/etc/systemd/journald.conf.d/lab.conf"
  sed -i -e '/lower an OOM score/d' -e '/restrict_oom_score_adj/d' -e '/missing_hugetlb/d' "$1/etc/containerd/config.toml"
  cp -r "$lab/vm/root/." "$1/"
  for wants in multi-user network-online; do
    mkdir -p "$1/etc/systemd/system/$wants.target.wants"
    ln -s ../lab-network.service "$1/etc/systemd/system/$wants.target.wants/"
  done
}

# unpack ROOT unpacks the container images, as pulling them does on a machine. Left to the
# first start of each container it takes longer there than the kubelet waits.
unpack() {
  local work daemon ctr image
  work=$(mktemp -d)
  cat >"$work/config.toml" <<-END
	version = 3
	root = '$1/var/lib/containerd'
	state = '$work/state'
	disabled_plugins = ['io.containerd.cri.v1.runtime', 'io.containerd.cri.v1.images', 'io.containerd.grpc.v1.cri']
	[grpc]
	address = '$work/socket'
	[ttrpc]
	address = '$work/socket.ttrpc'
	END
  "$1/usr/local/bin/containerd" --config "$work/config.toml" &
  daemon=$!
  ctr=("$1/usr/local/bin/ctr" --address "$work/socket" --namespace k8s.io)
  for _ in $(seq 300); do
    [ -S "$work/socket" ] && "${ctr[@]}" version && break
    sleep 0.2
  done
  for image in $("${ctr[@]}" images list | awk 'NR > 1 && !seen[$3]++ { print $3 }'); do
    "${ctr[@]}" snapshots unpack "$image"
  done
  kill "$daemon"
  wait "$daemon" || true
  rm -rf "$work"
}

# kernel ROOT TO gives a root Debian's kernel and its modules.
kernel() {
  local deb
  deb=$(mktemp -d)
  chmod 755 "$deb"
  (cd "$deb" && apt-get download -q "$package=$version")
  dpkg-deb -x "$deb"/*.deb "$deb/tree"
  cp -a "$deb"/tree/lib/modules/. "$1/usr/lib/modules/"
  cp "$deb"/tree/boot/vmlinuz-* "$2/vmlinuz"
  cp "$deb"/tree/boot/config-* "$1/boot/" # kubeadm reads it
  rm -rf "$deb"
  chroot "$1" depmod "$(ls "$1/usr/lib/modules")"
}

# initial ROOT TO packs what finds the disk.
initial() {
  local tree file
  tree=$(mktemp -d)
  mkdir -p "$tree"/{bin,dev,modules}
  mknod "$tree/dev/console" c 5 1
  cp "$1/bin/busybox" "$tree/bin/"
  cp "$lab/vm/init.sh" "$tree/init"
  chroot "$1" modprobe -a -D -S "$(ls "$1/usr/lib/modules")" virtio_pci virtio_blk virtio_net |
    sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' >"$tree/modules/paths"
  while read -r file; do
    cp "$1$file" "$tree/modules/"
    basename "$file"
  done <"$tree/modules/paths" >"$tree/modules/order"
  (cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$2/initrd"
  rm -rf "$tree"
}

make_vm() {
  local root=$1.root
  rm -rf "$root" "$1.part"
  mkdir -p "$1.part"
  machine_root "$root"
  unpack "$root"
  kernel "$root" "$1.part"
  initial "$root" "$1.part"
  # Tables are written now: the kernel would do it later, beside what is measured.
  truncate -s "$disk_size" "$1.part/disk"
  mkfs.ext4 -q -d "$root" -N 400000 -E lazy_itable_init=0,lazy_journal_init=0 "$1.part/disk"
  rm -rf "$root" "$1"
  mv "$1.part" "$1"
}

[ "$(uname -m)" = x86_64 ] || cannot 'the virtual machine is an x86_64 one, and this is not'
package=$(kernel_package)
if [ -z "$package" ]; then
  step 'read package lists' '10 s' apt-get update -qq
  package=$(kernel_package)
fi
version=$(kernel_version "$package")
machine=$("$lab/build.sh" --key)
to=$cache/vm-$machine-$version-$(digest vm vm.sh)
if [ "${1:-}" = --prune ]; then
  find "$cache" -maxdepth 1 -name 'vm-*' ! -name "${to##*/}" -exec rm -rf {} +
  exit
fi
if [ ! -x /usr/bin/qemu-system-x86_64 ]; then
  step 'install QEMU' '30 s' packages qemu-system-x86
fi
if [ ! -d "$to" ]; then
  [ "$(id -u)" -eq 0 ] || cannot 'only root can build the disk of the virtual machine'
  "$lab/docker.sh"
  docker image inspect "bulwark-lab/machine:$machine" >/dev/null 2>&1 || die 'run e2e/lab/build.sh first'
  step 'install packages for the disk' '10 s' packages e2fsprogs cpio
  step 'make the virtual machine' '1 min' make_vm "$to"
fi
echo "$to"
