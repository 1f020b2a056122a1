#!/usr/bin/env bash
# The README's test command. Builds what is missing first: the lab's images.
# Without rights on a Docker daemon the tests that need machines do not run,
# and the last line says so; with BULWARK_E2E=required that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-test}
export CGO_ENABLED=0 # as `make build` has it, so that each package is compiled once
# What cannot be installed is missed by a test, which says so.
e2e/packages.sh || [ "${BULWARK_E2E:-}" != required ]
not_run=
# Root is not enough: in an ordinary container no Docker daemon can be started.
why=$(e2e/lab/docker.sh 2>&1) || not_run="NOT RUN: tests that need machines, since no Docker daemon answers this user and none could be started (see docs/testing.md)"
if [ -n "$not_run" ]; then
  printf '%s\n' "$why" >&2
elif [ "$(id -u)" -eq 0 ]; then
  e2e/lab/build.sh
elif docker image inspect "bulwark-lab/machine:$(e2e/lab/build.sh --key)" >/dev/null 2>&1; then
  : # built by root before
else
  not_run='NOT RUN: tests that need machines, since their images are not built and only root can (sudo e2e/lab/build.sh)'
fi

# For the tests that make bare containers of kind's.
[ -n "$not_run" ] || BULWARK_NODE_IMAGE=bulwark-lab/node:$(e2e/lab/build.sh --key)
export BULWARK_NODE_IMAGE=${BULWARK_NODE_IMAGE:-}

case $mode in
test)
  export BULWARK_SEED=${BULWARK_SEED:-$RANDOM}
  echo "kill rows: BULWARK_SEED=$BULWARK_SEED"
  go test -timeout 45m ./...
  ;;
--chain) go test -tags matrix -count 1 -timeout 2h -v -run '^TestChain$' ./e2e ;;
--planes) go test -tags planes -count 1 -timeout 2h -v -run '^(TestControlPlanes|TestFiveControlPlanes|TestVirtualAddress|TestDrift|TestRolling|TestEncryptionOfMore|TestStockCluster|TestStockClusterWithKeys|TestStockControlPlanes)$' ./e2e ;;
# What an audit is worth. kube-bench is built before the clock of the tests runs. What it says stays in dist/.
--judge)
  [ -n "$not_run" ] || e2e/kubebench/build.sh >/dev/null
  mkdir -p dist
  go test -tags planes -count 1 -timeout 90m -v -artifacts -outputdir "$PWD/dist" -run '^(TestJudgeStock|TestJudgeHardened|TestStandards)$' ./e2e
  ;;
--put-back) go test -tags planes -count 1 -timeout 3h -v -run '^(TestPutBack|TestChangeKilled|TestPowerCut)$' ./e2e ;;
--matrix) go test -tags matrix -count 1 -timeout 6h -v -run '^TestMatrix$' ./e2e ;;
# The disk of the virtual machine is built before the clock of the test runs.
--vm)
  [ -n "$not_run" ] || e2e/lab/vm.sh >/dev/null || [ $? -eq 3 ] # the test says NOT RUN then
  go test -tags vm -count 1 -timeout 90m -v -run '^TestVirtualMachine$' ./e2e
  ;;
--bench)
  # First what is timed by itself; then what is timed side by side, with
  # everything compiled, so that no compiler is at work beside the clock.
  e2e/bench/packages.sh
  go list ./... | grep -v '/e2e/bench$' | xargs go test -count 1 -timeout 30m -run '^$' -bench . -benchtime 1x
  go test -count 1 -timeout 6h -run '^$' -bench . -benchtime 1x -v ./e2e/bench
  ;;
*) echo "usage: e2e/test.sh [--chain|--planes|--judge|--put-back|--matrix|--vm|--bench]" >&2; exit 64 ;;
esac

if [ -n "$not_run" ]; then
  echo "$not_run"
  [ "${BULWARK_E2E:-}" != required ] || exit 1
fi
