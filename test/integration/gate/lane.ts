// A control plane with the gate installed, and what its tests say again and again.
import { join } from "node:path";
import { inject } from "vitest";
import { type ControlPlane, startControlPlane } from "../../harness/controlplane.ts";
import { type Cluster, toCluster } from "../../harness/cluster.ts";
import { installGate } from "../../harness/gate.ts";
import { type Answer, demand, type Kubectl } from "../../harness/kubectl.ts";
import { makePerson, type Person } from "../../harness/users.ts";
import { eventually } from "../../harness/wait.ts";
import { toPod, toWarrant } from "./shapes.ts";

export interface Lane extends Cluster {
  plane: ControlPlane;
  /** kubectl as the operator. */
  operator: Kubectl;
  /** The operator's own credentials. */
  operatorKubeconfig: string;
  person(name: string): Promise<Person>;
}

/** Starts a control plane of its own, since admission policies hold in the whole cluster. */
export async function startLane(apiserverArgs: string[], mutations: boolean): Promise<Lane> {
  const plane = await startControlPlane({ binary: inject("binary"), apiserverArgs });
  const cluster = toCluster(plane.binary, plane.kubeconfig);
  const operator = await installGate({ kubectl: cluster.kubectl, binary: plane.binary, dir: plane.dir }, { mutations });
  const operatorKubeconfig = join(plane.dir, "operator.kubeconfig");
  return { ...cluster, plane, operator, operatorKubeconfig, person: (name) => makePerson(cluster, plane.dir, name) };
}

/** Creates an object and gives the answer; nothing is stored with `dry`. */
export const create = (kubectl: Kubectl, object: object, dry: "dry" | "stored" = "dry"): Promise<Answer> =>
  kubectl(["create", ...(dry === "dry" ? ["--dry-run=server"] : []), "-f", "-"], JSON.stringify(object));

/** A governed namespace whose Warrant is in force. */
export async function makeGoverned(lane: Lane, mode = "enforce", extra: object = {}): Promise<string> {
  const namespace = await lane.makeNamespace("gate", { [`vouchsafe.dev/${mode}`]: "standard" });
  await demand(lane.operator, ["create", "-f", "-"], JSON.stringify(toWarrant(namespace, mode, extra)));
  if (mode === "enforce") {
    await eventually("a vouched pod is admitted", async () =>
      (await create(lane.kubectl, toPod(namespace, "probe"))).code === 0 ? true : undefined,
    );
  } else {
    await eventually("the Warrant is read", async () =>
      (await create(lane.kubectl, toPod(namespace, "probe", { image: "x" }))).stderr.includes("ImageNotPinned") ||
      mode === "audit"
        ? true
        : undefined,
    );
  }
  return namespace;
}
