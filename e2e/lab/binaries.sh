# shellcheck shell=bash disable=SC2154 # lab and cache are lib.sh's
# The programs, compiled from the Go modules in build/, each once per version: the key of
# a result is the digest of its module's files (go.sum included) and of the compiler.

# digest PATH... is one short digest of files and folders: of names and of content.
digest() {
  (cd "$lab" && find "$@" -type f | LC_ALL=C sort | xargs -d '\n' sha256sum) | sha256sum | cut -c 1-12
}

# bin NAME is where the results of build/NAME are.
bin() { echo "$cache/bin/$1-$(go env GOVERSION)-$(digest "build/$1")"; }

# version NAME MODULE is the version that build/NAME asks for.
version() { (cd "$lab/build/$1" && GOWORK=off go list -m -f '{{.Version}}' "$2"); }

# compile NAME EXPECTED compiles build/NAME unless that was done before.
compile() {
  [ -d "$(bin "$1")" ] || step "compile $1" "$2" compile_now "$1"
}

compile_now() {
  local name=$1 target=(tool) flags=() overlay=() to
  to=$(bin "$name")
  rm -rf "$to.part"
  mkdir -p "$to.part"
  export CGO_ENABLED=0 GOWORK=off
  case $name in
  kubernetes)
    target=(.)
    local v stamp=k8s.io/component-base/version
    v=$(version kubernetes k8s.io/kubernetes)
    # v1.37.2: its parts are 1, 37 and 2.
    IFS=. read -r major minor _ <<<"${v#v}"
    flags=(-X "$stamp.gitVersion=$v" -X "$stamp.gitMajor=$major" -X "$stamp.gitMinor=$minor" -X "$stamp.gitTreeState=clean")
    ;;
  containerd)
    flags=(-X "github.com/containerd/containerd/v2/version.Version=$(version containerd github.com/containerd/containerd/v2)")
    ;;
  coredns | oci) target=(.) ;;
  flannel)
    target=(. github.com/flannel-io/flannel/cmd/install_conf)
    flannel_main "$to.part"
    overlay=(-overlay "$to.part/overlay.json")
    ;;
  esac
  (cd "$lab/build/$name" && go build -trimpath -buildvcs=false "${overlay[@]}" -ldflags "-s -w ${flags[*]}" -o "$to.part/" "${target[@]}")
  case $name in
  etcd) mv "$to.part/server" "$to.part/etcd" ;; # Go names it after its folder
  kubernetes)
    ln -s kubernetes "$to.part/kubeadm" # for what the build itself asks of it
    compile_pause "$to.part/pause"
    ;;
  esac
  rm -rf "$to"
  mv "$to.part" "$to"
}

# flannel_main TO lays flannel's main over build/flannel, without the backends that need
# C (udp) and the SDK of a cloud (tencentvpc).
flannel_main() {
  local source module=github.com/flannel-io/flannel
  # A module that was never fetched has no folder yet, and `go list -m` fetches none.
  source=$(cd "$lab/build/flannel" && go mod download "$module" && go list -m -f '{{.Dir}}' "$module")
  grep -vE '"github.com/flannel-io/flannel/pkg/backend/(udp|tencentvpc)"' "$source/main.go" >"$1/main.go"
  printf '{"Replace": {"%s": "%s"}}\n' "$lab/build/flannel/main.go" "$1/main.go" >"$1/overlay.json"
}

# pause is C, and comes with Kubernetes.
compile_pause() {
  packages gcc libc6-dev
  local source
  source=$(cd "$lab/build/kubernetes" && go list -m -f '{{.Dir}}' k8s.io/kubernetes)
  gcc -Os -Wall -static -s -o "$1" "$source/build/pause/linux/pause.c"
}
