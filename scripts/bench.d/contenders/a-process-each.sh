# a-process-each.sh NAMES INFRAKT…: for an infrakt that takes one server after the other, a process for each.
# shellcheck shell=bash
set -euo pipefail
names=$1
shift
pids=()
for name in $names; do
    "$@" --server "$name" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
