# shellcheck shell=bash
# Part of scripts/boot-test: a Debian 12 with systemd as its pid 1, booted in namespaces of its own. It shares one thing
# with the lab's node-1: its network and address. Its root is read-only below a tmpfs, so each boot begins the same.

# What a bare machine has that orca's package doesn't bring: an init, a bus, a way in.
ROOTFS_PACKAGES=systemd-sysv,dbus,openssh-server
ROOTFS_CACHE=${ORCA_LAB_CACHE:-/var/cache/orca-lab}/rootfs

make_rootfs() { # -> ROOTFS, its folder in the cache
  local tmp mirror=${ORCA_LAB_MIRROR:-}
  ROOTFS=$ROOTFS_CACHE/bookworm-${ROOTFS_PACKAGES//,/-}
  [ ! -d "$ROOTFS" ] || return 0
  mkdir -p "$ROOTFS_CACHE"
  tmp=$(mktemp -d "$ROOTFS_CACHE/tmp.XXXX")
  say "making a bare Debian 12 with $ROOTFS_PACKAGES"
  mmdebstrap --quiet --variant=minbase --include="$ROOTFS_PACKAGES" --format=directory bookworm "$tmp/root" \
    ${mirror:+"$mirror"} || { rm -rf "$tmp"; die "$EX_UNAVAILABLE" "mmdebstrap failed; is the mirror reachable? (ORCA_LAB_MIRROR)"; }
  # A name server for nobody: the machine reaches the lab only.
  : >"$tmp/root/etc/resolv.conf"
  # And the name that it is booted with, not this host's.
  rm -f "$tmp/root/etc/hostname"
  chmod 755 "$tmp/root"
  mv "$tmp/root" "$ROOTFS" 2>/dev/null || [ -d "$ROOTFS" ]
  rm -rf "$tmp"
}

# On a host without systemd nspawn must not look for one, wants a /run/systemd that is a tmpfs, and leaves its cgroups
# to whoever starts it.
boot_machine() { # NETNS SOCKET OPTIONS...
  local netns=$1 socket=$2 dir nspawn
  shift 2
  nspawn=(systemd-nspawn --quiet --boot --directory "$ROOTFS" --volatile=overlay --register=no --link-journal=no
    --console=pipe --machine "$MACHINE" --hostname "$MACHINE" --network-namespace-path "$netns" --bind "$socket:/run/docker.sock" "$@")
  if ! [ -d /run/systemd/system ]; then
    nspawn=(unshare --mount --propagation private sh -c
      'mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd && exec "$@"' sh "${nspawn[@]}" --keep-unit)
    for dir in $(cgroup_dirs); do mkdir -p "$dir/$MACHINE"; done
  fi
  (
    if ! [ -d /run/systemd/system ]; then
      for dir in $(cgroup_dirs); do echo "$BASHPID" >"$dir/$MACHINE/cgroup.procs"; done
    fi
    exec "${nspawn[@]}"
  ) </dev/null >"$WORK/console" 2>&1 &
  NSPAWN=$!
  wait_for "the machine boots" 60 machine_is_up
}

# Those that systemd uses: the one hierarchy, or its own two of the older layouts.
cgroup_dirs() {
  local dir
  for dir in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do [ ! -d "$dir" ] || echo "$dir"; done
  [ -d /sys/fs/cgroup/systemd ] || echo /sys/fs/cgroup
}

# The machine's pid 1: the child of nspawn's outer child that has a pid namespace of its own.
find_leader() {
  local pid
  for pid in $(descendants "$NSPAWN"); do
    if grep -qsE '^NSpid:.*[[:space:]]1$' "/proc/$pid/status"; then
      echo "$pid"
      return 0
    fi
  done
  return 1
}

descendants() {
  local child
  for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
    echo "$child"
    descendants "$child"
  done
}

machine_is_up() {
  kill -0 "$NSPAWN" 2>/dev/null || die 1 "the machine ended; the end of its console:"$'\n'"$(tail -n 20 "$WORK/console")"
  LEADER=$(find_leader) || return 1
  # "degraded" too is up: what has failed is looked at by name.
  [[ $(inside systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]
}

# inside COMMAND...: runs there, as root.
inside() {
  nsenter --target "$LEADER" --mount --uts --ipc --net --pid --cgroup --root --wd \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 SYSTEMD_COLORS=0 \
    SYSTEMD_PAGER= "$@"
}

# write_inside PATH: what stdin has goes to that file there.
# shellcheck disable=SC2016 # expanded there
write_inside() { inside sh -c 'mkdir -p "$(dirname "$1")" && cat >"$1"' sh "$1"; }

stop_machine() {
  local dir
  if [ -n "${NSPAWN:-}" ] && kill -0 "$NSPAWN" 2>/dev/null; then
    inside systemctl --no-block poweroff >/dev/null 2>&1 || true
    wait_for "the machine is off" 90 machine_is_off || kill -KILL "${LEADER:-$NSPAWN}" "$NSPAWN" 2>/dev/null || true
    wait "$NSPAWN" 2>/dev/null || true
  fi
  NSPAWN=
  for dir in $(cgroup_dirs); do
    [ ! -d "$dir/$MACHINE" ] || find "$dir/$MACHINE" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}

machine_is_off() { ! kill -0 "$NSPAWN" 2>/dev/null; }

wait_for() { # WHAT SECONDS COMMAND...
  local what=$1 until=$((SECONDS + $2))
  shift 2
  until "$@"; do
    if ((SECONDS >= until)); then
      say "not in time: $what"
      return 1
    fi
    sleep 0.1
  done
}
