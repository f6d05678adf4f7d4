# shellcheck shell=bash
# Part of scripts/boot-test: what must hold on the machine, one function a step.

PASSES=(reconcile rebalance autoheal autoheal-containers gc logs-rotate mods-fetch)

# Every file with its kind, mode, owner and sum (or target), so that what is changed is seen as well as what is new. What
# any installation writes, and a running machine, is left out.
list_files() { # NAME
  inside find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp \
    -o -path /var/log/journal -o -path '/var/log/*tmp' -o -path /var/log/lastlog -o -path /var/log/dpkg.log \
    -o -path '/var/lib/dpkg/*-old' -o -path /var/lib/dpkg/status -o -path /var/lib/dpkg/lock -o -path /var/lib/dpkg/triggers \
    -o -path /var/lib/systemd \) -prune -o -printf '%p %y %m %u:%g %l\n' | sort >"$WORK/$1"
  # The folders that packages write to, and their owners.
  inside sh -c 'find /etc /usr /opt /srv /root /var/lib /var/spool -xdev \( -path "/var/lib/dpkg*" -o -path /var/lib/systemd \) \
    -prune -o -type f -print0 | xargs -0 sha256sum' | sort -k2 >>"$WORK/$1"
}

expect() { # WHAT WANTED FOUND
  [ "$2" = "$3" ] || die 1 "$1: expected \"$2\", found \"$3\""
}

check_install() {
  local pass
  list_files before
  inside dpkg --install /root/orca.deb >&2
  say "$(inside orca --version), $(inside stat -c %s /usr/bin/orca) bytes; $(inside dpkg --listfiles orca-swarm | wc -l) paths"
  # Whatever dpkg does not like about its files, it says.
  expect "dpkg --verify" "" "$(inside dpkg --verify orca-swarm)"
  for pass in "${PASSES[@]}"; do
    expect "orca-$pass.timer" "disabled inactive" \
      "$(inside systemctl is-enabled "orca-$pass.timer" || true) $(inside systemctl is-active "orca-$pass.timer" || true)"
  done
  for pass in watch serve; do
    expect "orca-$pass.service" "disabled inactive" \
      "$(inside systemctl is-enabled "orca-$pass" || true) $(inside systemctl is-active "orca-$pass" || true)"
  done
  inside orca config check --output text >&2
}

check_units() {
  local unit units
  units=$(inside sh -c 'ls /usr/lib/systemd/system/orca-*')
  # It says what is wrong, and ends well all the same.
  # shellcheck disable=SC2086 # several words
  expect "systemd-analyze verify" "" "$(inside systemd-analyze verify --man=no $units 2>&1)"
  for unit in $units; do
    [[ $unit == *.service ]] || continue
    inside systemd-analyze security --no-pager --threshold=25 "${unit##*/}" >"$WORK/security" || die 1 "$unit is too open:"$'\n'"$(cat "$WORK/security")"
    tail -n 1 "$WORK/security" >&2
  done
}

# A log of somebody else's in a folder of theirs, a label to set, and clocks that don't make the test wait: everything
# else is as the package has it.
prepare_machine() {
  local pass
  inside sh -c 'mkdir -p /var/log/app /modcache && chmod 750 /var/log/app &&
    head -c 200000 /dev/zero | tr "\0" x >/var/log/app/app.log && chmod 640 /var/log/app/app.log && chown -R games: /var/log/app'
  write_inside /etc/orca/orca.yml <<'YAML'
nodes:
  node-1:
    labels: [booted=yes]
rebalance: {metrics: {source: reservations}}
logs:
  rules: [{paths: [/var/log/app/app.log], size: 100K}]
YAML
  write_inside /etc/orca/env <<<$'ORCA_TIMEOUT=30s\nORCA_OUTPUT=json'
  for pass in "${PASSES[@]}"; do
    write_inside "/run/systemd/system/orca-$pass.timer.d/soon.conf" <<<$'[Timer]\nOnActiveSec=1s\nRandomizedDelaySec=0'
  done
  write_inside /run/systemd/system/orca-reconcile.timer.d/soon.conf \
    <<<$'[Timer]\nOnUnitInactiveSec=\nOnActiveSec=1s\nOnUnitInactiveSec=2s\nRandomizedDelaySec=0'
  inside systemctl daemon-reload
}

# What orca itself has said as a unit.
said() { inside journalctl "_SYSTEMD_UNIT=orca-$1.service" --output cat --no-pager; }

# The whole reports of a unit, one a line.
reports() { said "$1" | awk '/^{$/ {text = ""} {text = text $0} /^}$/ {print text}' | jq -c 'select(.schema == "orca.report/1")'; }

has_report() { [ "$(reports "$1" | wc -l)" -ge "${2:-1}" ]; }

check_timers() {
  local pass outcome
  prepare_machine
  inside sh -c 'for pass in "$@"; do systemctl enable --now --quiet "orca-$pass.timer"; done' sh "${PASSES[@]}"
  for pass in "${PASSES[@]}"; do
    wait_for "a report of orca-$pass" 90 has_report "$pass" || die 1 "orca-$pass: $(said "$pass")"
  done
  # Its timer goes on by itself.
  wait_for "three reports of orca-reconcile" 90 has_report reconcile 3
  inside systemctl list-timers --no-pager 'orca-*' >&2
  for pass in "${PASSES[@]}"; do
    reports "$pass" | sed -n 1p | jq -r '"\(.command): \(.outcome), \(.summary.done) done, \(.error.message // "no error")"' >&2
  done
  for pass in "${PASSES[@]}"; do
    outcome=$(reports "$pass" | jq -r .outcome | sed -n 1p)
    case $pass in
      reconcile | logs-rotate) expect "$pass" changed "$outcome" ;;
      *) expect "$pass" unchanged "$outcome" ;;
    esac
    expect "orca-$pass.service" success "$(inside systemctl show --property Result --value "orca-$pass.service")"
  done
  expect "the second report of reconcile" unchanged "$(reports reconcile | jq -r .outcome | sed -n 2p)"
  expect "the node's label" yes "$(lab docker 1 node inspect self --format '{{.Spec.Labels.booted}}')"
  # A copy has the owner and the mode of its log.
  expect "logs of another user" "0 games 640, games 640" \
    "$(inside sh -c 'stat -c "%s %U %a" /var/log/app/app.log; stat -c "%U %a" /var/log/app/app.log.*.gz' | paste -sd, | sed 's/,/, /')"
  expect "/var/lib/orca" "700 root" "$(inside stat -c '%a %U' /var/lib/orca)"
  inside sh -c 'for pass in "$@"; do systemctl disable --now --quiet "orca-$pass.timer"; done' sh "${PASSES[@]}"
  # As it is out of the box: for people.
  write_inside /etc/orca/env <<<'ORCA_TIMEOUT=30s'
  inside systemctl start orca-reconcile
  said reconcile | sed '1,/^}$/d' | sed '/^{$/,/^}$/d' >"$WORK/text"
  cat "$WORK/text" >&2
  grep -q unchanged "$WORK/text" || die 1 "no report for people in the journal"
}

watch_is() { [[ $(inside systemctl show --property ActiveState,StatusText orca-watch) == *"$1"* ]]; }

label_is() { [ "$(lab docker 1 node inspect self --format '{{.Spec.Labels.booted}}')" = "$1" ]; }

check_watch() {
  local pid
  # `start` comes back when orca says READY=1.
  inside systemctl start orca-watch
  watch_is ActiveState=active || die 1 "orca-watch does not run"
  inside systemctl status --no-pager --lines 5 orca-watch >&2
  inside orca health --self --output text >&2
  # A reload takes the file as it is now.
  inside sed -i 's/booted=yes/booted=again/' /etc/orca/orca.yml
  inside systemctl reload orca-watch
  wait_for "the reloaded label" 60 label_is again || die 1 "$(inside journalctl -u orca-watch -o cat --no-pager)"
  # One that hangs is noticed, and started again.
  write_inside /run/systemd/system/orca-watch.service.d/soon.conf <<<$'[Service]\nWatchdogSec=10s\nRestartSec=1s'
  inside systemctl daemon-reload
  inside systemctl restart orca-watch
  pid=$(inside systemctl show --property MainPID --value orca-watch)
  sleep 13
  expect "orca-watch after more than its WatchdogSec" "$pid" "$(inside systemctl show --property MainPID --value orca-watch)"
  inside kill -STOP "$pid"
  wait_for "the watchdog" 60 watch_is_another "$pid" || die 1 "orca-watch hangs, and nobody noticed"
  inside systemctl stop orca-watch
  expect "orca-watch, stopped" "inactive success" \
    "$(inside systemctl is-active orca-watch || true) $(inside systemctl show --property Result --value orca-watch)"
}

watch_is_another() { watch_is ActiveState=active && [ "$(inside systemctl show --property MainPID --value orca-watch)" != "$1" ]; }

# From the machine's own network, where curl is not installed.
ask_machine() { # PATH CURL-ARGUMENTS...
  local path=$1
  shift
  ip netns exec "orca-lab.$LAB.1" curl -sS --max-time 20 "$@" "http://127.0.0.1:8080$path"
}

# It answers as soon as `start` comes back, lets nobody change anything, and ends clean; with tokens those come in who have one.
check_serve() {
  local token
  inside systemctl start orca-serve
  expect "/readyz" ok "$(ask_machine /readyz)"
  expect "/api/nodes" node-1 "$(ask_machine /api/nodes | jq -r '.[].hostname')"
  expect "a change that nobody may make" 403 "$(ask_machine /api/nodes/node-1/drain -o /dev/null -w '%{http_code}' -X POST)"
  inside systemctl status --no-pager --lines 5 orca-serve >&2
  inside orca health --self=serve --output text >&2
  token=$(inside orca serve --token-file /etc/orca/tokens --new-token read-only)
  inside sh -c 'echo ORCA_TOKEN_FILE=/etc/orca/tokens >>/etc/orca/env'
  inside systemctl restart orca-serve
  expect "without a token" 401 "$(ask_machine /api/nodes -o /dev/null -w '%{http_code}')"
  expect "with one" 200 "$(ask_machine /api/nodes -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token")"
  inside systemctl stop orca-serve
  expect "orca-serve, stopped" "inactive success" \
    "$(inside systemctl is-active orca-serve || true) $(inside systemctl show --property Result --value orca-serve)"
  inside sh -c 'rm /etc/orca/tokens; sed -i /ORCA_TOKEN_FILE/d /etc/orca/env'
}

# An ssh that knows the machine and nothing else, first in PATH.
make_ssh() { # ADDRESS
  local ssh
  ssh=$(command -v ssh)
  mkdir -p "$WORK/bin"
  ssh-keygen -q -t ed25519 -N '' -f "$WORK/id"
  inside sh -c 'umask 077 && mkdir -p /root/.ssh && cat >/root/.ssh/authorized_keys' <"$WORK/id.pub"
  echo "$1 $(inside cat /etc/ssh/ssh_host_ed25519_key.pub)" >"$WORK/known_hosts"
  printf '#!/bin/sh\nexec %s -F none -i %s -o IdentitiesOnly=yes -o UserKnownHostsFile=%s -o StrictHostKeyChecking=yes "$@"\n' \
    "$ssh" "$WORK/id" "$WORK/known_hosts" >"$WORK/bin/ssh"
  chmod 755 "$WORK/bin/ssh"
}

deploy_exporter() {
  # The host's own, as the package has it: what is on this side of the ssh.
  PATH=$WORK/bin:$PATH "$WORK/deb/usr/bin/orca" -c "$WORK/exporter.yml" --state-dir "$WORK/state" -o json \
    exporter deploy --via ssh --timeout 60s
}

check_exporter() {
  local address program unit=orca-node-exporter.service
  address=$(lab addr 1)
  program=$(exporter_program)
  make_ssh "$address"
  dpkg-deb -x "$deb" "$WORK/deb"
  cat >"$WORK/exporter.yml" <<YAML
exporter:
  ssh:
    hosts: {$MACHINE: "ssh://root@$address"}
    binary: $program
    sha256: $(sha256sum "$program" | cut -d' ' -f1)
YAML
  expect "exporter deploy" changed "$(deploy_exporter | tee "$WORK/deployed" | jq -r .outcome)"
  jq -c '.data.targets[]' "$WORK/deployed" >&2
  expect "$unit" "active enabled" "$(inside systemctl is-active $unit || true) $(inside systemctl is-enabled $unit || true)"
  curl -fsS "http://$address:9100/metrics" | grep -F "nodename=\"$MACHINE\"" >&2
  inside systemd-analyze security --no-pager --threshold=25 $unit | tail -n 1 >&2
  expect "exporter deploy, again" unchanged "$(deploy_exporter | jq -r .outcome)"
  # One that was killed for good is started again; one that was changed is put right.
  inside systemctl disable --now --quiet $unit
  expect "exporter deploy, after it was stopped" changed "$(deploy_exporter | jq -r .outcome)"
  inside sh -c "echo '# mine' >>/etc/systemd/system/$unit"
  expect "exporter deploy, after it was changed" changed "$(deploy_exporter | jq -r .outcome)"
  expect "$unit" "active enabled" "$(inside systemctl is-active $unit || true) $(inside systemctl is-enabled $unit || true)"
  # It is not the package's, and stays when that goes: taken away by hand, as the README says.
  inside sh -c "systemctl disable --now --quiet $unit && rm -rf /etc/systemd/system/$unit /usr/local/lib/orca /root/.ssh/authorized_keys && systemctl daemon-reload"
}

# Debian's node_exporter, from the lab's cache, and where it is not there yet from the mirror.
exporter_program() {
  local found
  lab image --exporter >&2
  found=("${ORCA_LAB_CACHE:-/var/cache/orca-lab}"/tools/prometheus-node-exporter_*/root/usr/bin/prometheus-node-exporter)
  [ -x "${found[-1]}" ] || die "$EX_UNAVAILABLE" "the lab has no prometheus-node-exporter in its cache"
  echo "${found[-1]}"
}

# The image has no file but the program: all that it needs must be in there.
check_image() {
  local name socket=/run/orca-lab/$LAB/node-1/docker.sock
  name=$(lab docker 1 load --quiet --input "$image" | sed 's/^Loaded image: //')
  expect "what is in the image" "etc/ etc/orca/ tmp/ usr/ usr/bin/ usr/bin/orca var/ var/lib/ var/lib/orca/" \
    "$(tar -xOf "$image" "$(tar -xOf "$image" manifest.json | jq -r '.[0].Layers[0]')" | tar -t | paste -sd' ')"
  write_config <<<'nodes: {node-1: {labels: [imaged=yes]}}'
  lab docker 1 run --rm --read-only --cap-drop ALL --tmpfs /var/lib/orca --volume "$socket:/var/run/docker.sock" \
    --volume "$WORK/orca.yml:/etc/orca/orca.yml:ro" "$name" reconcile --once --output text >&2
  expect "the label that the container has set" yes "$(lab docker 1 node inspect self --format '{{.Spec.Labels.imaged}}')"
  check_stack "$name" "$socket"
  check_stack_serve "$name" "$socket"
}

write_config() { cat >"$WORK/orca.yml"; }

# The lab's engine has its socket elsewhere, and is asked about health more often; else the stack is the one that is shipped.
check_stack() { # IMAGE SOCKET
  sed "s|/var/run/docker.sock:|$2:|; s/interval: 30s/interval: 2s/" packaging/stack.yml >"$WORK/stack.yml"
  (cd "$WORK" && ORCA_IMAGE=$1 "$ROOT/scripts/lab" docker --name "$LAB" 1 stack deploy --resolve-image never -c stack.yml orca >&2)
  # Healthy is what `orca health --self` says in there.
  wait_for "a healthy task" 90 task_is healthy orca_watch ||
    die 1 "$(lab docker 1 service ps --no-trunc orca_watch; lab docker 1 service logs orca_watch 2>&1 | tail -n 20)"
  lab docker 1 stack rm orca >&2
}

# With tokens from the image itself. Healthy is what `orca health --self=serve` says in there.
check_stack_serve() { # IMAGE SOCKET
  local token
  token=$(lab docker 1 run --rm --volume "$WORK:/out" "$1" serve --token-file /out/tokens --new-token read-only)
  sed "s|/var/run/docker.sock:|$2:|; s/interval: 30s/interval: 2s/" packaging/stack-serve.yml >"$WORK/stack-serve.yml"
  (cd "$WORK" && ORCA_IMAGE=$1 "$ROOT/scripts/lab" docker --name "$LAB" 1 stack deploy --resolve-image never -c stack-serve.yml dash >&2)
  wait_for "a healthy task" 90 task_is healthy dash_serve ||
    die 1 "$(lab docker 1 service ps --no-trunc dash_serve; lab docker 1 service logs dash_serve 2>&1 | tail -n 20)"
  expect "without a token" 401 "$(ask_task /api/nodes -o /dev/null -w '%{http_code}')"
  # Swarm hears of a task's health a little later than the engine.
  wait_for "itself, running" 90 shows_itself "$token"
  lab docker 1 stack rm dash >&2
}

shows_itself() { # TOKEN
  ask_task /api/services/live -H "Authorization: Bearer $1" |
    jq -e 'any(.name == "dash_serve" and .status == "running")' >/dev/null
}

# From the task's own network: the lab publishes no ports.
ask_task() { # PATH CURL-ARGUMENTS...
  local path=$1 task
  shift
  task=$(lab docker 1 ps --quiet --filter label=com.docker.swarm.service.name=dash_serve)
  nsenter --target "$(lab docker 1 inspect --format '{{.State.Pid}}' "$task")" --net curl -sS --max-time 20 "$@" "http://127.0.0.1:8080$path"
}

task_is() { [[ $(lab docker 1 ps --filter "health=$1" --filter "label=com.docker.swarm.service.name=$2" --quiet) ]]; }

check_removal() {
  local pass
  # What the test itself has made there.
  inside sh -c 'rm -rf /var/log/app /modcache /etc/orca/env /run/systemd/system/orca-*.d; systemctl daemon-reload'
  # A timer that is on must not outlive its program.
  inside systemctl enable --now --quiet orca-reconcile.timer
  inside dpkg --remove orca-swarm >&2
  expect "orca-reconcile.timer" inactive "$(inside systemctl is-active orca-reconcile.timer || true)"
  expect "the program" "" "$(inside sh -c 'ls /usr/bin/orca /usr/lib/systemd/system/orca-* 2>/dev/null' || true)"
  # Removed is not purged: config and memory are still there.
  expect "config and memory" "/etc/orca/orca.yml /var/lib/orca/state.db" \
    "$(inside sh -c 'ls /etc/orca/orca.yml /var/lib/orca/state.db' | paste -sd' ')"
  inside dpkg --purge orca-swarm >&2
  expect "/var/lib/orca" "" "$(inside sh -c 'ls -d /var/lib/orca /etc/orca 2>/dev/null' || true)"
  for pass in "${PASSES[@]}" watch serve; do
    expect "orca-$pass" not-found "$(inside systemctl show --property LoadState --value "orca-$pass.service")"
  done
  expect "what has failed" "" "$(inside systemctl list-units --failed --no-legend 'orca*')"
  list_files after
  diff "$WORK/before" "$WORK/after" >&2 || die 1 "the package left something, or took something along"
  say "$(wc -l <"$WORK/after") files and folders, the same as before"
}
