# shellcheck shell=bash
# Part of scripts/lab: one engine of a lab, its processes, mounts and cgroups.
#
# All of a node's processes are in cgroup /orca-lab/NAME/node-K: dockerd, containerd, shims and proxies under
# engine/, containers under ctr/. That membership, not a pid file or a name, says what may be killed.

node_host() { echo "unix://$RUN/node-$1/docker.sock"; }
engine_dir() { local var=ENGINE_$1; echo "${!var}"; }
engine_version() { cat "$(engine_dir "$1")/version"; }

# The machine's own docker command if there is one: it talks to any of these engines; else the engine's.
docker_cli() { command -v docker || echo "$(engine_dir "$1")/bin/docker"; }
node_docker() { # K ARGS...
  local k=$1
  shift
  env -u DOCKER_CONTEXT -u DOCKER_TLS_VERIFY -u DOCKER_CERT_PATH -u DOCKER_API_VERSION \
    DOCKER_HOST="$(node_host "$k")" "$(docker_cli "$k")" "$@"
}

# Where processes are put: the v2 hierarchy, also on hosts with both; else v1's pids.
cgroup_home() { awk '$3=="cgroup2" && !two {two=$2} $3=="cgroup" && $4~/(^|,)pids(,|$)/ {one=$2} END {print two ? two : one}' /proc/self/mounts; }
cgroup_mounts() { awk '$3=="cgroup" || $3=="cgroup2" {print $2}' /proc/self/mounts | sort -u; }

enter_cgroup() { # PATH below the lab's: the calling process moves there
  local dir
  dir=$(cgroup_home)/orca-lab/$NAME/$1
  mkdir -p "$dir"
  echo "$BASHPID" >"$dir/cgroup.procs"
}

pid_alive() { local stat; read -r stat 2>/dev/null <"/proc/$1/stat" && [[ ${stat##*) } != Z* ]]; }

cgroup_pids() { # "" (all of the lab) or /node-K: living processes of that cgroup
  local file pid
  # shellcheck disable=SC2013 # these paths hold no spaces
  for file in $(grep -lsE ":/(.*/)?orca-lab/$NAME$1/" /proc/[0-9]*/cgroup); do
    pid=${file#/proc/} pid=${pid%/cgroup}
    if pid_alive "$pid"; then echo "$pid"; fi
  done
}

kill_cgroup() {
  local pids tries
  for ((tries = 0; tries < 200; tries++)); do
    mapfile -t pids < <(cgroup_pids "$1")
    ((${#pids[@]})) || return 0
    kill -KILL "${pids[@]}" 2>/dev/null || true
    sleep 0.05
  done
  die "processes of $NAME$1 will not die: ${pids[*]} (look at: cat /proc/${pids[0]}/stack)"
}

remove_cgroups() {
  local mount
  while read -r mount; do
    [ -d "$mount/orca-lab/$NAME" ] && find "$mount/orca-lab/$NAME" -depth -type d -exec rmdir {} + 2>/dev/null
    rmdir "$mount/orca-lab" 2>/dev/null || true
  done < <(cgroup_mounts)
}

unmount_below() { # DIR...; deepest first
  local dir mount
  for dir; do
    while read -r mount; do umount -nl "$mount"; done < <(awk -v d="$dir/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r)
  done
}

storage_driver() {
  local dir
  mkdir -p "$DATA"
  dir=$(mktemp -d "$DATA/probe.XXXX")
  mkdir "$dir"/{lower,upper,work,merged}
  if unshare -m mount -t overlay overlay -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/merged" 2>/dev/null; then
    echo overlay2
  else
    say "$DATA refuses overlay mounts: storage driver vfs (slower, takes more disk)"
    echo vfs
  fi
  rm -rf "$dir"
}

engine_pid() { # K: the recorded pid, if it is still that engine
  local pid
  pid=$(cat "$RUN/node-$1/pid" 2>/dev/null) && [ -n "$pid" ] && grep -qsE "/orca-lab/$NAME/node-$1/engine$" "/proc/$pid/cgroup" &&
    pid_alive "$pid" && echo "$pid"
}

node_running() { engine_pid "$1" >/dev/null && node_net_ok "$1"; }

start_engine() { # K; does not wait
  local k=$1 dir=$RUN/node-$1
  [ -x "$(engine_dir "$k")/bin/dockerd" ] || die "node-$k: its engine $(engine_dir "$k") is gone from the cache; lab down, then up"
  # What a crashed engine left running would hold the data root; what it left in these files would mislead the new one.
  kill_cgroup "/node-$k"
  rm -rf "$dir/exec" "$dir/docker.pid" "$dir/docker.sock" "$dir/pid"
  mkdir -p "$dir/exec" "$dir/private" "$DATA/node-$k"
  [ -e "$dir/log" ] && mv "$dir/log" "$dir/log.old"
  # Old engines would share one key, and so one engine id, in the host's /etc/docker; new ones refuse the setting.
  if [[ $(engine_version "$k") == 20.* ]]; then
    echo "{\"deprecated-key-path\": \"$DATA/node-$k/key.json\"}"
  else
    echo '{}'
  fi >"$dir/daemon.json"
  ensure_node_net "$k"
  # Not `ip netns exec`: it remounts /sys and hides the cgroups.
  setsid nsenter --net="/run/netns/$(node_ns "$k")" unshare -m -u --propagation private \
    "$SELF" _engine --name "$NAME" "$k" </dev/null >>"$dir/log" 2>&1 &
  echo $! >"$dir/pid"
}

close_fds() { # what stays must not hold the caller's locks and pipes; 255 is bash's own, closed on exec
  local fd
  for fd in /proc/self/fd/*; do
    fd=${fd##*/}
    if ((fd > 2 && fd != 255)); then eval "exec $fd>&-"; fi
  done
}

# Runs inside the node's namespaces and becomes its dockerd.
engine_main() {
  load_lab
  local k=$1 dir=$RUN/node-$1 bin
  close_fds
  bin=$(engine_dir "$k")/bin
  enter_cgroup "node-$k/engine"
  echo "node-$k" >/proc/sys/kernel/hostname
  # This copy of the mounts would keep other nodes' network namespaces alive.
  umount -nRl /run/netns 2>/dev/null || true
  # A /run of its own: docker, libnetwork and the containerd shims have fixed paths there (/run/docker,
  # /run/containerd), as has a system-wide containerd that dockerd would otherwise take for its own.
  mount -n -t tmpfs -o mode=755 tmpfs "$dir/private"
  mkdir -p "$dir/private${dir#/run}"
  mount -n --bind "$dir" "$dir/private${dir#/run}"
  mount -n --move "$dir/private" /run
  # As systemd has it at boot: without it, no container can have the host's root.
  mount -n --make-rshared /
  cd /
  ulimit -n 1048576 2>/dev/null || ulimit -n "$(ulimit -Hn)"
  local args=(--config-file "$dir/daemon.json" -H "unix://$dir/docker.sock" --pidfile "$dir/docker.pid"
    --data-root "$DATA/node-$k" --exec-root "$dir/exec" --storage-driver "$DRIVER"
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/orca-lab/$NAME/node-$k/ctr"
    --insecure-registry "$SUBNET.0/24" --insecure-registry 127.0.0.0/8
    --log-level warn --shutdown-timeout 5)
  PATH=$bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin exec "$bin/dockerd" "${args[@]}"
}

wait_engine() { # K
  local k=$1 pid until=$((SECONDS + START_TIMEOUT))
  pid=$(cat "$RUN/node-$k/pid")
  until [ -S "$RUN/node-$k/docker.sock" ] && node_docker "$k" version >/dev/null 2>&1; do
    pid_alive "$pid" || engine_failed "$k" "ended while starting"
    ((SECONDS < until)) || engine_failed "$k" "does not answer after $START_TIMEOUT s"
    sleep 0.05
  done
}

engine_failed() { # K WHAT
  say "node-$1: the engine $(engine_version "$1") $2; the end of $RUN/node-$1/log:"
  tail -n 15 "$RUN/node-$1/log" >&2
  die "mend the cause and run the same command again, or: lab down --name $NAME"
}
