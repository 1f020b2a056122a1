#!/usr/bin/env bash
# Behind `make up` and `make down`: a hardened cluster on kind from a spec.
# kind's own node image where a registry answers, the lab's where none does.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --down ]; then
  e2e/lab/docker.sh
  make -s build
  bin/bulwark kind delete "$2"
  # kind's network is everybody's: it goes with the last cluster.
  docker network rm kind >/dev/null 2>&1 || true
  echo 'kept, so that the next time is quick: node images and build caches (e2e/lab/build.sh --prune removes old images)'
  exit
fi
spec=$1
if [ "$(id -u)" -ne 0 ] && ! docker info >/dev/null 2>&1; then
  echo 'NOT RUN: this needs root, or rights on a Docker daemon'
  exit 1
fi
e2e/packages.sh
e2e/lab/docker.sh

# kind's default is what a registry would answer with; a lab image that is
# there already spares the question. Where the module lies is known only once
# it was downloaded.
ours=bulwark-lab/node:$(e2e/lab/build.sh --key)
go mod download sigs.k8s.io/kind
theirs=$(sed -n 's/^const Image = "\(.*\)"/\1/p' "$(go list -m -f '{{.Dir}}' sigs.k8s.io/kind)/pkg/apis/config/defaults/image.go")
image=
if docker image inspect "$ours" >/dev/null 2>&1; then
  echo "node image: $ours, from source, built before"
  image=$ours
elif docker image inspect "$theirs" >/dev/null 2>&1 || timeout 120 docker pull -q "$theirs" >/dev/null 2>&1; then
  echo "node image: $theirs"
else
  echo "node image: $ours, from source, since no registry answers (25 minutes the first time, then a second)"
  e2e/lab/build.sh
  image=$ours
fi
echo 'building bulwark (5 minutes the first time, then seconds)'
make -s build
exec bin/bulwark kind create "$spec" ${image:+--image "$image"}
