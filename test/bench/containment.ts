// From a Revocation to quarantine, to an EndpointSlice without the pods, and to the rollback, as somebody sees it who
// watches the API server from outside.
import { type Client, createClient, type KubeObject, loadClusterConfig } from "../../src/runtime/index.ts";
import { demand } from "../harness/kubectl.ts";
import { eventually } from "../harness/wait.ts";
import { imagesOf, listPods, runV6, toDeployment, tryApply, untilRuns } from "../integration/product/containment.ts";
import { untilCondition } from "../integration/product/scene.ts";
import { type Place, revoke, type Stage } from "../integration/product/stage.ts";
import { DEPLOYMENTS, ENDPOINT_SLICES, follow, PODS } from "./watching.ts";

const NS = "containment";

export interface Spent {
  quarantined: number[];
  leftServices: number[];
  rolledBack: number[];
}

type Slice = KubeObject & { endpoints?: { targetRef?: { name?: string } }[] };
type Deployment = KubeObject & { spec?: { template?: { spec: { containers: { image: string }[] } } } };

async function measureOnce(place: Place, client: Client): Promise<[number, number, number]> {
  const bad = new Set((await listPods(place)).map(({ metadata }) => metadata.name));
  const stopping = new AbortController();
  const pods = follow(client, PODS, NS, stopping.signal);
  const slices = follow<Slice>(client, ENDPOINT_SLICES, NS, stopping.signal);
  const deployments = follow<Deployment>(client, DEPLOYMENTS, NS, stopping.signal);
  await Promise.all([pods.opened, slices.opened, deployments.opened]);
  const began = performance.now();
  await revoke(place, { release: "voice-gate-v6" });
  const revoked = performance.now();
  const after = <T extends { at: number }>(list: readonly T[]) => list.filter(({ at }) => at > began);
  const quarantined = () => {
    const first = new Map<string, number>();
    for (const { at, object } of after(pods.seen)) {
      const { name, labels } = object.metadata;
      if (labels?.["vouchsafe.dev/quarantine"] !== undefined && !first.has(name)) first.set(name, at);
    }
    return [...bad].every((name) => first.has(name)) ? Math.max(...first.values()) : undefined;
  };
  const leftServices = () =>
    after(slices.seen).find(({ object }) =>
      (object.endpoints ?? []).every(({ targetRef }) => !bad.has(targetRef?.name ?? "")),
    )?.at;
  const good = imagesOf(place, "v5").server;
  const rolledBack = () =>
    after(deployments.seen).find(({ object }) => object.spec?.template?.spec.containers[0]?.image === good)?.at;
  const since = async (what: string, find: () => number | undefined) =>
    Math.max(0, (await eventually(`the pods are ${what}`, find, { withinMs: 30_000 })) - revoked);
  const spent: [number, number, number] = [
    await since("quarantined", quarantined),
    await since("out of every EndpointSlice", leftServices),
    await since("rolled back", rolledBack),
  ];
  stopping.abort();
  return spent;
}

/** Takes everything back as an administrator may, so that v6 runs again. */
async function startOver(place: Place): Promise<void> {
  const { kubectl } = place.stage;
  await untilRuns(place, "v5", 2);
  await demand(kubectl, ["delete", "revocations,incidents", "--all", "-n", NS]);
  await untilCondition(kubectl, ["modelrelease", "voice-gate-v6", "-n", NS], "Ready=True");
  await eventually("v6 may be applied again", async () =>
    (await tryApply(place, toDeployment(place, "v6"))) === undefined ? true : undefined,
  );
  await untilRuns(place, "v6", 2);
  // A hundred breaches leave thousands of Events, which a namespace has not seen within an hour.
  await demand(kubectl, ["delete", "events", "--all", "-n", NS]);
}

/** Milliseconds from the API server's answer to the Revocation, over `rounds` breaches of the same workload. */
export async function measureContainment(stage: Stage, rounds: number): Promise<Spent> {
  const client = createClient(await loadClusterConfig({ kubeconfig: stage.product.kubeconfig }));
  const spent: Spent = { quarantined: [], leftServices: [], rolledBack: [] };
  const { place } = await runV6(stage, NS);
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) await startOver(place);
    const [quarantined, leftServices, rolledBack] = await measureOnce(place, client);
    spent.quarantined.push(quarantined);
    spent.leftServices.push(leftServices);
    spent.rolledBack.push(rolledBack);
    const told = [quarantined, leftServices, rolledBack].map(Math.round).join(", ");
    process.stdout.write(`  breach ${round + 1} of ${rounds}: ${told} ms\n`);
  }
  await client.close();
  return spent;
}
