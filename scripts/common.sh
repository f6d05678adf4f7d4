# shellcheck shell=bash
# What the scripts beside this file share. Sourced, never run.

# shellcheck disable=SC2034 # used by the scripts that source this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# sysexits, the same numbers orca uses
# shellcheck disable=SC2034
EX_USAGE=64 EX_UNAVAILABLE=69

say() { printf "%s\n" "$@" >&2; }

die() {
  local code=$1
  shift
  say "error: $*"
  exit "$code"
}

have() { command -v "$1" >/dev/null 2>&1; }

is_root() { [ "$(id -u)" = 0 ]; }

on_debian() { have apt-get && have dpkg; }

# step NAME COMMAND...: a headline, the command, and how long it took. A failure ends the script (set -e).
step() {
  local name=$1 from=$SECONDS
  shift
  say "" "== $name"
  "$@"
  say "== $name: fine ($((SECONDS - from)) s)"
}

# Names of attempts that have failed. Where KEPT names a folder, what each attempt says is kept there, too, by its name.
FAILED=()
KEPT=

# attempt NAME COMMAND...: a step after which it goes on even if it has failed, so that one run shows all that is wrong.
# Whoever attempts ends with all_well. Not for a condition (`attempt ... ||`): there the command would ignore set -e.
attempt() {
  local status
  set +e
  if [ -z "$KEPT" ]; then
    (set -e && step "$@")
    status=$?
  else
    # Ctrl-C reaches the whole pipe; what a step says while it cleans up is still to be heard.
    (set -e && step "$@") 2>&1 | (trap '' INT TERM HUP && exec tee "$KEPT/$1")
    status=${PIPESTATUS[0]}
  fi
  set -e
  [ "$status" = 0 ] || { FAILED+=("$1"); say "== $1: FAILED (exit code $status)"; }
}

all_well() {
  local IFS=,
  [ "${#FAILED[@]}" = 0 ] || die 1 "failed: ${FAILED[*]}"
}

# install_missing COMMAND:PACKAGE...: installs the packages of the commands that are not there. Without root, without
# apt, or when apt fails, it says what is missing and what to do, and ends with 69.
install_missing() {
  local pair command missing=() packages=()
  for pair in "$@"; do
    command=${pair%%:*}
    have "$command" && continue
    packages+=("${pair#*:}")
    # One command may want several packages.
    [[ " ${missing[*]-} " == *" $command "* ]] || missing+=("$command")
  done
  ((${#packages[@]})) || return 0
  on_debian || die "$EX_UNAVAILABLE" "missing: ${missing[*]}; install what has them (on Debian: ${packages[*]})"
  is_root || die "$EX_UNAVAILABLE" "missing: ${missing[*]}; as root: apt-get install ${packages[*]}"
  say "installing ${packages[*]} (missing: ${missing[*]})"
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=180 install -y -qq --no-install-recommends "${packages[@]}")
  # A fresh machine has no package lists, or old ones that name packages no longer there.
  "${install[@]}" >/dev/null 2>&1 || { apt-get update -qq >&2 && "${install[@]}" >/dev/null; } ||
    die "$EX_UNAVAILABLE" "missing: ${missing[*]}, and apt failed; install by hand: apt-get install ${packages[*]}"
  hash -r
  for command in "${missing[@]}"; do
    have "$command" || die "$EX_UNAVAILABLE" "\`$command\` is still missing after installing ${packages[*]}"
  done
}

# `apt-cache show` knows names too that nothing can be installed for (rustup on Debian 12).
has_candidate() { apt-cache policy "$1" 2>/dev/null | grep -q '^ *Candidate: [^(]'; }

# Whether apt can install a package; a fresh machine has no package lists.
apt_has() {
  has_candidate "$1" || { apt-get update -qq >&2 && has_candidate "$1"; }
}

# Rust and a C compiler (for SQLite and the TLS library).
need_rust() {
  have cargo || PATH=$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin
  if ! have cargo && is_root && on_debian && apt_has rustup; then
    install_missing rustup:rustup
    rustup default stable
  fi
  have cargo || die "$EX_UNAVAILABLE" "cargo is missing: install Rust 1.89 or newer with rustup (https://rustup.rs)"
  have cc || install_missing cc:gcc cc:libc6-dev
}

# Every shell script of the project, one a line. What they source is checked with them.
shell_scripts() {
  echo .ci/run
  find scripts packaging -type f -exec grep -lE -m1 '^#!(/usr/bin/env bash|/bin/sh)' {} +
}

# wait_until SECONDS WHAT COMMAND...
wait_until() {
  local limit=$1 what=$2 from=$SECONDS
  shift 2
  until "$@"; do
    ((SECONDS - from < limit)) || die 1 "waited $limit s in vain for $what"
    sleep 0.3
  done
}
