// A real node: containerd in namespaces of its own. It is a member of no cluster yet; join.ts makes it one.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Artifact } from "../../examples/silero/pack.ts";
import { eventually } from "../harness/wait.ts";
import { buildProbeImage, toLayout } from "./image.ts";
import { claimMachine, makeCgroups, NODE_DIR, restoreMachine } from "./machine.ts";
import { type Namespaces, openNamespaces } from "./namespaces.ts";
import { CONTAINERD_SOCKET, PAUSE_IMAGE, writeSettings } from "./settings.ts";

const run = promisify(execFile);

export interface RealNode extends Omit<Namespaces, "close"> {
  dir: string;
  /** With the node's binaries on PATH. */
  env: NodeJS.ProcessEnv;
  /** What kube-apiserver needs to reach the node's kubelet. */
  apiserverArgs: string[];
  /** Milliseconds at which each part was ready. */
  timings: Record<string, number>;
  mark(part: string): void;
  /** Gives images to containerd under the names that pods use. */
  importImages(images: ReadonlyMap<string, Artifact>): Promise<void>;
  stop(): Promise<void>;
}

const CTR = ["ctr", "--address", CONTAINERD_SOCKET, "--namespace", "k8s.io"];

async function startContainerd(node: RealNode, path: string): Promise<void> {
  makeCgroups();
  node.startDaemon("containerd", ["containerd", "--config", join(node.dir, "containerd.toml")]);
  await eventually("containerd answers", () => {
    node.demandDaemons();
    return node.exec(...CTR, "version").catch(() => undefined);
  });
  await node.importImages(new Map([[PAUSE_IMAGE, buildProbeImage(path, "pause")]]));
  node.mark("containerd");
}

/** Opens a node; `path` are the folders of its binaries, `controlPlane` the binary that issues certificates. */
export async function openNode(path: string, controlPlane: string): Promise<RealNode> {
  const began = performance.now();
  const dir = NODE_DIR;
  const env = { ...process.env, PATH: `${path}:/usr/sbin:/sbin:${process.env.PATH ?? ""}` };
  await claimMachine();
  writeSettings(dir);
  await run(controlPlane, ["certs", "--dir", join(dir, "pki")]);
  const { close, ...namespaces } = await openNamespaces(dir, env);
  const node: RealNode = {
    ...namespaces,
    dir,
    env,
    apiserverArgs: [
      `--kubelet-client-certificate=${dir}/pki/apiserver-kubelet-client.crt`,
      `--kubelet-client-key=${dir}/pki/apiserver-kubelet-client.key`,
      "--kubelet-preferred-address-types=InternalIP",
    ],
    timings: {},
    mark: (part) => {
      node.timings[part] = Math.round(performance.now() - began);
    },
    importImages: async (images) => {
      const archive = join(dir, "images.tar");
      writeFileSync(archive, toLayout(images));
      await node.exec(...CTR, "images", "import", archive);
    },
    stop: async () => {
      await close();
      await restoreMachine();
    },
  };
  try {
    node.mark("namespaces");
    await startContainerd(node, path);
    return node;
  } catch (error) {
    await node.stop();
    throw error;
  }
}
