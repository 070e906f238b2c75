# one-script.sh SCRIPT ADDRESSES SSH…: runs `ssh ADDRESS sh -s` for each address, all at once.
# shellcheck shell=bash
set -euo pipefail
script=$1 addresses=$2
shift 2
pids=()
for address in $addresses; do
    "$@" "$address" sh -s <"$script" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
