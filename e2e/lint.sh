#!/usr/bin/env bash
# What a change is held to besides its tests.
set -euo pipefail
cd "$(dirname "$0")/.."
code=0
unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
  printf 'not formatted, run gofmt -w:\n%s\n' "$unformatted"
  code=1
fi
go vet ./... || code=1
go vet -tags matrix,planes,vm ./e2e || code=1
if command -v shellcheck >/dev/null; then
  git ls-files '*.sh' .ci/run | grep -v '^templates/node/script/' | xargs shellcheck -x -P SCRIPTDIR || code=1
  git ls-files 'templates/node/script/*.sh' | xargs -r shellcheck -s sh -e SC2034,SC2154 || code=1
else
  echo 'NOT RUN: shellcheck, it is not installed'
fi
if command -v golangci-lint >/dev/null; then
  golangci-lint run || code=1
else
  echo 'NOT RUN: golangci-lint, it is not installed (go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0)'
fi
exit $code
