# a-process-each.sh NAMES INFRAKT…: for an infrakt that can only work on one server: one process per server.
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
