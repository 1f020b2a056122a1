# What kubeadm would write, said from within a mount namespace that nobody else
# sees: what lies on $here is in memory, and ends with it. kubeadm needs none of
# the cluster's keys for this, so it sees none; on a worker it would also take a
# CA without a key for a mistake.
here=/mnt
mount --make-rprivate / 2>/dev/null
why=$(mount -t tmpfs -o mode=0700,size=32m tmpfs "$here" 2>&1) || no "no file system in memory: $why"
if [ -d /etc/kubernetes/pki ]; then
  why=$(mount -t tmpfs -o mode=0700,size=1m tmpfs /etc/kubernetes/pki 2>&1) || no "keys cannot be hidden: $why"
fi
mkdir "$here/patches" "$here/out" || no 'no folder in memory'
KUBEADM_INIT_DRYRUN_DIR=$here/out
export KUBEADM_INIT_DRYRUN_DIR

# answer KIND FILE: its name and its bytes, kept until all is there.
answer() {
  base=${2##*/}
  printf '%s %s 0 %s\n%s\n' "$nonce" "$1" "$(($(wc -c <"$2") + ${#base} + 1))" "$base"
  cat "$2"
  echo
} >>"$here/answer"

same=
while IFS= read -r line; do
  case $line in
  'same '*) same=${line#same } ;;
  file)
    IFS= read -r name && read -r size || exit 65
    why=$(read_bytes "$size" "$here/$name") || no "$name: $why"
    ;;
  'init '*)
    # It asks nobody; that there is such a file is all it wants.
    [ ! -f "$here/admin.conf" ] || cp "$here/admin.conf" "$here/out/admin.conf"
    bounded 60 kubeadm init --skip-phases "${line#init }" --skip-token-print --config "$here/kubeadm.yaml" --dry-run \
      >"$here/printed" 2>"$here/said" </dev/null || no "kubeadm init --dry-run:$nl$(tail -n 5 "$here/said")"
    if [ -f "$here/admin.conf" ]; then
      rm -f "$here/out/admin.conf"
      answer printed "$here/printed"
    fi
    ;;
  end)
    for f in "$here"/out/*; do
      [ ! -f "$f" ] || answer derived "$f"
    done
    if [ -n "$same" ] && [ "$(digest <"$here/answer")" = "$same" ]; then
      frame same 0 "$same"
    else
      cat "$here/answer"
    fi
    finish
    ;;
  *) exit 65 ;;
  esac
done
exit 65
