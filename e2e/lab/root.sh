# shellcheck shell=bash
# The Debian that both images grow from: systemd, sshd and what Kubernetes asks of a
# node, with no service enabled and nothing that would make two machines alike.

# Where this machine gets its own packages from is where the node's come from.
# shellcheck disable=SC2016 # apt expands it
mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1; }

make_root() { # make_root DIRECTORY
  local root=$1.part
  packages debootstrap
  rm -rf "$root"
  debootstrap --variant=minbase --include="$(
    echo systemd,systemd-sysv,dbus,openssh-server,sudo, \
      conntrack,iptables,nftables,iproute2,ethtool,socat,iputils-ping, \
      mount,kmod,procps,e2fsprogs,libseccomp2,runc, \
      busybox-static,ca-certificates,curl,jq | tr -d ' '
  )" bookworm "$root" "$(mirror)"
  quieten "$root"
  make_anonymous "$root"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
  rm -rf "$1"
  mv "$root" "$1"
}

# quieten ROOT enables nothing: an image enables what it is for. Left are the units that
# systemd itself wants at boot, without those that reach for a kernel or a console that
# a container shares with its host.
quieten() {
  rm -f "$1"/etc/systemd/system/*.wants/*
  local unit
  for unit in systemd-binfmt getty@ console-getty systemd-remount-fs; do
    ln -sf /dev/null "$1/etc/systemd/system/$unit.service"
  done
  ln -sf /dev/null "$1/etc/systemd/system/getty.target"
  mkdir -p "$1/etc/systemd/journald.conf.d" "$1/var/log/journal" "$1/lib/modules"
  # The kernel's messages are the host's; the journal outlives a reboot, as on a machine.
  printf '[Journal]\nReadKMsg=no\nStorage=persistent\n' >"$1/etc/systemd/journald.conf.d/lab.conf"
}

# make_anonymous ROOT removes what names one machine; each gets its own when it starts.
make_anonymous() {
  rm -f "$1"/etc/ssh/ssh_host_* "$1/var/lib/dbus/machine-id" "$1/etc/hostname"
  : >"$1/etc/machine-id"
  useradd --root "$1" --create-home --shell /bin/bash ops
  mkdir -p "$1/etc/kubernetes/manifests" # as Debian packages of the kubelet do
}
