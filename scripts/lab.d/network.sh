# The machines' bridge, its addresses, and the route to the outside for apt.
# shellcheck shell=bash

# State shared by labs with different state directories: which addresses each uses, and whether this computer
# forwarded packets before the first lab.
NETWORK_SHARED=/run/infrakt-lab

network_prefix() { cat "$LAB_DIR/prefix"; } # such as 10.231.7; all addresses of the lab are in this /24
network_gateway() { echo "$(network_prefix).1"; }

# Under the lock "network". Idempotent.
network_up() {
  ip link show "$LAB_BRIDGE" >/dev/null 2>&1 || with_lock "$NETWORK_SHARED.lock" network_create
  network_rules | while read -r table rule; do
    # shellcheck disable=SC2086 # a rule is several words without spaces in them
    iptables -w -t "$table" -C $rule 2>/dev/null || iptables -w -t "$table" -I $rule
  done
}

network_create() {
  local prefix before
  before=$(cat /proc/sys/net/ipv4/ip_forward)
  prefix=$(network_free_prefix)
  printf '%s\n' "$prefix" >"$LAB_DIR/prefix"
  ip link add "$LAB_BRIDGE" type bridge
  # a fixed address; otherwise it would change as machines start and stop
  ip link set "$LAB_BRIDGE" address "$(printf '02:1b:%s' "$(printf '%s' "${LAB_ID#ilab-}" | sed 's/../&:/g; s/:$//')")"
  ip addr add "$prefix.1/24" dev "$LAB_BRIDGE"
  ip link set "$LAB_BRIDGE" up
  if [ "$before" = 0 ]; then
    echo 0 >"$NETWORK_SHARED.ip_forward"
    echo 1 >/proc/sys/net/ipv4/ip_forward
  fi
}

# The last prefix if it is still free, otherwise the first one without a route on this computer.
network_free_prefix() {
  local prefix n
  for n in "$(cat "$LAB_DIR/prefix" 2>/dev/null || true)" 10.231.{7..60}; do # without the file, there is no last prefix
    [ -n "$n" ] || continue
    prefix=$n
    # `root` lists routes inside the prefix, `match` those around it; the default route does not matter
    if [ -z "$(ip -4 route show root "$prefix.0/24" table all; ip -4 route show match "$prefix.0/24" table all | grep -v '^default')" ]; then
      echo "$prefix"
      return
    fi
  done
  die "no free address range for the lab: every 10.231.7.0/24 … 10.231.60.0/24 is routed here already"
}

# TABLE CHAIN RULE. Each is inserted at the top, before a DROP of this computer's own firewall.
network_rules() {
  local prefix mark
  prefix=$(network_prefix)
  mark="-m comment --comment $LAB_ID"
  echo "nat POSTROUTING -s $prefix.0/24 ! -d $prefix.0/24 $mark -j MASQUERADE"
  echo "filter FORWARD -i $LAB_BRIDGE $mark -j ACCEPT"
  echo "filter FORWARD -o $LAB_BRIDGE -m conntrack --ctstate RELATED,ESTABLISHED $mark -j ACCEPT"
  echo "filter INPUT -i $LAB_BRIDGE -p tcp --dport $REGISTRY_PORT $mark -j ACCEPT"
}

# Under the lock "network". Also cleans up after a crash.
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
  # another lab still needs forwarding, and will restore it
  if ip -o link show type bridge | grep -q ': ilab-'; then return; fi
  cat "$NETWORK_SHARED.ip_forward" >/proc/sys/net/ipv4/ip_forward
  rm -f -- "$NETWORK_SHARED.ip_forward"
}

# Under the lock "network": the first free address.
network_allocate() {
  local n address
  for ((n = 10; n < 250; n++)); do
    address=$(network_prefix).$n
    grep -qxF -- "$address" "$LAB_DIR"/machines/*/ip /dev/null || { echo "$address"; return; }
  done
  die "the lab has no free address left (scripts/lab list shows which machines use them)"
}
