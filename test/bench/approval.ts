// From the last approval to the first admitted pod of a Deployment that was waiting for it.
import { Approval } from "../../src/api/approval.ts";
import { toResource } from "../../src/api/kind.ts";
import { createClient, loadClusterConfig } from "../../src/runtime/index.ts";
import { demand, readJson } from "../harness/kubectl.ts";
import { eventually } from "../harness/wait.ts";
import { apply, toDeployment } from "../integration/product/containment.ts";
import { type Conditioned, untilCondition } from "../integration/product/scene.ts";
import { openPlace, type Place, publish, type Stage } from "../integration/product/stage.ts";
import { follow, PODS } from "./watching.ts";

const NS = "approval";
const RELEASE = ["modelrelease", "voice-gate-v5", "-n", NS];

async function untilWaiting(place: Place): Promise<void> {
  const { stage: scene } = place;
  await apply(place, toDeployment(place, "v5"));
  await eventually("its pods are refused", async () => {
    const events = await demand(scene.kubectl, [
      "get",
      "events",
      "-n",
      NS,
      "--field-selector=reason=FailedCreate",
      "-o",
      "name",
    ]);
    return events === "" ? undefined : true;
  });
}

/** Takes the approval back as an administrator may, and everything that came of it. */
async function startOver({ stage: scene }: Place, approval: string): Promise<void> {
  await demand(scene.people.bob.kubectl, ["delete", "deployment", "voice-gate", "-n", NS]);
  await eventually("its pods are gone", async () => {
    const pods = await readJson<{ items: unknown[] }>(scene.kubectl, ["pods", "-n", NS]);
    return pods?.items.length === 0 ? true : undefined;
  });
  await demand(scene.kubectl, ["delete", "approval", approval, "-n", NS]);
  await demand(scene.kubectl, ["delete", "events", "--all", "-n", NS]);
  await untilCondition(scene.kubectl, RELEASE, "Approved=False");
}

/** Milliseconds from the API server's answer to the Approval until a watch shows the first pod. */
export async function measureApproval(scene: Stage, rounds: number): Promise<number[]> {
  const admin = createClient(await loadClusterConfig({ kubeconfig: scene.product.kubeconfig }));
  const alice = createClient(await loadClusterConfig({ kubeconfig: scene.people.alice.kubeconfig }));
  const spent: number[] = [];
  const place = await openPlace(scene, NS);
  await publish(place, "v5");
  await untilCondition(scene.kubectl, RELEASE, "Verified=True");
  for (let round = 0; round < rounds; round += 1) {
    await untilWaiting(place);
    const digest = (await readJson<Conditioned>(scene.kubectl, RELEASE))?.status?.digest;
    const stopping = new AbortController();
    const { seen, opened } = follow(admin, PODS, NS, stopping.signal);
    await opened;
    const name = `round-${round}`;
    const until = new Date(Date.now() + 60 * 86_400_000).toISOString();
    const spec = {
      target: { kind: "ModelRelease", name: "voice-gate-v5", digest },
      role: "model-validator",
      decision: "approve",
      until,
      reason: "Looked at it.",
    };
    const metadata = { name, namespace: NS };
    const approval = { apiVersion: "vouchsafe.dev/v1alpha1", kind: "Approval", metadata, spec };
    await alice.create(toResource(Approval), approval);
    const approved = performance.now();
    const first = await eventually("the first pod is admitted", () => seen[0]?.at, { withinMs: 60_000 });
    stopping.abort();
    spent.push(Math.max(0, first - approved));
    process.stdout.write(`  approval ${round + 1} of ${rounds}: ${Math.round(first - approved)} ms\n`);
    await startOver(place, name);
  }
  await Promise.all([admin.close(), alice.close()]);
  return spent;
}
