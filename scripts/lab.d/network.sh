# The bridge that the machines hang on, its addresses, and the way out for apt.
# shellcheck shell=bash

# What labs with other state directories have to agree on: who gets which addresses, and whether this
# computer forwarded packets before the first of them.
NETWORK_SHARED=/run/infrakt-lab

network_prefix() { cat "$LAB_DIR/prefix"; } # such as 10.231.7; every address of the lab is in its /24
network_gateway() { echo "$(network_prefix).1"; }

# Under the lock "network". Idempotent.
network_up() {
  ip link show "$LAB_BRIDGE" >/dev/null 2>&1 || with_lock "$NETWORK_SHARED.lock" network_create
  network_rules | while read -r table rule; do
    # shellcheck disable=SC2086 # a rule is several words, none of which holds a space
    iptables -w -t "$table" -C $rule 2>/dev/null || iptables -w -t "$table" -I $rule
  done
}

network_create() {
  local prefix before
  before=$(cat /proc/sys/net/ipv4/ip_forward)
  prefix=$(network_free_prefix)
  printf '%s\n' "$prefix" >"$LAB_DIR/prefix"
  ip link add "$LAB_BRIDGE" type bridge
  # an address of its own, lest it change with the machines that come and go
  ip link set "$LAB_BRIDGE" address "$(printf '02:1b:%s' "$(printf '%s' "${LAB_ID#ilab-}" | sed 's/../&:/g; s/:$//')")"
  ip addr add "$prefix.1/24" dev "$LAB_BRIDGE"
  ip link set "$LAB_BRIDGE" up
  if [ "$before" = 0 ]; then
    echo 0 >"$NETWORK_SHARED.ip_forward"
    echo 1 >/proc/sys/net/ipv4/ip_forward
  fi
}

# The last prefix used if it is free, else the first that no route of this computer touches.
network_free_prefix() {
  local prefix n
  for n in "$(cat "$LAB_DIR/prefix" 2>/dev/null || true)" 10.231.{7..60}; do # no file yet: no last prefix
    [ -n "$n" ] || continue
    prefix=$n
    # `root` lists routes inside the prefix, `match` those around it; the default route is no obstacle
    if [ -z "$(ip -4 route show root "$prefix.0/24" table all; ip -4 route show match "$prefix.0/24" table all | grep -v '^default')" ]; then
      echo "$prefix"
      return
    fi
  done
  die "no free address range for the lab: every 10.231.7.0/24 … 10.231.60.0/24 is routed here already"
}

# TABLE CHAIN RULE, each inserted at the top, so that a host firewall's own DROP does not come first.
network_rules() {
  local prefix mark
  prefix=$(network_prefix)
  mark="-m comment --comment $LAB_ID"
  echo "nat POSTROUTING -s $prefix.0/24 ! -d $prefix.0/24 $mark -j MASQUERADE"
  echo "filter FORWARD -i $LAB_BRIDGE $mark -j ACCEPT"
  echo "filter FORWARD -o $LAB_BRIDGE -m conntrack --ctstate RELATED,ESTABLISHED $mark -j ACCEPT"
  echo "filter INPUT -i $LAB_BRIDGE -p tcp --dport $REGISTRY_PORT $mark -j ACCEPT"
}

# Under the lock "network". Works on what is left after a crash, too.
network_down() {
  if [ -e "$LAB_DIR/prefix" ]; then
    network_rules | while read -r table rule; do
      # shellcheck disable=SC2086
      while iptables -w -t "$table" -D $rule 2>/dev/null; do :; done
    done
  fi
  if ip link show "$LAB_BRIDGE" >/dev/null 2>&1; then ip link del "$LAB_BRIDGE"; fi
  with_lock "$NETWORK_SHARED.lock" network_forwarding_back
}

network_forwarding_back() {
  [ -e "$NETWORK_SHARED.ip_forward" ] || return 0
  # another lab still needs it, and will see to it
  if ip -o link show type bridge | grep -q ': ilab-'; then return; fi
  cat "$NETWORK_SHARED.ip_forward" >/proc/sys/net/ipv4/ip_forward
  rm -f -- "$NETWORK_SHARED.ip_forward"
}

# Under the lock "network": the first address that no machine has.
network_allocate() {
  local n address
  for ((n = 10; n < 250; n++)); do
    address=$(network_prefix).$n
    grep -qxF -- "$address" "$LAB_DIR"/machines/*/ip /dev/null || { echo "$address"; return; }
  done
  die "the lab has no free address left (scripts/lab list shows who has them)"
}
