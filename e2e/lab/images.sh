# shellcheck shell=bash
# The container images a control plane is made of, under the names this kubeadm asks for,
# in the content store of the node's containerd: no machine of the lab pulls anything.

# kubernetes_names are the programs that the one binary of build/kubernetes is.
kubernetes_names='kubeadm kubelet kubectl kube-apiserver kube-controller-manager kube-scheduler kube-proxy'

# wanted_images lists what kubeadm asks for. Its own version is named, else kubeadm would
# ask the internet for the newest.
wanted_images() {
  "$(bin kubernetes)/kubeadm" config images list --kubernetes-version "$(kubernetes_version)"
}

kubernetes_version() { "$(bin kubernetes)/kubeadm" version -o short; }

# layer DIRECTORY FILE... puts programs where an image's PATH finds them.
layer() {
  local to=$1
  shift
  mkdir -p "$to/usr/local/bin" "$to/tmp"
  chmod 1777 "$to/tmp"
  cp "$@" "$to/usr/local/bin/"
}

# describe ROOT LAYERS reads image names and writes what build/oci packs. Files of ROOT
# that kube-proxy calls are brought along with the libraries they need.
describe() {
  local root=$1 layers=$2 name program
  layer "$layers/kubernetes" "$(bin kubernetes)/kubernetes"
  for program in $kubernetes_names; do ln -s kubernetes "$layers/kubernetes/usr/local/bin/$program"; done
  layer "$layers/etcd" "$(bin etcd)"/*
  packet_tools "$root" "$layers/packets"
  mkdir -p "$layers/coredns" "$layers/pause" "$layers/busybox/bin" "$layers/flannel/opt/bin" "$layers/flannel-plugin" "$layers/kube-vip"
  cp "$(bin coredns)/coredns" "$layers/coredns/"
  cp "$(bin kubernetes)/pause" "$layers/pause/"
  cp "$root/bin/busybox" "$layers/busybox/bin/"
  # Where the published images have them.
  cp "$(bin flannel)/flannel" "$layers/flannel/opt/bin/flanneld"
  cp "$(bin flannel)/install_conf" "$layers/flannel/opt/bin/install-conf"
  cp "$(bin flannel-plugin)/flannel" "$layers/flannel-plugin/"
  cp "$(bin kube-vip)/kube-vip" "$layers/kube-vip/"
  for program in $("$root/bin/busybox" --list); do
    [ -e "$layers/busybox/bin/$program" ] || ln -s busybox "$layers/busybox/bin/$program"
  done
  while read -r name; do
    printf 'image %s\n' "$name"
    # The users are those of the published images.
    case $name in
    */pause:*) printf '%s\n' "layer $layers/pause" 'user 65535:65535' 'entrypoint /pause' ;;
    */coredns:*) printf '%s\n' "layer $layers/coredns" 'user 65532:65532' 'entrypoint /coredns' ;;
    */etcd:*) printf '%s\n' "layer $layers/etcd" ;;
    */kube-proxy:*) printf '%s\n' "layer $layers/kubernetes" "layer $layers/packets" ;;
    */busybox:*) printf '%s\n' "layer $layers/busybox" ;;
    */flannel:*) printf '%s\n' "layer $layers/flannel" "layer $layers/packets" ;;
    */kube-vip:*) printf '%s\n' "layer $layers/kube-vip" 'entrypoint /kube-vip' ;;
    */flannel-cni-plugin:*) printf '%s\n' "layer $layers/flannel-plugin" "layer $layers/busybox" ;;
    *) printf '%s\n' "layer $layers/kubernetes" ;;
    esac
  done
}

# packet_tools ROOT TO takes nftables, iptables (over nf_tables) and conntrack.
packet_tools() {
  local program file extensions
  mkdir -p "$2"
  extensions=$(cd "$1" && ls -d ./usr/lib/*/xtables)
  (cd "$1" && cp -rL --parents "$extensions" "$2")
  for program in /usr/sbin/nft /usr/sbin/xtables-nft-multi /usr/sbin/conntrack; do
    (cd "$1" && cp -L --parents ".$program" "$2")
  done
  # The libraries of all of these; one library may be named several times.
  for file in $(chroot "$1" sh -c "ldd /usr/sbin/nft /usr/sbin/xtables-nft-multi /usr/sbin/conntrack $extensions/*.so" |
    grep -o '/[^ ]* (0x' | cut -d ' ' -f 1 | sort -u); do
    (cd "$1" && cp -L --parents ".$file" "$2")
  done
  for program in iptables ip6tables; do
    ln -s xtables-nft-multi "$2/usr/sbin/$program"
    ln -s xtables-nft-multi "$2/usr/sbin/$program-save"
    ln -s xtables-nft-multi "$2/usr/sbin/$program-restore"
  done
}

# preload ROOT imports the images with a containerd of this machine that keeps its things
# in ROOT. Nothing is unpacked: snapshots would not survive being copied into an image.
preload() {
  local root=$1 work ctr daemon
  work=$(mktemp -d)
  {
    wanted_images
    echo localhost/busybox:lab # for the pods of tests
    echo ghcr.io/kube-vip/kube-vip:v1.0.0 # for endpoint.vip
    # For examples/flannel; the firewall knows a CNI by the end of its image's name.
    printf 'localhost/flannel/%s:lab\n' flannel flannel-cni-plugin
  } | describe "$root" "$work/layers" >"$work/images"
  cat >"$work/config.toml" <<-END
	version = 3
	root = '$root/var/lib/containerd'
	state = '$work/state'
	disabled_plugins = ['io.containerd.cri.v1.runtime', 'io.containerd.cri.v1.images', 'io.containerd.grpc.v1.cri']
	[grpc]
	address = '$work/socket'
	[ttrpc]
	address = '$work/socket.ttrpc'
	END
  "$(bin containerd)/containerd" --config "$work/config.toml" &
  daemon=$!
  ctr=("$(bin containerd)/ctr" --address "$work/socket" --namespace k8s.io)
  for _ in $(seq 50); do
    [ -S "$work/socket" ] && "${ctr[@]}" version && break
    sleep 0.2
  done
  "$(bin oci)/oci" <"$work/images" |
    "${ctr[@]}" images import --no-unpack --label io.cri-containerd.pinned=pinned -
  "${ctr[@]}" images list
  kill "$daemon"
  wait "$daemon" || true
  rm -rf "$work"
}
