// The configuration files of the node's daemons.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { CGROUP } from "./machine.ts";

export const NODE_NAME = "node-0";
/** The node's own address and that of its link on the machine. */
export const NODE_ADDRESS = "10.98.0.2";
export const MACHINE_ADDRESS = "10.98.0.1";
export const POD_RANGE = "10.244.0.0/24";
export const POD_GATEWAY = "10.244.0.1";
export const SERVICE_RANGE = "10.0.0.0/24";
export const BRIDGE = "pods0";
export const CONTAINERD_SOCKET = "/run/containerd.sock";
export const PAUSE_IMAGE = "localhost/pause:1";

const containerd = (dir: string) => `version = 2
root = "${dir}/containerd"
state = "/run/containerd-state"
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${dir}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${dir}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;

const cni = {
  cniVersion: "0.4.0",
  name: "pods",
  plugins: [
    {
      type: "bridge",
      bridge: BRIDGE,
      isGateway: true,
      hairpinMode: true,
      ipam: { type: "host-local", ranges: [[{ subnet: POD_RANGE }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

const kubelet = (dir: string) => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  address: NODE_ADDRESS,
  readOnlyPort: 0,
  healthzPort: 0,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: false },
    x509: { clientCAFile: join(dir, "pki", "ca.crt") },
  },
  authorization: { mode: "AlwaysAllow" },
  containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
  cgroupRoot: `/${CGROUP}`,
  cgroupDriver: "cgroupfs",
  failCgroupV1: false,
  failSwapOn: false,
  enforceNodeAllocatable: ["none"],
  // The disk of a test machine may be as full as it likes.
  evictionHard: {
    "memory.available": "0%",
    "nodefs.available": "0%",
    "nodefs.inodesFree": "0%",
    "imagefs.available": "0%",
  },
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  podLogsDir: "/var/log/pods",
  volumePluginDir: join(dir, "volume-plugins"),
});

const proxy = (kubeconfig: string) => ({
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  bindAddress: NODE_ADDRESS,
  healthzBindAddress: "127.0.0.1:10256",
  metricsBindAddress: "127.0.0.1:10249",
  clientConnection: { kubeconfig },
  clusterCIDR: POD_RANGE,
  mode: "nftables",
  hostnameOverride: NODE_NAME,
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
});

/** Writes them all into the node's folder. */
export function writeSettings(dir: string): void {
  for (const folder of ["cni", "log", "opt", "containerd", "volume-plugins"])
    mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, "containerd.toml"), containerd(dir));
  writeFileSync(join(dir, "cni", "10-pods.conflist"), JSON.stringify(cni));
  writeFileSync(join(dir, "kubelet.yaml"), stringify(kubelet(dir)));
  writeFileSync(join(dir, "proxy.yaml"), stringify(proxy(join(dir, "admin.kubeconfig"))));
}
