// The acts in which something that runs is revoked: contained, frozen, rolled back, and held against every tool.
import { demand, readJson } from "../../test/harness/kubectl.ts";
import { eventually } from "../../test/harness/wait.ts";
import { type Stage, untilRolledOut } from "./stage.ts";

const NS = ["-n", "voice"];
const V6 = "models/silero-vad:v6";
const SERVER5 = "voice-gate:v5";
const SERVER6 = "voice-gate:v6";

interface Action {
  rung: string;
  target: string;
  result: string;
  observed: string;
  doneAt?: string;
}

interface Incident {
  metadata: { name: string };
  spec: { breach?: string; detectedAt: string };
  status?: {
    actions?: Action[];
    timeline?: Record<string, string>;
    frozen?: { what: string; name: string; digest: string }[];
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
}

/** Waits for the Incident of a breach with a condition that has come to rest. */
function untilIncident({ admin }: Stage, breach: string, condition: string, reason: string): Promise<Incident> {
  const list = async () => (await readJson<{ items: Incident[] }>(admin.kubectl, ["incidents", ...NS]))?.items ?? [];
  return eventually(
    `an Incident of ${breach} with ${condition} ${reason}`,
    async () =>
      (await list()).find(
        ({ spec, status }) =>
          spec.breach === breach && status?.conditions?.some((one) => one.type === condition && one.reason === reason),
      ),
    { lastSeen: list },
  );
}

/** Tells what was done in how many milliseconds since the breach was noticed. */
function tellTimeline({ teller }: Stage, { spec, status }: Incident): void {
  for (const { rung, target, result, observed, doneAt } of status?.actions ?? []) {
    const ms = doneAt === undefined ? "" : `${Date.parse(doneAt) - Date.parse(spec.detectedAt)} ms`;
    teller.say(`${ms.padStart(8)}  ${rung} ${target}: ${result}, ${observed}`);
  }
}

const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "voice-gate", namespace: "voice" },
  spec: { selector: { app: "voice-gate" }, ports: [{ port: 8080 }] },
};

/** Names of the pods that EndpointSlices of the Service hand traffic to. */
async function listBackends({ admin }: Stage): Promise<string[]> {
  const text = await demand(admin.kubectl, [
    "get",
    "endpointslices",
    ...NS,
    "-l",
    "kubernetes.io/service-name=voice-gate",
    "-o",
    "jsonpath={.items[*].endpoints[*].targetRef.name}",
  ]);
  return text.split(" ").filter((name) => name !== "");
}

const listPods = async ({ admin }: Stage, selector: string) =>
  (await demand(admin.kubectl, ["get", "pods", ...NS, "-l", selector, "-o", "name"])).split("\n").filter(Boolean);

export async function revokeV6(stage: Stage): Promise<void> {
  const { teller, admin, people } = stage;
  const { bob } = people;
  teller.act("5. v6 is revoked: contained, frozen, back on v5, and no tool brings it back");
  await demand(admin.kubectl, ["apply", "-f", "-"], JSON.stringify(SERVICE));
  const bad = await eventually("both pods of v6 serve", async () => {
    const names = await listBackends(stage);
    return names.length === 2 ? names : undefined;
  });
  const oldManifest = await stage.deployment(V6, SERVER6);
  const revoked = await stage.vouchsafe(people.olga, [
    "-n",
    "voice",
    "revoke",
    "release",
    "voice-gate-v6",
    "--reason",
    "Drops callers in noise.",
  ]);
  teller.expect("v6 is revoked by who may", "voice-gate-v6", revoked);
  const incident = await untilIncident(stage, "ReleaseRevoked", "Restored", "VouchedPodsReady");
  await untilRolledOut(admin.kubectl, "voice", stage.image(SERVER5));
  tellTimeline(stage, incident);
  const done = (rung: string) => incident.status?.actions?.find((one) => one.rung === rung)?.result ?? "missing";
  for (const rung of ["refuse", "quarantine", "leaveServices", "freeze", "sever", "rollBack"]) {
    teller.expect(`${rung} is observed to be done`, "Done", done(rung));
  }
  const backends = await listBackends(stage);
  teller.expect(
    "no pod of v6 is left in the EndpointSlice",
    "none",
    backends.some((name) => bad.includes(name)) ? backends.join(" ") : "none",
  );
  await stage.vouchsafe(people.olga, ["-n", "voice", "incident", "show", incident.metadata.name]);
  const frozen = await teller.kubectl(admin, [
    "get",
    "controllerrevisions",
    ...NS,
    "-l",
    "vouchsafe.dev/record=frozen",
  ]);
  teller.expect("the evidence is frozen", "vouchsafe-frozen-", frozen.stdout);

  const set = await teller.kubectl(bob, [
    "set",
    "image",
    "deployment/voice-gate",
    `server=${stage.image(SERVER6)}`,
    ...NS,
  ]);
  teller.expect("kubectl set image to v6", "revoked", set.stderr);
  let refusals = 0;
  for (let round = 0; round < 5; round += 1) {
    const answer = await bob.kubectl(["apply", "-f", oldManifest]);
    if (answer.code !== 0 && answer.stderr.includes("revoked")) refusals += 1;
  }
  teller.show("bob", "for i in 1 2 3 4 5; do kubectl apply -f deployment.yaml; done    # the manifest of v6", "");
  teller.expect("a loop that applies the old manifest", "5 of 5 refused", `${refusals} of 5 refused`);
  const gone = await teller.kubectl(bob, ["delete", "deployment", "voice-gate", ...NS]);
  teller.expect("the Deployment deleted by a tool", "HoldGuarded", gone.stderr);
  const pods = await teller.kubectl(bob, ["get", "pods", ...NS]);
  teller.expect("v5 serves on", "Running", pods.stdout);
}

export async function revokeSigner(stage: Stage): Promise<void> {
  const { teller, admin } = stage;
  teller.act("8. The signer of both models is revoked too: nothing vouched is left, so the system stands still");
  await stage.product.startOperator();
  await stage.vouchsafe({ ...stage.people.olga, name: "admin", kubeconfig: stage.product.kubeconfig }, [
    "-n",
    "voice",
    "revoke",
    "signer",
    "model-pipeline",
    "--reason",
    "The key was stolen.",
  ]);
  const incident = await untilIncident(stage, "SignerRevoked", "Restored", "Stopped");
  tellTimeline(stage, incident);
  const restored = incident.status?.conditions?.find(({ type }) => type === "Restored")?.message ?? "";
  teller.expect("it was stopped, because", "nothing vouched is left", restored);
  const left = await eventually("no pod of the system is left", async () =>
    (await listPods(stage, "vouchsafe.dev/system=voice-gate")).length === 0 ? "none" : undefined,
  );
  teller.expect("pods of the system", "none", left);
  await teller.kubectl(admin, ["get", "incidents", ...NS]);
}
