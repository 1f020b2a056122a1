#!/usr/bin/env bash
# Builds kube-bench for machines of the lab, and prints the folder it is in:
#
#   kube-bench   the program, which needs nothing of a machine but what its checks run
#   cfg          the checks of the benchmark that the tests ask for
#
# Both are of one Go module, whose version build/go.mod alone says. The folder is in the
# lab's cache under the digest of build/ and the compiler; a run that finds it builds
# nothing. The lab's images have no part in it: a change here does not make them anew.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lab/lib.sh"
# shellcheck source=../lab/binaries.sh
. "$lab/binaries.sh"

benchmark=cis-1.12
module=github.com/aquasecurity/kube-bench
to=$cache/bin/kube-bench-$benchmark-$(go env GOVERSION)-$(digest ../kubebench/build)

make_it() {
  local source
  export CGO_ENABLED=0 GOWORK=off
  cd "$here/build"
  go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$1/kube-bench" tool
  source=$(go list -m -f '{{.Dir}}' "$module")
  mkdir "$1/cfg"
  # The module's files may be read alone, and so would be the copies.
  cp --no-preserve=mode -r "$source/cfg/config.yaml" "$source/cfg/$benchmark" "$1/cfg/"
}

if [ ! -d "$to" ]; then
  mkdir -p "$cache/bin"
  part=$(mktemp -d "$to.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  step 'compile kube-bench' '3 min' make_it "$part"
  chmod 755 "$part"
  # Who was faster has made the same.
  mv -T "$part" "$to" || [ -d "$to" ]
fi
echo "$to"
