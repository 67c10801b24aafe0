#!/bin/bash
# Builds the control plane of tests and demo once per (sources, Go version, architecture) into a cache
# outside the work tree, with progress on stderr, and prints the binary's path on stdout.
set -euo pipefail
cd "$(dirname "$0")"
command -v go >/dev/null || { echo "Go 1.26 or later is needed to build the test control plane: install it from https://go.dev/dl" >&2; exit 1; }
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0
IFS=. read -r go_major go_minor _ <<<"$(go env GOVERSION | sed 's/^go//')"
if ((go_major < 1 || (go_major == 1 && ${go_minor%%[!0-9]*} < 26))); then
  echo "Go 1.26 or later is needed to build the test control plane, found $(go env GOVERSION): install it from https://go.dev/dl" >&2
  exit 1
fi
version=$(sed -n 's/^\tk8s.io\/kubernetes \(v[^ ]*\).*/\1/p' go.mod)
key=$({ go env GOVERSION GOARCH; cat go.mod go.sum ./*.go build.sh; } | sha256sum | cut -c1-16)
dir=${TESTPLANE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vouchsafe}/controlplane-$version-$key
tags=selinux,notest,grpcnotrace

# The two packages that upstream stamps; without the stamp the server says v0.0.0-master.
linker_flags() {
  local flags="-s -w" major minor package
  IFS=. read -r major minor _ <<<"${version#v}"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
    flags+=" -X $package.gitTreeState=clean -X $package.gitCommit=unknown -X $package.buildDate=1970-01-01T00:00:00Z"
  done
  echo "$flags"
}

# Reads `go build -v`, which names each package as it is compiled.
show_progress() {
  local total=$1 count=0 start=$SECONDS shown=-10 line
  while IFS= read -r line; do
    case $line in *" "* | *:*) echo "$line" >&2; continue ;; esac
    count=$((count + 1))
    if ((SECONDS - shown >= 10)); then
      shown=$SECONDS
      local spent=$((SECONDS - start)) left="…"
      ((spent >= 20)) && left="about $(((spent * (total - count) / count + 59) / 60)) min left"
      echo "  building Kubernetes $version: $((count * 100 / total))% ($count of at most $total packages), $left" >&2
    fi
  done
}

if [[ ! -x $dir/controlplane ]]; then
  mkdir -p "$dir"
  exec 9>"$dir/.lock"
  flock 9
  if [[ ! -x $dir/controlplane ]]; then
    echo "Building the test control plane, once: 5 to 13 minutes on 2 cores. It is kept in $dir" >&2
    go mod download >&2
    total=$(go list -deps -tags "$tags" . | wc -l)
    go build -v -trimpath -tags "$tags" -ldflags "$(linker_flags)" -o "$dir/controlplane.new" . 2>&1 | show_progress "$total"
    mv "$dir/controlplane.new" "$dir/controlplane"
    for tool in etcd kube-apiserver kube-controller-manager kubectl; do ln -sf controlplane "$dir/$tool"; done
  fi
fi
echo "$dir/controlplane"
