#!/bin/sh
# An OCI runtime for a machine whose root lacks CAP_SYS_RESOURCE: runc, asked for less.
# `docker run --privileged` asks for every capability, and for rlimits and a negative
# OOM score, which such a root cannot give. Taken out of the request, the rest works.
set -eu

reduce() { # reduce FILE FILTER
  jq "$2" "$1" >"$1.reduced"
  # The file keeps its owner and mode: it is written to, not replaced.
  cat "$1.reduced" >"$1"
  rm -f "$1.reduced"
}

process='del(.rlimits)
  | (if (.oomScoreAdj // 0) < 0 then del(.oomScoreAdj) else . end)
  | (if .capabilities then .capabilities |= map_values(. - ["CAP_SYS_RESOURCE"]) else . end)'

previous=
for argument in "$@"; do
  case $previous in
  --bundle | -b) reduce "$argument/config.json" ".process |= ($process)" ;;
  --process | -p) reduce "$argument" "$process" ;;
  esac
  previous=$argument
done
exec runc "$@"
