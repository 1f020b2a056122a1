#!/usr/bin/env bash
# The same cluster by hand: what somebody who knows kubeadm well would write who
# has the files already. They are those of `bulwark render`; the script puts in
# what only run time knows (encryption key, token, pod prefixes). One connection
# to each machine, all machines at the same time where that is possible.
#
# usage: byhand.sh RENDERED SSH_CONFIG CONTROL-PLANE=ADDRESS WORKER=ADDRESS...
# shellcheck disable=SC2016,SC2029 # what is quoted is for the machines, and is made here
set -euo pipefail
rendered=$1 config=$2
shift 2
declare -A address
nodes=()
for pair in "$@"; do
  nodes+=("${pair%%=*}")
  address[${pair%%=*}]=${pair#*=}
done
cp=${nodes[0]} workers=("${nodes[@]:1}")

umask 077
work=$(mktemp -d)
options=(-F "$config" -o ControlMaster=auto -o "ControlPath=$work/%C" -o ControlPersist=120)
finish() {
  for node in "${nodes[@]}"; do
    ssh "${options[@]}" -O exit "${address[$node]}" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap finish EXIT

# on NODE SCRIPT runs a script without single quotes as root.
on() {
  ssh "${options[@]}" "${address[$1]}" "sudo sh -euc '$2'"
}

# each FUNCTION NODE... does it on all of them at the same time.
each() {
  local f=$1 pids=() pid node
  shift
  for node in "$@"; do
    "$f" "$node" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

# put FILE NAME VALUE replaces a reference in a file of ours.
put() {
  local text
  text=$(<"$1")
  printf '%s\n' "${text//"<<bulwark:$2>>"/"$3"}" >"$1"
}

# pack NODE FIND-EXPRESSION... is an archive of some of its files.
pack() {
  local node=$1
  shift
  (cd "$work/files/$node/files" && find . -type f "$@" -print0 | tar --null -T - --owner=0 --group=0 --mode=0600 -c)
}

late=('(' -name '*.conflist' -o -name routes.batch ')') # pod prefixes are in these

# prepare puts the files there and closes the firewall before anything listens.
prepare() {
  pack "$1" ! "${late[@]}" | on "$1" '
    umask 077
    mkdir -p -m 0755 /etc/kubernetes
    mkdir -p /var/lib/bulwark
    tar -x -C /
    sysctl -q -p /etc/sysctl.d/90-bulwark.conf
    systemctl daemon-reload
    systemctl enable -q --now bulwark-firewall.service
    [ ! -e /etc/sysusers.d/bulwark-etcd.conf ] || systemctl enable -q --now bulwark-account.service
    systemctl enable -q kubelet.service'
}

# initialise prints a token and the CA.
initialise() {
  on "$cp" '
    umask 077
    cd /etc/kubernetes/bulwark
    chmod 0644 /etc/sysusers.d/bulwark-etcd.conf
    mkdir -p /var/log/kubernetes/audit
    kubeadm init phase certs all --config kubeadm.yaml >&2
    install -d -o 2379 -g 2379 -m 0700 etcd /var/lib/etcd
    for f in ca.crt server.crt server.key peer.crt peer.key; do
      install -o 2379 -g 2379 -m 0600 "/etc/kubernetes/pki/etcd/$f" "etcd/$f"
    done
    kubeadm init --config kubeadm.yaml --skip-token-print --skip-phases show-join-command >&2
    rm -f /etc/kubernetes/super-admin.conf
    kubeadm token create --kubeconfig /etc/kubernetes/admin.conf --ttl 20m --usages authentication
    base64 -w 0 /etc/kubernetes/pki/ca.crt
    echo'
}

join() {
  on "$1" '
    umask 077
    cd /etc/kubernetes/bulwark
    cat >discovery.conf
    kubeadm join --config kubeadm.yaml >&2
    rm -f discovery.conf' <"$work/discovery.conf"
}

# prefixes prints every node and its pod prefix, once all have one.
prefixes() {
  on "$cp" '
    export KUBECONFIG=/etc/kubernetes/admin.conf
    until [ "$(kubectl get nodes --no-headers -o custom-columns=C:.spec.podCIDR | grep -c /)" = '"${#nodes[@]}"' ]; do
      sleep 0.2
    done
    kubectl get nodes --no-headers -o custom-columns=N:.metadata.name,C:.spec.podCIDR'
}

# network connects the pods.
network() {
  local node prefix
  while read -r node prefix; do
    put "$work/files/$1/files/etc/bulwark/routes.batch" "pod-cidr/$node" "$prefix"
    put "$work/files/$1/files/etc/cni/net.d/10-bulwark.conflist" "pod-cidr/$node" "$prefix"
  done <"$work/prefixes"
  pack "$1" "${late[@]}" | on "$1" '
    umask 077
    mkdir -p /var/lib/cni/networks/bulwark
    : >>/var/lib/cni/networks/bulwark/lock
    tar -x -C /
    systemctl enable -q --now bulwark-routes.service'
}

# approve approves what the nodes ask for, until all have a serving certificate.
approve() {
  on "$cp" '
    export KUBECONFIG=/etc/kubernetes/admin.conf
    while :; do
      kubectl get csr --no-headers --field-selector spec.signerName=kubernetes.io/kubelet-serving \
        -o custom-columns=N:.metadata.name,U:.spec.username,S:.status.conditions[*].type >/run/requests
      [ "$(grep Approved /run/requests | tr -s " " | cut -d " " -f 2 | sort -u | wc -l)" != '"${#nodes[@]}"' ] || break
      grep "system:node:.*<none>" /run/requests | cut -d " " -f 1 | xargs -r kubectl certificate approve >&2 || :
      sleep 0.2
    done
    rm /run/requests'
}

# tidy takes away what joining needed, and sets modes that kubeadm does not.
tidy() {
  [ "$1" != "$cp" ] || on "$cp" '
    export KUBECONFIG=/etc/kubernetes/admin.conf
    kubectl -n kube-system delete secret --field-selector type=bootstrap.kubernetes.io/token >&2
    kubectl -n kube-public delete rolebinding kubeadm:bootstrap-signer-clusterinfo >&2'
  on "$1" 'chmod 0600 /var/lib/kubelet/config.yaml /var/lib/kubelet/*.env /var/lib/kubelet/instance-config.yaml'
}

say() { printf '== %s\n' "$1" >&2; }

cp -r "$rendered" "$work/files"
put "$work/files/$cp/files/etc/kubernetes/bulwark/apiserver/encryption.yaml" encryption-key "$(head -c 32 /dev/urandom | base64)"

say "prepare"
each prepare "${nodes[@]}"
say "init"
initialise >"$work/secrets"
{ read -r token && read -r ca; } <"$work/secrets"
cat >"$work/discovery.conf" <<END
apiVersion: v1
kind: Config
clusters:
- name: bulwark
  cluster: {server: "https://${address[$cp]}:6443", certificate-authority-data: $ca}
users:
- name: bulwark
  user: {token: $token}
contexts:
- name: bulwark
  context: {cluster: bulwark, user: bulwark}
current-context: bulwark
END
say "join"
each join "${workers[@]}"
say "pod prefixes"
prefixes >"$work/prefixes"
say "network"
each network "${nodes[@]}"
say "approve"
approve
say "wait"
on "$cp" 'kubectl --kubeconfig /etc/kubernetes/admin.conf wait --for=condition=Ready node --all --timeout=300s' >&2
say "tidy"
each tidy "${nodes[@]}"
