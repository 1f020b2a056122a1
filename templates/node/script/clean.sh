# Takes away what pods and the kubelet left in the kernel, in systemd and in
# folders of nobody else's: kube-proxy's tables, those of the portmap plugin,
# the bridge of `cni "bridge"`, our routes, what flannel left, pods' network
# namespaces and control groups, and the kubelet's chains in iptables.
# Everything is optional, since any of it may be gone. Standard input is addresses,
# a line each, that the machine may have held for the cluster: who held one was
# ended, and had no time to put it away.

while IFS= read -r address; do
  ip -o address show 2>/dev/null | while read -r _ device _ held _; do
    [ "${held%/*}" != "$address" ] || ip address delete "$held" dev "$device" || exit 1
  done || exit 1
done

for family in ip ip6 inet; do
  for table in kube-proxy cni_hostport; do
    nft delete table "$family" "$table" 2>/dev/null || :
  done
done
ip link delete bulwark0 2>/dev/null || :
# Others call a bridge cni0 too: beside flannel's device it is flannel's.
for device in flannel.1 flannel-v6.1; do
  if ip link show "$device" >/dev/null 2>&1; then
    ip link delete cni0 2>/dev/null || :
    ip link delete "$device" || exit 1
  fi
done
nft delete table ip flannel-ipv4 2>/dev/null || :
nft delete table ip6 flannel-ipv6 2>/dev/null || :
ip -4 route flush proto 98 2>/dev/null || :
ip -6 route flush proto 98 2>/dev/null || :
for namespace in $(ip netns list 2>/dev/null | sed -n 's/^\(cni-[0-9a-f-]*\).*/\1/p'); do
  ip netns delete "$namespace" || exit 1
done

# without_pods COMMAND FAMILY: of chains of the kubelet and flannel and the jumps to them.
# All other rules stay, in one transaction for each table; a table that nothing
# is left in goes.
without_pods() {
  command -v "$1-save" >/dev/null 2>&1 || return 0
  for table in filter nat mangle; do
    rules=$("$1-save" -t "$table" 2>/dev/null)
    case $rules in
    *:KUBE-*COMMIT* | *:FLANNEL-*COMMIT*) ;;
    *) continue ;;
    esac
    printf '%s\n' "$rules" | sed -E '/^(:|-A )(KUBE|FLANNEL)-/d; / -[jg] (KUBE|FLANNEL)-/d' | "$1-restore" -w 10 -T "$table" || exit 1
    left=$(nft list table "$2" "$table" 2>/dev/null) || continue
    left=$(printf '%s\n' "$left" | sed '/^table /d; /^[[:space:]]*chain [A-Z]* {$/d; /policy accept;$/d; /^[[:space:]]*}$/d; /^$/d')
    [ -n "$left" ] || nft delete table "$2" "$table" || exit 1
  done
}
without_pods iptables ip
without_pods ip6tables ip6

# The slices of pods that are gone. What still runs keeps its own.
if command -v systemctl >/dev/null 2>&1; then
  systemctl stop kubepods.slice 2>/dev/null || :
fi
find /sys/fs/cgroup -depth -type d \( -name 'kubepods*' -o -path '*/kubepods*/*' \) -exec rmdir {} + 2>/dev/null

# Folders that the kubelet made for plugins nobody installed.
at=/usr/libexec/kubernetes/kubelet-plugins/volume/exec
while [ "$at" != /usr/libexec ] && rmdir "$at" 2>/dev/null; do
  at=${at%/*}
done
:
