// Makes a node a member of a control plane: kubelet, kube-proxy, and kube-router as the enforcer of NetworkPolicies.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bindKubectl, demand } from "../harness/kubectl.ts";
import { eventually } from "../harness/wait.ts";
import type { RealNode } from "./node.ts";
import { NODE_ADDRESS, NODE_NAME, POD_RANGE, SERVICE_RANGE } from "./settings.ts";

export interface Membership {
  binary: string;
  /** The admin's, with the API server on loopback. */
  kubeconfig: string;
}

/** The Node as an administrator adds it: the control plane of tests has no controllers for nodes. */
const NODE = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: NODE_NAME, labels: { "kubernetes.io/hostname": NODE_NAME } },
  spec: { podCIDR: POD_RANGE, podCIDRs: [POD_RANGE] },
};

/** Gives the node's loopback the machine's API server, through a socket in the file system that both share. */
function bridgeApiServer(node: RealNode, kubeconfig: string): void {
  const [, port] = /"server":"https:\/\/127\.0\.0\.1:(\d+)"/.exec(readFileSync(kubeconfig, "utf8")) ?? [];
  if (port === undefined) throw new Error(`${kubeconfig} names no API server on loopback`);
  const socket = `unix:${join(node.dir, "api.sock")}`;
  const loopback = `tcp:127.0.0.1:${port}`;
  node.startBeside(["probe", "forward", socket, loopback]);
  node.startDaemon("api", ["probe", "forward", loopback, socket]);
}

/** Joins and waits until pods can run and policies are enforced. */
export async function joinCluster(node: RealNode, { binary, kubeconfig }: Membership): Promise<void> {
  const { dir } = node;
  const kubectl = bindKubectl(binary, kubeconfig);
  const admin = join(dir, "admin.kubeconfig");
  writeFileSync(admin, readFileSync(kubeconfig), { mode: 0o600 });
  bridgeApiServer(node, kubeconfig);
  await demand(kubectl, ["create", "-f", "-"], JSON.stringify(NODE));
  // Every new Node is tainted until a controller that is not here finds it ready.
  const untaint = JSON.stringify({ spec: { taints: null } });
  await demand(kubectl, ["patch", "node", NODE_NAME, "--type=merge", "-p", untaint]);
  node.startDaemon("kubelet", [
    "kubelet",
    `--config=${dir}/kubelet.yaml`,
    // The kubelet asks for a certificate of its own, as system:node:…, and the control plane grants it.
    `--bootstrap-kubeconfig=${admin}`,
    `--kubeconfig=${dir}/kubelet.kubeconfig`,
    `--cert-dir=${dir}/kubelet-certificates`,
    `--root-dir=${dir}/kubelet`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
  ]);
  node.startDaemon("kube-proxy", ["kube-proxy", `--config=${dir}/proxy.yaml`]);
  const until = (expectation: string, probe: () => Promise<boolean>) =>
    eventually(expectation, async () => {
      node.demandDaemons();
      return (await probe().catch(() => false)) ? true : undefined;
    });
  const ready = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}';
  await until("the node is Ready", async () => (await demand(kubectl, ["get", "node", NODE_NAME, ready])) === "True");
  node.mark("kubelet");
  // It asks for the node's address once, as the kubelet reports it.
  node.startDaemon("kube-router", [
    "kube-router",
    "--run-firewall=true",
    "--run-router=false",
    "--run-service-proxy=false",
    "--run-loadbalancer=false",
    "--enable-cni=false",
    "--enable-ipv6=false",
    // A pod whose rules are not written yet reaches nothing, instead of everything.
    "--netpol-default-deny=true",
    `--hostname-override=${NODE_NAME}`,
    `--kubeconfig=${admin}`,
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    "--health-port=0",
    "--metrics-port=0",
  ]);
  // Only kube-router's first full pass over all policies writes this chain's end.
  await until("kube-router enforces policies", async () =>
    (await node.exec("iptables", "-S", "KUBE-ROUTER-FORWARD")).includes("KUBE-NWPLCY-TAIL"),
  );
  node.mark("kube-router");
  await until("kube-proxy answers", async () => {
    await node.exec("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/10256");
    return true;
  });
  node.mark("kube-proxy");
}
