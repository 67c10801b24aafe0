#!/bin/bash
# Process 1 of the test node, in pid, mount and network namespaces of its own; runs each line of its input as a
# daemon. When the input ends, with the runner at the latest, the kernel ends every process of the node, and its
# mounts, links, chains and connections go with the namespaces.
set -euo pipefail
mount --make-rprivate /
# Kubelet and containerd hand mounts on to pods, so this must be shared; but only within the node.
mount --make-rshared /
for path in /run /var/lib/kubelet /var/lib/cni /var/log; do
  mkdir -p "$path"
  mount -t tmpfs -o mode=755 tmpfs "$path"
done
mkdir -p /run/lock
ip link set lo up
echo ready
while IFS= read -r line; do
  (set +e; exec </dev/null; eval "$line") &
done
