# Takes away what pods and the kubelet left in the kernel, in systemd and in
# folders of nobody else's: kube-proxy's tables, those of the portmap plugin,
# the bridge of `cni "bridge"`, our routes, pods' network namespaces and
# control groups, and the kubelet's chains in iptables. Everything is optional,
# since any of it may be gone.

for family in ip ip6 inet; do
  for table in kube-proxy cni_hostport; do
    nft delete table "$family" "$table" 2>/dev/null || :
  done
done
ip link delete bulwark0 2>/dev/null || :
ip -4 route flush proto 98 2>/dev/null || :
ip -6 route flush proto 98 2>/dev/null || :
for namespace in $(ip netns list 2>/dev/null | sed -n 's/^\(cni-[0-9a-f-]*\).*/\1/p'); do
  ip netns delete "$namespace" || exit 1
done

# without_kubelet COMMAND FAMILY: of the kubelet's chains and the jumps to them.
# All other rules stay, in one transaction for each table; a table that nothing
# is left in goes.
without_kubelet() {
  command -v "$1-save" >/dev/null 2>&1 || return 0
  for table in filter nat mangle; do
    rules=$("$1-save" -t "$table" 2>/dev/null)
    case $rules in
    *:KUBE-*COMMIT*) ;;
    *) continue ;;
    esac
    printf '%s\n' "$rules" | sed '/^:KUBE-/d; /^-A KUBE-/d; / -[jg] KUBE-/d' | "$1-restore" -w 10 -T "$table" || exit 1
    left=$(nft list table "$2" "$table" 2>/dev/null) || continue
    left=$(printf '%s\n' "$left" | sed '/^table /d; /^[[:space:]]*chain [A-Z]* {$/d; /policy accept;$/d; /^[[:space:]]*}$/d; /^$/d')
    [ -n "$left" ] || nft delete table "$2" "$table" || exit 1
  done
}
without_kubelet iptables ip
without_kubelet ip6tables ip6

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
