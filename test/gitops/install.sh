#!/bin/bash
# Puts what the GitOps tests need beside Go on the machine: redis, git, ip and unshare, from Debian's packages. Does
# nothing where they are there. redis-tools holds the server's binary and, unlike redis-server, starts no service.
set -euo pipefail
declare -A packages=([redis-check-rdb]=redis-tools [git]=git [ip]=iproute2 [unshare]=util-linux)
missing=()
for tool in "${!packages[@]}"; do
  # A normal user's PATH may lack the folder of ip.
  PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || missing+=("${packages[$tool]}")
done
((${#missing[@]} == 0)) && exit 0
command -v apt-get >/dev/null || { echo "${missing[*]}, and apt-get to install them" >&2; exit 1; }
[[ $(id -u) == 0 ]] || { echo "${missing[*]}, and root to install them" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get install --yes --no-install-recommends "${missing[@]}"; } >/dev/null ||
  { echo "${missing[*]}, which apt-get could not install" >&2; exit 1; }
