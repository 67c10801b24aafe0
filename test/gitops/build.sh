#!/bin/bash
# Builds the GitOps tools of the tests, `build.sh argocd` or `build.sh flux`, once per (sources, Go version,
# architecture) into a cache outside the work tree, with progress on stderr; prints the binary's path on stdout.
set -euo pipefail
cd "$(dirname "$0")"
command -v go >/dev/null || { echo "Go 1.26 or later is needed to build $1: install it from https://go.dev/dl" >&2; exit 1; }
case ${1-} in
  argocd) cd argocd; module=github.com/argoproj/argo-cd/v3 package=. ;;
  flux) cd flux; module=github.com/fluxcd/kustomize-controller package=$module ;;
  *) echo "usage: build.sh argocd|flux" >&2; exit 2 ;;
esac
# The flags of the test control plane: both share the packages of Kubernetes in Go's build cache.
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0
tags=selinux,notest,grpcnotrace
version=$(sed -n "s|^\(require\)\?[[:space:]]*$module \(v[^ ]*\).*|\2|p" go.mod)
key=$({ go env GOVERSION GOARCH; cat ./go.* ../build.sh; find . -name '*.go' -exec cat {} +; } | sha256sum | cut -c1-16)
dir=${TESTPLANE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vouchsafe}/$1-$version-$key

# Reads `go build -v`, which names each package as it is compiled.
show_progress() {
  local total=$1 count=0 start=$SECONDS shown=-10 line
  while IFS= read -r line; do
    case $line in *" "* | *:*) echo "$line" >&2; continue ;; esac
    count=$((count + 1))
    if ((SECONDS - shown >= 10)); then
      shown=$SECONDS
      echo "  building $module $version: $count packages of at most $total, $((SECONDS - start)) s" >&2
    fi
  done
}

if [[ ! -x $dir/$1 ]]; then
  mkdir -p "$dir"
  exec 9>"$dir/.lock"
  flock 9
  if [[ ! -x $dir/$1 ]]; then
    echo "Building $module $version for the tests, once: about 4 minutes on 2 cores. It is kept in $dir" >&2
    go mod download >&2
    total=$(go list -deps -tags "$tags" "$package" | wc -l)
    go build -v -trimpath -tags "$tags" -ldflags "-s -w -X $module/common.version=${version#v}" -o "$dir/$1.new" "$package" 2>&1 |
      show_progress "$total"
    mv "$dir/$1.new" "$dir/$1"
  fi
fi
echo "$dir/$1"
