#!/usr/bin/env bash
# Runs the README's two commands on a bare machine, as far as one machine can pretend to be another.
#
#   crates/xtask/bare.sh                 cargo xtask serve until the page answers, cargo xtask test
#   crates/xtask/bare.sh serve           only one of them
#   crates/xtask/bare.sh test fast       with arguments, which go to cargo xtask test
#
#   LIMIT=600   stops `test` after this many seconds and calls that a success if its first step had
#               started by then
#   KEEP=1      leaves the directory with the clone, the logs and what was installed
#   OFFLINE=1   repeats the first command afterwards without the target and without a network, and
#               expects one sentence that names the command to run (needs root)
#
# What is bare: a fresh clone of HEAD; an empty CARGO_HOME and HOME; no target/ and no node_modules/;
# a copy of the toolchain without the WebAssembly target, rustfmt and clippy; RUSTUP_AUTO_INSTALL=0;
# no CHROME; no browser and no valgrind.
#
# What is taken from this machine: rustup, the compiler, Node.js, the C linker, the network.
#
# As root on Debian, the script runs in a mount namespace of its own, where /usr, /var and /etc are
# overlays: browser and valgrind are purged there, and what apt installs is written there. Nothing
# outside changes. Elsewhere, the script hides them with a PATH of links to everything else; there
# xtask cannot install valgrind, and says so.
set -euo pipefail

readonly HIDDEN='chromium|chromium-browser|google-chrome.*|chrome|valgrind|callgrind_.*|vgdb'

say() { printf '\n## %s\n' "$*"; }

# The toolchain that rust-toolchain.toml selects, without what rustup can add.
bare_toolchain() {
  local home name
  home=$(cd "$root" && rustup show home)
  name=$(cd "$root" && rustup show active-toolchain | cut -d' ' -f1)
  mkdir -p "$dir/rustup/toolchains/$name" "$dir/cargo/bin"
  cp "$home/settings.toml" "$dir/rustup/"
  # By tar, since the toolchain may be a link to another one, which must stay as it is. The book is
  # half of its size.
  tar -C "$home/toolchains/$name" --exclude=./share/doc/rust/html -cf - . |
    tar -C "$dir/rustup/toolchains/$name" -xf -
  export RUSTUP_HOME=$dir/rustup
  local added
  added=$(rustup component list --installed --toolchain "$name" |
    grep -oE '^(rustfmt|clippy|rust-std-wasm32-unknown-unknown)' | xargs)
  # shellcheck disable=SC2086 # a list of components
  [ -z "$added" ] || rustup --quiet component remove --toolchain "$name" $added
  # rustup's programs are links to itself.
  local program
  for program in rustup cargo rustc rustdoc rustfmt cargo-fmt cargo-clippy clippy-driver; do
    ln -s "$(readlink -f "$(command -v rustup)")" "$dir/cargo/bin/$program"
  done
  echo "toolchain: a copy of $name without: ${added:-nothing}"
}

# Private copies of the system's directories, without browser and valgrind.
overlay() {
  local name
  for name in usr var etc; do
    mkdir -p "$dir/overlay/$name" "$dir/overlay/.$name"
    mount -t overlay overlay \
      -o "lowerdir=/$name,upperdir=$dir/overlay/$name,workdir=$dir/overlay/.$name" "/$name"
  done
  local found
  found=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' 'chromium*' valgrind \
    2>"$dir/dpkg.log" | sed -n 's/^installed //p' | xargs)
  # shellcheck disable=SC2086 # a list of package names
  [ -z "$found" ] || apt-get purge -y -q $found >"$dir/purge.log" 2>&1
  echo "system: overlays of /usr, /var and /etc; purged there: ${found:-nothing}"
}

# A directory of links to the programs on the PATH, without browser and valgrind.
links() {
  mkdir "$dir/bin"
  local from file
  local IFS=:
  for from in $PATH; do
    for file in "$from"/*; do
      if [ -x "$file" ] && ! [[ ${file##*/} =~ ^($HIDDEN)$ ]]; then
        [ -e "$dir/bin/${file##*/}" ] || ln -s "$file" "$dir/bin/${file##*/}"
      fi
    done
  done
  echo "system: this machine's, through links to all programs but browser and valgrind"
}

# Runs a command in the clone with nothing in its environment that a new user would not have.
bare() {
  local path=$PATH
  [ ! -d "$dir/bin" ] || path=$dir/bin
  local kept=() name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE LANG; do
    [ -z "${!name:-}" ] || kept+=("$name=${!name}")
  done
  (cd "$dir/clone" && exec env -i "${kept[@]}" HOME="$dir/home" PATH="$dir/cargo/bin:$path" \
    CARGO_HOME="$dir/cargo" RUSTUP_HOME="$dir/rustup" RUSTUP_AUTO_INSTALL=0 TERM=dumb "$@")
}

# Starts a command in a process group of its own, with its output in a log.
start() {
  log=$dir/$1.log
  shift
  set -m
  bare "$@" >"$log" 2>&1 &
  job=$!
  set +m
}

stop() {
  kill -TERM -- "-$job" 2>/dev/null || true
  wait "$job" 2>/dev/null || true
  job=
}

is_running() { kill -0 "$job" 2>/dev/null; }

failed() {
  tail -n 40 "$log"
  echo "FAILED after $((SECONDS - began)) s: $*"
  exit 1
}

serve() {
  say "cargo xtask serve"
  began=$SECONDS
  start serve cargo xtask serve
  local url=
  while [ -z "$url" ]; do
    is_running || failed "cargo xtask serve ended"
    sleep 1
    url=$(sed -n 's/^\(http:[^ ]*\)$/\1/p' "$log")
  done
  local status
  status=$(bare node --eval "fetch('$url').then((answer) => console.log(answer.status))")
  [ "$status" = 200 ] || failed "$url answers $status"
  stop
  grep -E '^(==|port)|\$ ' "$log"
  echo "$url answered 200 after $((SECONDS - began)) s"
}

test_all() {
  say "cargo xtask test $*"
  began=$SECONDS
  start test cargo xtask test "$@"
  while is_running; do
    if [ -n "${LIMIT:-}" ] && [ $((SECONDS - began)) -ge "$LIMIT" ]; then
      stop
      grep -qE '^(-- .* starts|== [a-z-]+: )' "$log" || failed "no step had started by the limit"
      grep -E '^(==|--|browser)|\$ ' "$log"
      echo "stopped after $LIMIT s, as LIMIT says"
      return
    fi
    sleep 1
  done
  wait "$job" || failed "cargo xtask test failed"
  job=
  grep -E '^(==|--|browser|  )|\$ ' "$log"
  echo "cargo xtask test ended well after $((SECONDS - began)) s"
}

offline() {
  say "cargo xtask build without the target and without a network"
  began=$SECONDS
  bare rustup --quiet target remove wasm32-unknown-unknown
  log=$dir/offline.log
  if bare unshare --net cargo --offline xtask build >"$log" 2>&1; then
    failed "it did not notice"
  fi
  cat "$log"
  grep -q 'rustup target add' "$log" || failed "it does not name the command"
}

installed() {
  say "what was installed"
  echo "targets: $(bare rustup target list --installed | xargs)"
  echo "components: $(bare rustup component list --installed | xargs)"
  if [ -d "$dir/clone/node_modules" ]; then
    echo "npm packages: $(cd "$dir/clone/node_modules" && echo *)"
  fi
  if [ -d "$dir/overlay" ]; then
    dpkg-query --show --showformat 'apt: ${Package} ${Version} (${db:Status-Status})\n' \
      chromium valgrind 2>>"$dir/dpkg.log" || true
  fi
}

# On this machine: makes the directory, and starts the script again inside it.
outside() {
  BARE_DIR=$(mktemp -d "${TMPDIR:-/tmp}/faultline-bare.XXXXXX")
  export BARE_DIR
  trap 'if [ -n "${KEEP:-}" ]; then echo "kept: $BARE_DIR"; else rm -rf "$BARE_DIR"; fi' EXIT
  if [ "$(id -u)" = 0 ] && [ -x /usr/bin/apt-get ] && command -v unshare >/dev/null; then
    BARE_SYSTEM=overlay unshare --mount --propagation private "$0" "$@"
  else
    BARE_SYSTEM=links "$0" "$@"
  fi
}

inside() {
  dir=$BARE_DIR
  job=
  trap '[ -z "$job" ] || stop' EXIT
  say "the bare machine, in $dir"
  mkdir "$dir/home"
  git clone --quiet --no-local "$root" "$dir/clone"
  echo "clone: $(git -C "$dir/clone" log -1 --format='%h %s')"
  bare_toolchain
  "$BARE_SYSTEM"
  case $what in
    serve) serve ;;
    test) test_all "$@" ;;
    both)
      serve
      test_all
      ;;
  esac
  installed
  [ -z "${OFFLINE:-}" ] || offline
}

root=$(cd "$(dirname "$0")/../.." && pwd)
what=${1:-both}
case $what in
  serve | test | both) ;;
  *)
    echo "usage: $0 [serve | test [PART]...]" >&2
    exit 2
    ;;
esac
if [ -z "${BARE_DIR:-}" ]; then
  outside "$@"
else
  inside "${@:2}"
fi
