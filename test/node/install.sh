#!/bin/bash
# Installs the system tools that a node needs from Debian's or Ubuntu's archive; does nothing where all are there.
set -euo pipefail
declare -A package_of=(
  [runc]=runc [iptables]=iptables [ipset]=ipset [conntrack]=conntrack [nft]=nftables [ip]=iproute2
  [unshare]=util-linux [nsenter]=util-linux [sysctl]=procps
)
export PATH=$PATH:/usr/sbin:/sbin
missing=()
for tool in "${!package_of[@]}"; do
  command -v "$tool" >/dev/null || missing+=("${package_of[$tool]}")
done
[[ -x /usr/lib/cni/bridge && -x /usr/lib/cni/portmap ]] || missing+=(containernetworking-plugins)
((${#missing[@]} == 0)) && exit 0
((EUID == 0)) || { echo "root is needed to install: ${missing[*]}" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "apt-get is needed to install: ${missing[*]}" >&2; exit 1; }
echo "Installing for the node lane: ${missing[*]}" >&2
apt=(apt-get -qq -o DPkg::Lock::Timeout=120)
install() { DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2; }
# Lists that are there already save the time of a download.
install 2>/dev/null || { "${apt[@]}" update >&2; install; }
