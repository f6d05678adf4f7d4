# shellcheck shell=bash
# Part of scripts/lab: what is done to running engines: form the swarm, put the image on them, run a registry.

IMAGE=127.0.0.1:1/bb:1 # port 1: nothing listens, so that an engine's attempt to pull it fails at once

swarm_state() { # K -> inactive | active/true (manager) | active/false | pending/... | locked/... | error/...
  node_docker "$1" info --format '{{.Swarm.LocalNodeState}}/{{.Swarm.ControlAvailable}}' 2>/dev/null | sed 's|^inactive/.*|inactive|'
}

settled_state() { # as above, after a restarted node has found its swarm again
  local state until=$((SECONDS + START_TIMEOUT))
  while state=$(swarm_state "$1") && [[ $state == pending/* || -z $state ]]; do
    ((SECONDS < until)) || break
    sleep 0.2
  done
  echo "$state"
}

form_swarm() {
  local k lead='' fresh=() workers=() pids=() state
  for ((k = 1; k <= NODES; k++)); do
    state=$(settled_state "$k")
    case $state in
      inactive) fresh+=("$k") ;;
      active/true) lead=${lead:-$k} ;;
      active/*) ;;
      *) die "node-$k: its swarm is \"$state\", not active; its log is $RUN/node-$k/log; to start over: lab down --name $NAME, then up" ;;
    esac
  done
  if ((${#fresh[@]} == NODES)); then
    node_docker 1 swarm init --advertise-addr "$(node_addr 1)" >/dev/null || die "node-1: docker swarm init failed"
    lead=1 fresh=("${fresh[@]:1}") CHANGED=1
  fi
  [ -n "$lead" ] || die "no node is a manager of the swarm; to start over: lab down --name $NAME, then up"
  ((${#fresh[@]})) && CHANGED=1
  for k in "${fresh[@]}"; do
    # One manager after the other: each join changes the raft group. Workers may all come at once.
    if ((k <= MANAGERS)); then join_swarm "$k" manager "$lead"; else workers+=("$k"); fi
  done
  for k in "${workers[@]}"; do
    join_swarm "$k" worker "$lead" &
    pids+=($!)
  done
  for k in "${pids[@]}"; do wait "$k" || die "not all workers joined (see above)"; done
  wait_ready "$lead"
}

join_swarm() { # K manager|worker LEAD
  local k=$1 token out try
  for try in 1 2 3; do
    token=$(node_docker "$3" swarm join-token -q "$2") || die "node-$3: no $2 token"
    out=$(node_docker "$k" swarm join --token "$token" --advertise-addr "$(node_addr "$k")" "$(node_addr "$3"):2377" 2>&1) && return
    [[ $(settled_state "$k") == active/* ]] && return
    sleep "$try"
  done
  die "node-$k: could not join as $2: $out"
}

wait_ready() { # LEAD: until every node's name is Ready there
  local k out until=$((SECONDS + START_TIMEOUT)) missing
  while :; do
    out=$(node_docker "$1" node ls --format '{{.Hostname}} {{.Status}};' 2>&1 | tr -d '\n') missing=()
    for ((k = 1; k <= NODES; k++)); do [[ ";$out" == *";node-$k Ready;"* ]] || missing+=("node-$k"); done
    ((${#missing[@]})) || return 0
    ((SECONDS < until)) || die "not Ready after $START_TIMEOUT s: ${missing[*]}; node-$1 says: $out"
    sleep 0.1
  done
}

cmd_image() {
  local orca='' exporter=''
  while (($#)); do
    case $1 in
      --orca) orca=${2:-}; shift 2 || die_usage "image: --orca needs a binary" ;;
      --exporter) exporter=1; shift ;;
      *) die_usage "image: unexpected \"$1\"" ;;
    esac
  done
  [ -z "$orca" ] || [ -x "$orca" ] || die "image: \"$orca\" is no program"
  need_root
  need_lab
  lock_lab -s
  need_lab
  local k tar pids=() done=0
  # Not bookworm's: its wget and nslookup crash where no shared libc is around.
  fetch_tool busybox-static trixie
  tar=$(busybox_tar)
  for ((k = 1; k <= NODES; k++)); do
    node_running "$k" || { say "node-$k is dead: no image there"; continue; }
    { node_docker "$k" image inspect "$IMAGE" >/dev/null 2>&1 ||
      node_docker "$k" import --change 'CMD ["sh"]' "$tar" "$IMAGE" >/dev/null; } &
    pids+=($!)
  done
  for k in "${pids[@]}"; do wait "$k" && done=$((done + 1)); done
  ((done == ${#pids[@]})) || die "image $IMAGE: failed on $((${#pids[@]} - done)) node(s)"
  say "image $IMAGE on $done node(s)"
  [ -z "$orca" ] || program_image "$orca" orca 127.0.0.1:1/orca:1 'CMD ["orca"]'
  [ -z "$exporter" ] || exporter_image
}

# As the image that everybody knows: arguments alone are given to it.
exporter_image() {
  fetch_tool prometheus-node-exporter bookworm
  program_image "$TOOL/root/usr/bin/prometheus-node-exporter" node_exporter 127.0.0.1:1/node-exporter:1 'ENTRYPOINT ["/usr/local/bin/node_exporter"]'
}

program_image() { # BINARY NAME IMAGE CHANGE -> IMAGE on every running node, always anew
  local root k file
  root=$(mktemp -d "$RUN/$2.XXXX")
  # Whoever the program runs as must get at it.
  chmod 755 "$root"
  mkdir -p "$root/usr/local/bin" "$root/tmp"
  cp "$1" "$root/usr/local/bin/$2"
  # A static binary needs none.
  while read -r file; do cp -L --parents "$file" "$root"; done < <(ldd "$1" 2>/dev/null | grep -oE '/[^ ]+')
  for ((k = 1; k <= NODES; k++)); do
    node_running "$k" || continue
    tar -C "$root" -c . | node_docker "$k" import --change "$4" - "$3" >/dev/null
  done
  rm -rf "$root"
  say "image $3 on every running node"
}

cmd_exporter() {
  (($#)) && die_usage "exporter: unexpected \"$1\""
  need_root
  need_lab
  lock_lab
  need_lab
  local k until count=0
  fetch_tool prometheus-node-exporter bookworm
  for ((k = 1; k <= NODES; k++)); do
    node_running "$k" || { say "node-$k is dead: no exporter there"; continue; }
    count=$((count + 1))
    port_open "$(node_addr "$k")" 9100 && continue
    # In the engine's own namespaces: its address, and its hostname.
    (
      enter_cgroup "node-$k/exporter"
      close_fds
      exec setsid nsenter --net="/run/netns/$(node_ns "$k")" --uts="/proc/$(engine_pid "$k")/ns/uts" \
        "$TOOL/root/usr/bin/prometheus-node-exporter" --web.listen-address "$(node_addr "$k"):9100"
    ) </dev/null >>"$RUN/node-$k/exporter.log" 2>&1 &
  done
  until=$((SECONDS + START_TIMEOUT))
  for ((k = 1; k <= NODES; k++)); do
    node_running "$k" || continue
    until port_open "$(node_addr "$k")" 9100; do
      ((SECONDS < until)) || { tail -n 15 "$RUN/node-$k/exporter.log" >&2; die "node-$k: its exporter does not answer"; }
      sleep 0.05
    done
  done
  say "an exporter on $count node(s), port 9100"
}

busybox_tar() { # the image's file system, made once per busybox version
  local tar=$TOOL/bb.tar root applet
  if ! [ -e "$tar" ]; then
    root=$(mktemp -d "$TOOL/root.XXXX")
    mkdir -p "$root"/{bin,etc,tmp,root,var/www}
    chmod 1777 "$root/tmp"
    cp "$TOOL/root/bin/busybox" "$root/bin/" 2>/dev/null || cp "$TOOL/root/usr/bin/busybox" "$root/bin/"
    for applet in $("$root/bin/busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
    echo 'root:x:0:' >"$root/etc/group"
    tar -C "$root" -cf "$tar.$$" . && mv "$tar.$$" "$tar"
    rm -rf "$root"
  fi
  echo "$tar"
}

registry_pid() { # [NAME]
  local pid name=${1:-registry}
  pid=$(cat "$RUN/$name/pid" 2>/dev/null) && grep -qs "/orca-lab/$NAME/$name/" "/proc/$pid/cgroup" && pid_alive "$pid" && echo "$pid"
}

port_open() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

cmd_registry() {
  local name=registry
  if [ "${1-}" = --guarded ]; then name=registry-guarded; shift; fi
  (($#)) && die_usage "registry: unexpected \"$1\""
  need_root
  need_lab
  lock_lab
  need_lab
  ensure_bridge
  start_registry "$name"
  cat "$RUN/$name/addr"
}

# Both serve the same images; the guarded one to the user lab with the password orca-lab.
start_registry() { # registry | registry-guarded
  local dir=$RUN/$1 port=5000 until auth=
  registry_pid "$1" >/dev/null && return
  fetch_tool docker-registry bookworm
  until=$((SECONDS + START_TIMEOUT))
  kill_cgroup "/$1"
  while port_open "$GATEWAY" "$port"; do port=$((port + 1)); done
  mkdir -p "$dir" "$DATA/registry" "$DATA/$1"
  echo "$GATEWAY:$port" >"$dir/addr"
  if [ "$1" = registry-guarded ]; then
    # shellcheck disable=SC2016 # a hash, not variables
    echo 'lab:$2b$04$HjnVD2Zt57GHxmvN0gQGQuj//gjqOJ8CQ2B219LDhb.ie7liRZaT2' >"$dir/htpasswd"
    auth="auth: {htpasswd: {realm: lab, path: $dir/htpasswd}}"
  fi
  cat >"$dir/config.yml" <<YAML
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $DATA/registry}, delete: {enabled: true}}
http: {addr: "$GATEWAY:$port", secret: lab}
$auth
YAML
  (enter_cgroup "$1/serve" && close_fds && exec setsid "$TOOL/root/usr/bin/docker-registry" serve "$dir/config.yml") \
    </dev/null >>"$dir/log" 2>&1 &
  echo $! >"$dir/pid"
  until port_open "$GATEWAY" "$port"; do
    pid_alive "$(cat "$dir/pid")" && ((SECONDS < until)) ||
      { tail -n 15 "$dir/log" >&2; die "the registry does not answer at $GATEWAY:$port (log: $dir/log)"; }
    sleep 0.05
  done
}
