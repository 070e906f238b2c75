# One cgroup per machine, in every hierarchy. With it, the lab counts, finds and ends the machine's processes.
# shellcheck shell=bash

cgroup_mounts() {
  awk '{ for (i = 7; i <= NF; i++) if ($i == "-" && $(i + 1) ~ /^cgroup2?$/ && $5 ~ "^/sys/fs/cgroup") print $5 }' \
    /proc/self/mountinfo
}

cgroup_writable() {
  local mount probe
  mount=$(cgroup_mounts | head -n 1)
  [ -n "$mount" ] || return 1
  probe=$mount/$LAB_ID-check.$$
  mkdir "$probe" 2>/dev/null && rmdir "$probe"
}

# Moves this process into the machine's cgroups. Call it under the lock "cgroups". Otherwise a machine that ends could
# remove the shared cgroup at the same time.
cgroup_enter() {
  local name=$1 mount directory file
  while read -r mount; do
    for directory in "$mount/$LAB_ID" "$mount/$LAB_ID/$name"; do
      mkdir -p "$directory"
      # a cpuset without CPUs and memory nodes accepts no process
      for file in cpuset.cpus cpuset.mems; do
        [ ! -e "$mount/cpuset.sched_load_balance" ] || cat "$(dirname "$directory")/$file" >"$directory/$file"
      done
    done
    if [ -e "$mount/cgroup.subtree_control" ]; then
      cgroup_delegate "$mount"
      cgroup_delegate "$mount/$LAB_ID"
    fi
    echo $$ >"$mount/$LAB_ID/$name/cgroup.procs"
  done < <(cgroup_mounts)
}

cgroup_delegate() {
  local controller
  for controller in $(<"$1/cgroup.controllers"); do
    # machines do without a controller that the rest of this computer does not share
    { echo "+$controller" >"$1/cgroup.subtree_control"; } 2>/dev/null || continue
  done
}

cgroup_processes() {
  local mount directory
  while read -r mount; do
    directory=$mount/$LAB_ID/$1
    [ ! -d "$directory" ] || find "$directory" -name cgroup.procs -exec cat {} + 2>/dev/null || continue
  done < <(cgroup_mounts) | sort -un
}

# Ends all processes of the machine, and returns when none is left.
cgroup_end() {
  local name=$1 processes attempt
  for ((attempt = 0; attempt < 300; attempt++)); do
    processes=$(cgroup_processes "$name")
    [ -n "$processes" ] || return 0
    # a process may have ended since it was listed
    # shellcheck disable=SC2086 # one word per process
    kill -KILL $processes 2>/dev/null || continue
    sleep 0.05
  done
  die "$name: these processes do not end: $processes"
}

# Under the lock "cgroups".
cgroup_remove() {
  local mount
  while read -r mount; do
    if [ -d "$mount/$LAB_ID/$1" ]; then find "$mount/$LAB_ID/$1" -depth -type d -exec rmdir {} +; fi
    # expected to fail while other machines use it
    rmdir "$mount/$LAB_ID" 2>/dev/null || continue
  done < <(cgroup_mounts)
}

# Tells systemd in a machine which hierarchy nspawn gives it.
cgroup_unified() {
  if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then echo 1; else echo 0; fi
}
