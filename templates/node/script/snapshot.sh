# Saves etcd as it is now on the disk of its own machine: a snapshot holds every
# Secret, so it goes nowhere that the data itself does not lie. What does it is
# the etcdctl of the running etcd's image, inside its container: of the right
# version, with no more rights than etcd has, as etcd itself to its own server.
#   $1 is the folder for snapshots, $2 how many are kept.
# It says last: snapshot PATH BYTES REVISION.
set -u
umask 077
to=$1 kept=$2

fail() {
  printf '%s\n' "$1"
  exit 1
}

in_containerd() {
  ctr --namespace k8s.io "$@"
}

# Only the kubelet gives these labels. Of several, one runs.
ids=$(in_containerd containers list --quiet 'labels."io.kubernetes.container.name"==etcd,labels."io.kubernetes.pod.namespace"==kube-system') ||
  fail 'containerd does not list its containers'
tasks=$(in_containerd tasks list) || fail 'containerd does not list what runs'
etcd='' pid=''
while read -r id its status; do
  case $status,$ids in
  RUNNING,*"$id"*)
    [ -z "$etcd" ] || fail 'more than one etcd of kube-system runs here'
    etcd=$id pid=$its
    ;;
  esac
done <<TASKS
$tasks
TASKS
[ -n "$etcd" ] || fail 'no etcd of kube-system runs here'

# argument NAME: as the running etcd has it.
argument() {
  tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n "s/^--$1=//p" | tail -n 1
}
data=$(argument data-dir)
server=$(argument listen-client-urls)
server=${server%%,*}
case $data,$server in
/*,https://*) ;;
*) fail "etcd runs with --data-dir=$data and --listen-client-urls=$server, and neither is as kubeadm writes it" ;;
esac

# What an earlier run left, when it was killed.
rm -f "$data"/.bulwark-snapshot-* "$to"/.new-* || exit 1
[ -d "$to" ] || mkdir -p "$to" || exit 1
[ ! -L "$to" ] || fail "$to is a link; remove it"
chmod 0700 "$to" || exit 1

# etcd must not be without room because of this: as much again as it has stays free.
size=$(stat -c %s "$data/member/snap/db") || exit 1
for folder in "$data" "$to"; do
  blocks=$(stat -f -c '%a %S' "$folder") || exit 1
  free=$((${blocks% *} * ${blocks#* }))
  if [ "$free" -lt "$((2 * size))" ]; then
    printf 'full\n%s\n%s %s\n' "$folder" "$free" "$((2 * size))"
    exit 1
  fi
done

now=$(date -u +%Y%m%dT%H%M%SZ)
part=$data/.bulwark-snapshot-$now.db new=$to/.new-$now.db made=$to/etcd-$now.db
trap 'rm -f "$part" "$part.part" "$new"' EXIT
trap 'exit 1' HUP INT TERM

in_etcd() {
  in_containerd tasks exec --exec-id "bulwark-$1-$now-$$" "$etcd" "$@" </dev/null
}
in_etcd etcdctl --command-timeout=10m --endpoints="$server" --cacert="$(argument trusted-ca-file)" \
  --cert="$(argument cert-file)" --key="$(argument key-file)" snapshot save "$part" >/dev/null ||
  fail 'etcdctl did not save a snapshot'
status=$(in_etcd etcdutl snapshot status "$part") || fail "the snapshot is damaged: $status"
# "hash, revision, keys, size", the version behind.
revision=${status#*, }
revision=${revision%%,*}

mv "$part" "$new" || exit 1
if [ -L "$new" ] || [ ! -f "$new" ]; then
  fail "$part was not a file"
fi
chown 0:0 "$new" && chmod 0600 "$new" || exit 1
sync "$new" 2>/dev/null || sync

# The server sends a digest behind the data: what lies on the disk is read for it.
bytes=$(stat -c %s "$new") || exit 1
sum=$(head -c "$((bytes - 32))" "$new" | sha256sum)
sent=$(tail -c 32 "$new" | od -An -v -tx1 | tr -d ' \n')
[ "${sum%% *}" = "$sent" ] || fail 'the snapshot on the disk is not what etcd sent'
mv "$new" "$made" || exit 1
sync "$to" 2>/dev/null || sync

set -- "$to"/etcd-*.db
while [ "$#" -gt "$kept" ]; do
  [ "$1" = "$made" ] || rm -f "$1"
  shift
done
printf 'snapshot %s %s %s\n' "$made" "$bytes" "$revision"
