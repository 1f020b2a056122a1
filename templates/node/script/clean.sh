# Takes away what pod networking left in the kernel: kube-proxy's tables, those
# of the portmap plugin, the bridge of `cni "bridge"`, our routes, and pods'
# network namespaces. Everything is optional, since any of it may be gone.

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
