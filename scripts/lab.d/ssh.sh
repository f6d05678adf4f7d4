# shellcheck shell=bash
# Part of scripts/lab: an sshd on every node, and an ssh that knows them: $DATA/ssh/bin/ssh, first in PATH.
#
# Keys, known_hosts and config are made for the lab and go with it; neither the host's sshd nor anybody's ~/.ssh is
# touched. Over there, docker finds its engine at the usual place: sshd has a /run of its own.

sshd_pid() { # K
  local pid
  pid=$(cat "$RUN/node-$1/sshd.pid" 2>/dev/null) && grep -qs "/orca-lab/$NAME/node-$1/sshd" "/proc/$pid/cgroup" && pid_alive "$pid" && echo "$pid"
}

cmd_ssh() {
  (($#)) && die_usage "ssh: unexpected \"$1\""
  need_root
  need_lab
  lock_lab
  need_lab
  local k
  make_ssh_client
  for ((k = 1; k <= NODES; k++)); do
    if node_running "$k"; then start_sshd "$k"; else say "node-$k is dead: no sshd there"; fi
  done
  echo "$DATA/ssh/bin"
}

fetch_sshd() { # SSHD, the program
  fetch_tool openssh-server bookworm
  SSHD=$TOOL/root/usr/sbin/sshd
  # Libraries that a host without sshd lacks come from the same suite.
  LIBS=$TOOL/lib
  if ! [ -d "$LIBS" ]; then
    (
      use_suite bookworm
      refresh_suite || die "cannot read Debian's package lists (ORCA_LAB_MIRROR chooses another mirror)"
      unpack "$TOOL/extra" libwrap0 libselinux1 libpam0g libaudit1 libcap-ng0 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libcom-err2 libkeyutils1
      mkdir "$LIBS.$$"
      find "$TOOL/extra" -name '*.so*' -exec cp -L {} "$LIBS.$$/" \;
      rm -rf "$TOOL/extra"
      mv "$LIBS.$$" "$LIBS" 2>/dev/null || rm -rf "$LIBS.$$"
    )
  fi
}

make_ssh_client() {
  local dir=$DATA/ssh k real
  [ -e "$dir/config" ] && return
  real=$(command -v ssh) || die_missing "needs ssh: apt-get install openssh-client"
  mkdir -p "$dir/bin"
  ssh-keygen -q -t ed25519 -N '' -C "orca-lab:$NAME" -f "$dir/id"
  for ((k = 1; k <= NODES; k++)); do
    ssh-keygen -q -t ed25519 -N '' -C "node-$k" -f "$dir/host-$k"
    echo "node-$k,$(node_addr "$k") $(cut -d' ' -f1,2 "$dir/host-$k.pub")"
  done >"$dir/known_hosts"
  {
    for ((k = 1; k <= NODES; k++)); do printf 'Host node-%d\n  HostName %s\n' "$k" "$(node_addr "$k")"; done
    printf 'Host *\n  User root\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s\n  StrictHostKeyChecking yes\n' \
      "$dir/id" "\${ORCA_LAB_KNOWN_HOSTS}"
  } >"$dir/config.new"
  # Another file of host keys can be put in place, to see a wrong one refused.
  printf '#!/bin/sh\nexport ORCA_LAB_KNOWN_HOSTS="${ORCA_LAB_KNOWN_HOSTS:-%s}"\nexec %s -F %s "$@"\n' \
    "$dir/known_hosts" "$real" "$dir/config" >"$dir/bin/ssh"
  chmod 755 "$dir/bin/ssh"
  mv "$dir/config.new" "$dir/config"
}

start_sshd() { # K
  local k=$1 until
  sshd_pid "$k" >/dev/null && return
  fetch_sshd
  until=$((SECONDS + START_TIMEOUT))
  setsid nsenter --net="/run/netns/$(node_ns "$k")" unshare -m -u --propagation private \
    "$SELF" _sshd --name "$NAME" "$k" "$SSHD" "$LIBS" </dev/null >>"$RUN/node-$k/sshd.log" 2>&1 &
  echo $! >"$RUN/node-$k/sshd.pid"
  until port_open_on "$k" 22; do
    pid_alive "$(cat "$RUN/node-$k/sshd.pid")" && ((SECONDS < until)) ||
      { tail -n 15 "$RUN/node-$k/sshd.log" >&2; die "node-$k: sshd does not answer (log: $RUN/node-$k/sshd.log)"; }
    sleep 0.05
  done
}

# From inside, so that it answers on a node that is cut off too.
port_open_on() { nsenter --net="/run/netns/$(node_ns "$1")" bash -c ": 3<>/dev/tcp/$(node_addr "$1")/$2" 2>/dev/null; }

# Runs inside the node's namespaces and becomes its sshd.
sshd_main() {
  load_lab
  local k=$1 sshd=$2 libs=$3 dir=$RUN/node-$1 etc
  close_fds
  enter_cgroup "node-$k/sshd"
  echo "node-$k" >/proc/sys/kernel/hostname
  umount -nRl /run/netns 2>/dev/null || true
  etc=$dir/etc
  mkdir -p "$etc" "$dir/sshd-run"
  # The user that sshd gives its privileges up to, and a root whose account is not locked.
  { grep -v '^sshd:' /etc/passwd; echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin'; } >"$etc/passwd"
  sed -E 's/^root:[^:]*:/root:*:/' /etc/shadow >"$etc/shadow"
  chmod 600 "$etc/shadow"
  mount -n --bind "$etc/passwd" /etc/passwd
  mount -n --bind "$etc/shadow" /etc/shadow
  mount -n -t tmpfs -o mode=755 tmpfs "$dir/sshd-run"
  mkdir -p "$dir/sshd-run${dir#/run}" "$dir/sshd-run/sshd"
  mount -n --bind "$dir" "$dir/sshd-run${dir#/run}"
  mount -n --move "$dir/sshd-run" /run
  ln -s "$dir/docker.sock" /run/docker.sock
  cat >"$dir/sshd_config" <<CONF
ListenAddress $(node_addr "$k")
HostKey $DATA/ssh/host-$k
AuthorizedKeysFile $DATA/ssh/id.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
StrictModes no
PidFile none
UseDNS no
MaxStartups 100
LogLevel INFO
SetEnv PATH=$(dirname "$(docker_cli "$k")"):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CONF
  cd /
  # By another name: the cache has colons in its own, which part the list.
  ln -sfn "$libs" "$dir/sshd-lib"
  LD_LIBRARY_PATH=$dir/sshd-lib exec "$sshd" -D -e -f "$dir/sshd_config"
}
