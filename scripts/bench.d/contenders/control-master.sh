# control-master.sh STEPS COMMAND FOLDER ADDRESSES SSH…: for each address one connection, and over it one ssh per command.
# shellcheck shell=bash
set -euo pipefail
steps=$1 command=$2 folder=$3 addresses=$4
shift 4
on_one() {
    local address=$1 step
    shift
    # -f: it goes into the background when it is connected.
    "$@" -fMN -S "$folder/$address" "$address"
    for ((step = 0; step < steps; step++)); do
        "$@" -S "$folder/$address" "$address" "$command"
    done
    "$@" -S "$folder/$address" -O exit "$address"
}
pids=()
for address in $addresses; do
    on_one "$address" "$@" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
