# shellcheck shell=bash
# Part of scripts/lab: bridge, links, namespaces, addresses, firewall. Starts no process that stays.
#
# Interfaces carry the ifalias orca-lab:NAME and firewall rules the same comment: `down` finds them by it.
# 198.18.0.0/15 is reserved for benches like this one, so it clashes neither with real networks nor with the
# pools of docker (172.16/12, 192.168/16) and swarm (10/8).

node_addr() { echo "$SUBNET.$((10 + $1))"; }
node_ns() { echo "orca-lab.$NAME.$1"; }
node_veth() { echo "olv$OCTET-$1"; }
mac() { printf '02:6f:6c:%02x:00:%02x\n' "$OCTET" "$1"; } # of node K; of the bridge: 0

free_octet() { # call it with the global lock held
  local o taken
  taken=" $(sed -ns 's/^OCTET=\([0-9]*\) .*/\1/p' "$DATA_ROOT"/*/conf </dev/null | tr '\n' ' ')"
  for ((o = 0; o < 256; o++)); do
    [[ $taken == *" $o "* ]] && continue
    [ -e "/sys/class/net/olb$o" ] && continue
    [ -z "$(ip -4 route show root "198.18.$o.0/24")" ] && { echo "$o"; return; }
  done
  die "no free network left in 198.18.0.0/16 (lab list shows the labs, lab down --name NAME ends one)"
}

ensure_bridge() {
  mkdir -p "$RUN"
  if ! [ -e "/sys/class/net/$BRIDGE" ]; then
    # Else it takes the lowest of its ports' addresses, another one when that port goes, and for the next half a minute no
    # other node reaches the registry here: what it has cached of it is wrong.
    ip link add "$BRIDGE" address "$(mac 0)" type bridge
    ip link set "$BRIDGE" alias "orca-lab:$NAME"
    ip addr add "$GATEWAY/24" dev "$BRIDGE"
    ip link set "$BRIDGE" up
  fi
  ensure_firewall
}

# A host with a firewall (or with docker on it, whose FORWARD policy is DROP) would filter even bridged frames.
ensure_firewall() {
  local chain
  for chain in INPUT FORWARD; do
    [ "$(iptables -w -S "$chain")" = "-P $chain ACCEPT" ] && continue
    iptables -w -C "$chain" -i "$BRIDGE" -m comment --comment "orca-lab:$NAME" -j ACCEPT 2>/dev/null ||
      iptables -w -I "$chain" -i "$BRIDGE" -m comment --comment "orca-lab:$NAME" -j ACCEPT
  done
}

node_net_ok() { nsenter --net="/run/netns/$(node_ns "$1")" test -e /sys 2>/dev/null && [ -e "/sys/class/net/$(node_veth "$1")" ]; }

ensure_node_net() {
  local k=$1 ns veth
  node_net_ok "$k" && return
  remove_node_net "$k"
  ns=$(node_ns "$k") veth=$(node_veth "$k")
  ip netns add "$ns"
  # The same MAC after a restart, as a machine has: what its peers have cached of it still holds.
  ip link add "$veth" type veth peer name eth0 address "$(mac "$k")" netns "$ns"
  ip link set "$veth" alias "orca-lab:$NAME"
  ip link set "$veth" master "$BRIDGE"
  ip -n "$ns" -b - <<BATCH
link set lo up
addr add $(node_addr "$k")/24 dev eth0
link set eth0 up
route add default via $GATEWAY
BATCH
  # A connection to a node without power gets no answer, not even a refusal. By default Linux asks for some 15 minutes, and
  # an engine's agent that has one to the leader hangs for as long; this is half a minute.
  nsenter --net="/run/netns/$ns" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 6 >/proc/sys/net/ipv4/tcp_retries2'
  [ -e "$RUN/node-$k/cut" ] || set_link "$k" up
  forget_node "$k"
}

# What its peers still hold of node K's life before a power cut is gone before its engine asks them anything, as it is where a
# machine takes longer to boot than TCP to find out. A leader that loses the old connection after it has got the new one takes
# the node's logs for unavailable until the node's session ends (moby#35011).
forget_node() {
  local k=$1 other ns addr until=$((SECONDS + 60)) left=x
  addr=$(node_addr "$k")
  while [ -n "$left" ] && ((SECONDS < until)); do
    left=
    for ((other = 1; other <= NODES; other++)); do
      ns=/run/netns/$(node_ns "$other")
      if ((other == k)) || ! [ -e "$ns" ]; then continue; fi
      nsenter --net="$ns" ss -HKtn dst "$addr" >/dev/null 2>&1 || true
      left+=$(nsenter --net="$ns" ss -Htn state established dst "$addr" 2>/dev/null || true)
    done
    [ -z "$left" ] || sleep 0.5
  done
}

remove_node_net() {
  ip link del "$(node_veth "$1")" 2>/dev/null || true
  ip netns del "$(node_ns "$1")" 2>/dev/null || true
}

set_link() { # K up|down; the host's end, so that addresses and routes inside stay
  [ -e "/sys/class/net/$(node_veth "$1")" ] || return 0
  ip link set "$(node_veth "$1")" "$2"
}

link_up() { rm -f "$RUN/node-$1/cut"; set_link "$1" up; }

remove_network() {
  local file ns spec
  # shellcheck disable=SC2013 # these paths hold no spaces
  for file in $(grep -lsx "orca-lab:$NAME" /sys/class/net/*/ifalias); do
    ip link del "$(basename "$(dirname "$file")")" 2>/dev/null || true
  done
  for ns in "/run/netns/orca-lab.$NAME."*; do ip netns del "$(basename "$ns")"; done
  # iproute2 leaves /run/netns mounted on itself; with no namespace in it nobody misses it
  rmdir /run/netns 2>/dev/null || { [ -d /run/netns ] && [ -z "$(ls -A /run/netns)" ] && umount -n /run/netns && rmdir /run/netns; } || true
  command -v iptables >/dev/null || return 0
  while read -ra spec; do
    iptables -w -D "${spec[@]}"
  done < <(iptables -w -S | tr -d '"' | sed -n "s/^-A \(.* --comment orca-lab:$NAME .*\)/\1/p")
}
