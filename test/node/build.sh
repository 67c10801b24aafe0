#!/bin/bash
# Builds what a real node needs (kubelet and kube-proxy, containerd 2, kube-router, the probe), each once per
# (sources, Go version, architecture) into a cache outside the work tree, with progress on stderr. Prints the folders
# of the binaries as one PATH on stdout.
set -euo pipefail
shopt -s inherit_errexit nullglob
cd "$(dirname "$0")"
command -v go >/dev/null || { echo "Go 1.26 or later is needed to build the test node: install it from https://go.dev/dl" >&2; exit 1; }
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0
cache=${TESTPLANE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vouchsafe}

# version_of MODULE: as go.mod of the current folder requires it.
version_of() { sed -n "s|^.*$1 \(v[^ ]*\).*|\1|p" go.mod | head -n 1; }

# Without the stamp upstream sets on two packages, the kubelet says v0.0.0-master.
stamp_kubernetes() {
  local version major minor package
  version=$(version_of k8s.io/kubernetes)
  IFS=. read -r major minor _ <<<"${version#v}"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=%s -X %s.gitMajor=%s -X %s.gitMinor=%s ' "$package" "$version" "$package" "$major" "$package" "$minor"
    printf -- '-X %s.gitTreeState=clean -X %s.gitCommit=unknown -X %s.buildDate=1970-01-01T00:00:00Z ' "$package" "$package" "$package"
  done
}

# Reads `go build -v`, which names each package as it is compiled.
show_progress() {
  local name=$1 total=$2 count=0 shown=$SECONDS line
  while IFS= read -r line; do
    case $line in *" "* | *:*) echo "$line" >&2; continue ;; esac
    count=$((count + 1))
    ((SECONDS - shown >= 10)) || continue
    shown=$SECONDS
    echo "  building $name: $count of at most $total packages" >&2
  done
}

# build FOLDER TAGS LINKER_FLAGS PACKAGE...: the folder's module into the cache; prints where.
build() (
  cd "$1"
  local name=$1 tags=$2 flags=$3 key dir
  shift 3
  key=$({ go env GOVERSION GOARCH; cat go.* ./*.go ../build.sh; } | sha256sum | cut -c1-16)
  dir=$cache/node-$name-$key
  mkdir -p "$dir"
  exec 9>"$dir/.lock"
  flock 9
  if [[ ! -e $dir/.built ]]; then
    echo "Building $name of the test node, once. It is kept in $dir" >&2
    go mod download >&2
    total=$(go list -deps -tags "$tags" "$@" | wc -l)
    go build -v -trimpath -tags "$tags" -ldflags "-s -w $flags" -o "$dir/" "$@" 2>&1 | show_progress "$name" "$total"
    touch "$dir/.built"
  fi
  echo "$dir"
)

kubelet=$(build kubelet selinux,notest,grpcnotrace "$(cd kubelet && stamp_kubernetes)" .)
ln -sf kubelet "$kubelet/kube-proxy"
containerd=$(build containerd no_btrfs,no_devmapper,no_zfs \
  "-X github.com/containerd/containerd/v2/version.Version=$(cd containerd && version_of github.com/containerd/containerd/v2)" \
  github.com/containerd/containerd/v2/cmd/{containerd,containerd-shim-runc-v2,ctr})
router=$(cd netpol && version_of github.com/cloudnativelabs/kube-router/v2)
netpol=$(build netpol "" "-X github.com/cloudnativelabs/kube-router/v2/pkg/version.Version=$router" \
  github.com/cloudnativelabs/kube-router/v2/cmd/kube-router)
probe=$(build probe "" "" .)
echo "$kubelet:$containerd:$netpol:$probe"
