#!/bin/bash
# Builds cosign for the comparison, once per (version, Go version, architecture) into a cache outside the work tree, with
# progress on stderr; prints the binary's path on stdout.
set -euo pipefail
cd "$(dirname "$0")"
command -v go >/dev/null || { echo "Go 1.26 or later is needed to build cosign: install it from https://go.dev/dl" >&2; exit 1; }
package=github.com/sigstore/cosign/v3/cmd/cosign version=v3.1.2
export GOTOOLCHAIN=local GOFLAGS= CGO_ENABLED=0
key=$({ go env GOVERSION GOARCH; cat build.sh; } | sha256sum | cut -c1-16)
dir=${TESTPLANE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vouchsafe}/cosign-$version-$key

# Reads `go install -v`, which names each package as it is compiled.
show_progress() {
  local count=0 start=$SECONDS shown=-10 line
  while IFS= read -r line; do
    case $line in *" "* | *:*) echo "$line" >&2; continue ;; esac
    count=$((count + 1))
    if ((SECONDS - shown >= 10)); then
      shown=$SECONDS
      echo "  building cosign $version: $count packages, $((SECONDS - start)) s" >&2
    fi
  done
}

if [[ ! -x $dir/cosign ]]; then
  mkdir -p "$dir/new"
  exec 9>"$dir/.lock"
  flock 9
  if [[ ! -x $dir/cosign ]]; then
    echo "Building cosign $version for the comparison, once: about 5 minutes on 2 cores. It is kept in $dir" >&2
    GOBIN=$dir/new go install -v -trimpath -ldflags "-s -w -X sigs.k8s.io/release-utils/version.gitVersion=$version" "$package@$version" 2>&1 |
      show_progress
    mv "$dir/new/cosign" "$dir/cosign"
    rmdir "$dir/new"
  fi
fi
echo "$dir/cosign"
