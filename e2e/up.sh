#!/usr/bin/env bash
# Behind `make up` and `make down`: a hardened cluster on kind from a spec.
# kind's own node image where a registry answers, the lab's where none does.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --down ]; then
  e2e/lab/docker.sh
  make -s build
  bin/bulwark kind delete "$2"
  # kind's network is everybody's, of clusters that are stopped too: it goes
  # only where no container is left that could hang on it.
  if [ -z "$(docker ps -aq --filter network=kind)$(docker ps -aq --filter label=io.x-k8s.kind.cluster)" ]; then
    docker network rm kind >/dev/null 2>&1 || true
  fi
  echo 'kept, so that the next time is quick: packages, node images and build caches (e2e/lab/build.sh --prune removes old images),'
  echo 'fs.inotify.max_user_instances, and the Docker daemon where make up had to start one (e2e/lab/docker.sh --stop ends it)'
  exit
fi
spec=$1
if [ "$(id -u)" -ne 0 ] && ! docker info >/dev/null 2>&1; then
  echo 'NOT RUN: this needs root, or rights on a Docker daemon'
  exit 1
fi
e2e/packages.sh --up
e2e/lab/docker.sh

# pull says what it waits for. A registry that says no or nothing is one thing,
# a line that is slow another: who has one does not want 25 minutes of building.
pull() {
  local code=0 log
  log=$(mktemp)
  echo "getting $1, for 5 minutes at most"
  timeout 300 docker pull "$1" >"$log" 2>&1 || code=$?
  [ "$code" -eq 0 ] || tail -n 1 "$log"
  rm "$log"
  if [ "$code" -eq 124 ]; then
    echo "it did not finish within 5 minutes: get it yourself with"
    echo "  docker pull $1"
    echo 'and run make up again, or build a node image from source with e2e/lab/build.sh (25 minutes, as root)'
    exit 1
  fi
  return "$code"
}

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
elif docker image inspect "$theirs" >/dev/null 2>&1 || pull "$theirs"; then
  echo "node image: $theirs"
else
  echo "node image: $ours, from source, since that registry did not give kind's (25 minutes the first time, then a second)"
  e2e/lab/build.sh
  image=$ours
fi
echo 'building bulwark (5 minutes the first time, then seconds)'
make -s build
exec bin/bulwark kind create "$spec" ${image:+--image "$image"}
