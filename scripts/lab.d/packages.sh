# shellcheck shell=bash
# Part of scripts/lab: Debian packages, fetched with the host's apt but not with its sources, and unpacked into
# the cache beside the system. Nothing here installs anything; cached things are used without network.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

suite_of() { # ITEM of --engines -> Debian suite that has it
  case $1 in
    20 | 20.10 | 20.10.* | bookworm) echo bookworm ;;
    26 | 26.1 | 26.1.* | trixie) echo trixie ;;
    sid | newest | 2[789] | 2[789].* | [3-9][0-9] | [3-9][0-9].*) echo sid ;;
    *) die_usage "no engine \"$1\": there are 20.10 (bookworm), 26.1 (trixie), 28.5 or what sid has now (sid, newest)" ;;
  esac
}

# An apt with sources, lists and state of its own; of the host's settings only those for fetching (proxy, dates).
use_suite() {
  local dir=$CACHE/apt/$1 mirror=${ORCA_LAB_MIRROR:-}
  SUITE=$1
  mkdir -p "$dir"/{lists/partial,archives/partial}
  # shellcheck disable=SC2016 # apt expands it
  [ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m1 -E '/debian/?$') ||
    mirror=http://deb.debian.org/debian
  echo "deb [signed-by=$KEYRING] $mirror $SUITE main" >"$dir/sources.list"
  : >"$dir/status"
  {
    env -u APT_CONFIG apt-config dump | grep '^Acquire::' | grep -v IndexTargets || true
    cat <<CONF
Acquire::Languages "none";
APT::Sandbox::User "root";
Dir::Etc::parts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$dir";
Dir::State::lists "$dir/lists";
Dir::State::status "$dir/status";
Dir::Cache "$dir";
CONF
  } >"$dir/apt.conf"
  export APT_CONFIG=$dir/apt.conf
}

refresh_suite() { # sid moves on, so its lists are read anew after a day; the others' when there are none
  local stamp=$CACHE/apt/$SUITE/fresh
  [ -e "$stamp" ] && { [ "$SUITE" != sid ] || [ -z "$(find "$stamp" -mmin +1440)" ]; } && return
  say "reading Debian's $SUITE package lists"
  if apt-get update -qq -o APT::Update::Error-Mode=any >&2; then touch "$stamp"; else return 1; fi
}

# Reads to the end: apt-cache would die of a pipe that is closed early, and with it, now and then, the lab.
version_of() { apt-cache show --no-all-versions "$1" 2>/dev/null | awk '/^Version: / && !n++ {print $2}'; }

unpack() { # DIR PACKAGE...: download and unpack there
  local dir=$1 deb debs
  shift
  debs=$(mktemp -d "$CACHE/debs.XXXX")
  (cd "$debs" && apt-get download -qq "$@" >&2) || { rm -rf "$debs"; die "could not download $* from Debian's $SUITE; is the mirror reachable? (ORCA_LAB_MIRROR)"; }
  for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$dir"; done
  rm -rf "$debs"
}

fetch_tool() { # PACKAGE SUITE -> TOOL, its folder in the cache, unpacked under root/
  local found
  found=("$CACHE/tools/$1_"*/)
  if ! ((${#found[@]})); then
    (
      lock 7 "$CACHE/.tools.lock"
      use_suite "$2"
      refresh_suite || die "cannot read Debian's package lists (ORCA_LAB_MIRROR chooses another mirror)"
      local final tmp
      final=$CACHE/tools/$1_$(version_of "$1")
      [ -d "$final" ] && exit 0
      mkdir -p "$CACHE/tools"
      tmp=$(mktemp -d "$CACHE/tools/tmp.XXXX")
      say "fetching $(basename "$final")"
      unpack "$tmp/root" "$1"
      chmod 755 "$tmp"
      mv "$tmp" "$final"
    )
    found=("$CACHE/tools/$1_"*/)
  fi
  TOOL=${found[-1]%/}
}

newest_of() { printf '%s\n' "${@%/version}" | sort -V | tail -1; }

# An engine's folder counts as complete when it has a version file.
fetch_engine() { # ITEM -> ENGINE, its folder in the cache: bin/ and version
  local item=$1 suite cached=() version
  suite=$(suite_of "$item")
  ENGINE=
  # Anything cached that matches will do; "newest" must look whether there is something newer.
  case $item in
    sid | newest) ;;
    bookworm) cached=("$CACHE"/engines/20.10*/version) ;;
    trixie) cached=("$CACHE"/engines/26.1*/version) ;;
    *) cached=("$CACHE/engines/$item"[.+]*/version) ;;
  esac
  if ((${#cached[@]})); then ENGINE=$(newest_of "${cached[@]}"); return; fi
  ENGINE=$(
    lock 7 "$CACHE/.engines.lock"
    use_suite "$suite"
    if refresh_suite; then
      unpack_engine
    else
      cached=("$CACHE/engines/"*"_$suite/version")
      ((${#cached[@]})) || die "cannot read Debian's $suite package lists (ORCA_LAB_MIRROR chooses another mirror)"
      say "cannot read Debian's $suite package lists: taking its newest engine in the cache"
      newest_of "${cached[@]}"
    fi
  )
  version=$(cat "$ENGINE/version")
  case $item in
    sid | newest | bookworm | trixie) say "engine $item is $version" ;;
    *) [[ $version == "$item" || $version == "$item".* ]] || say "engine $item: Debian's $suite now has $version, taking that" ;;
  esac
}

unpack_engine() { # of the suite in use; prints the folder
  local final tmp packages=(docker.io containerd runc) extra b version
  final=$CACHE/engines/$(version_of docker.io)_containerd-$(version_of containerd)_runc-$(version_of runc)_$SUITE
  [ -e "$final/version" ] && { echo "$final"; return; }
  # Newer suites have the init and the command line in packages of their own.
  for extra in tini-static docker-cli; do [ -z "$(version_of "$extra")" ] || packages+=("$extra"); done
  [ -n "$(version_of tini-static)" ] || packages+=(tini)
  mkdir -p "$CACHE/engines"
  tmp=$(mktemp -d "$CACHE/engines/tmp.XXXX")
  say "fetching $(basename "$final")"
  unpack "$tmp/root" "${packages[@]}"
  mkdir "$tmp/bin"
  for b in dockerd docker-proxy runc docker docker-init tini-static containerd containerd-shim-runc-v2; do
    extra=$(find "$tmp/root" -path "*bin/$b" -not -type d -printf '%y %p\n' | sort | sed -n '1s/^. //p')
    [ -z "$extra" ] || cp -a "$extra" "$tmp/bin/$b"
  done
  rm -rf "$tmp/root"
  for b in dockerd docker-proxy runc containerd containerd-shim-runc-v2; do
    [ -x "$tmp/bin/$b" ] || die "Debian's $SUITE docker.io came without $b; take another engine"
  done
  fit_to_host "$tmp" "$final"
  chmod 755 "$tmp"
  rm -rf "$final"
  mv "$tmp" "$final"
  for b in runc containerd dockerd; do
    version=$("$final/bin/$b" --version) || die "$b of Debian's $SUITE does not run on this host (it is $final/bin/$b)"
  done
  sed -E 's/.*version ([^ ,+]+).*/\1/;q' <<<"$version" >"$final/version"
  echo "$final"
}

# A binary of a newer suite may want a newer glibc, or a library the host lacks: it then gets its own suite's, by way
# of its interpreter and rpath. (Starting it through that suite's ld.so would not do: runc and dockerd start
# themselves again through /proc/self/exe, which would be ld.so.)
fit_to_host() { # TMP FINAL
  local b lacking=() libs lib paths
  for b in "$1"/bin/*; do
    if [ -f "$b" ] && ldd "$b" 2>&1 | grep -q 'not found'; then lacking+=("$b"); fi
  done
  ((${#lacking[@]})) || return 0
  say "$(basename -a "${lacking[@]}" | paste -sd' ') of $SUITE will not run on this host's libraries: adding $SUITE's"
  mapfile -t libs < <(apt-get -s install --no-install-recommends docker.io containerd runc | sed -nE 's/^Inst (lib[a-z0-9.+-]+).*/\1/p' | grep -v perl)
  unpack "$1/root" "${libs[@]}"
  mkdir "$1/lib"
  # Flat, with links resolved: what is not a shared library is of no use here
  while read -r lib; do [ -e "$1/lib/$(basename "$lib")" ] || cp -L "$lib" "$1/lib/"; done \
    < <(find "$1/root" -path '*/lib*' -name '*.so*' -not -path '*/gconv/*' -not -path '*/systemd/*')
  rm -rf "$1/root"
  paths=("$1"/lib/ld-linux*.so.*)
  (use_patchelf "$2/lib/$(basename "${paths[0]}")" "$2/lib" "${lacking[@]}") >&2
}

use_patchelf() { # INTERPRETER RPATH BINARY...
  local ld=$1 path=$2
  shift 2
  fetch_tool patchelf bookworm
  "$TOOL/root/usr/bin/patchelf" --set-interpreter "$ld" --force-rpath --set-rpath "$path" "$@"
}
