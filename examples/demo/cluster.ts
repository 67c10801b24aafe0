// The cluster that the demo plays on: an embedded control plane, the one of KUBECONFIG, or a fresh kind cluster.
import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findControlPlaneBinary } from "../../test/harness/binary.ts";
import { startControlPlane } from "../../test/harness/controlplane.ts";

const run = promisify(execFile);

export const CLUSTERS = ["embedded", "existing", "kind"] as const;
export type ClusterKind = (typeof CLUSTERS)[number];

export interface DemoCluster {
  binary: string;
  kubeconfig: string;
  dir: string;
  /** Whether it goes with the demo, so that nothing has to be tidied up. */
  isOurs: boolean;
  stop(): Promise<void>;
}

async function demandTool(command: string, args: string[], sentence: string): Promise<void> {
  await run(command, args).catch(() => {
    throw new Error(sentence);
  });
}

async function openKind(binary: string): Promise<DemoCluster> {
  // A docker on the PATH says nothing about a daemon.
  await demandTool(
    "docker",
    ["info"],
    "CLUSTER=kind needs a running Docker daemon: see https://docs.docker.com/engine/install",
  );
  await demandTool("kind", ["version"], "CLUSTER=kind needs kind: see https://kind.sigs.k8s.io/docs/user/quick-start");
  const dir = await mkdtemp(join(tmpdir(), "vouchsafe-demo-"));
  const kubeconfig = join(dir, "kind.kubeconfig");
  await run("kind", ["create", "cluster", "--name", "vouchsafe-demo", "--kubeconfig", kubeconfig]);
  const stop = async () => {
    await run("kind", ["delete", "cluster", "--name", "vouchsafe-demo", "--kubeconfig", kubeconfig]);
  };
  return { binary, kubeconfig, dir, isOurs: true, stop };
}

/** Opens the cluster. */
export async function openCluster(kind: ClusterKind): Promise<DemoCluster> {
  const binary = await findControlPlaneBinary();
  switch (kind) {
    case "embedded": {
      const plane = await startControlPlane({ binary, scheduler: true });
      return { binary, kubeconfig: plane.kubeconfig, dir: plane.dir, isOurs: true, stop: () => plane.stop() };
    }
    case "existing": {
      const kubeconfig = process.env.KUBECONFIG ?? join(homedir(), ".kube", "config");
      const dir = await mkdtemp(join(tmpdir(), "vouchsafe-demo-"));
      return { binary, kubeconfig, dir, isOurs: false, stop: () => Promise.resolve() };
    }
    case "kind":
      return openKind(binary);
  }
}
