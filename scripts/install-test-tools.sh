#!/usr/bin/env bash
# Installs the programs that some tests run against, where they are missing and can be installed (apt as root, Go).
# Never fails: tests that miss a program say so and are skipped.
set -u

# program:package
tools=(redis-server:redis-server redis-sentinel:redis-sentinel nginx:nginx-light haproxy:haproxy openssl:openssl chromium:chromium curl:curl wrk:wrk nghttp:nghttp2-client h2load:nghttp2-client nghttpd:nghttp2-server initdb:postgresql)

# These have no package: Go builds them from their source in a minute or two. Pebble is a certificate authority for tests of ACME,
# h2spec judges HTTP/2 servers, OPA decides what callers may.
built=(
  pebble=github.com/letsencrypt/pebble/v2/cmd/pebble@v2.8.0
  h2spec=github.com/summerwind/h2spec/cmd/h2spec@v2.2.1
  opa=github.com/open-policy-agent/opa@v1.22.2
)
for program in "${built[@]}"; do
  name="${program%%=*}"
  PATH="$PATH:$HOME/go/bin" command -v "$name" >/dev/null 2>&1 && continue
  if command -v go >/dev/null 2>&1; then
    echo "Building for the tests: $name"
    GOBIN="$HOME/go/bin" go install "${program#*=}" >/dev/null 2>&1 || echo "$name could not be built: the tests that need it are skipped, and say so."
  else
    echo "There is no Go here to build $name with: the tests that need it are skipped, and say so."
  fi
done

# Debian keeps the programs of PostgreSQL out of everybody's way, in a folder for each version.
folders="/usr/sbin:/sbin:$(printf '%s:' /usr/lib/postgresql/*/bin)"
missing=()
packages=()
for tool in "${tools[@]}"; do
  if ! PATH="$PATH:$folders" command -v "${tool%%:*}" >/dev/null 2>&1; then
    missing+=("${tool%%:*}")
    packages+=("${tool##*:}")
  fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

complain() {
  printf '\n  ***  Missing for the tests: %s\n  ***  %s\n  ***  The tests that need them are skipped, and say so.\n\n' "${missing[*]}" "$1"
  exit 0
}

command -v apt-get >/dev/null 2>&1 || complain "There is no apt-get here to install them with."
[ "$(id -u)" -eq 0 ] || complain "As root: apt-get install ${packages[*]}"

echo "Installing for the tests: ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive

# The packages' services must not start: tests start their own, on ports of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi

install() {
  apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "${packages[@]}" </dev/null >"$log" 2>&1
}
log=$(mktemp)
# The lists that are there may do; fetching them takes longer than most installs.
install || { apt-get update -q >>"$log" 2>&1 && install; } || {
  tail -n 5 "$log"
  complain "apt-get could not install them; its last words stand above."
}
rm -f "$log"
