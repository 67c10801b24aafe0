// The story up to where things are revoked (breach.ts); each function is one act and reads as it is told.
import { demand, readJson } from "../../test/harness/kubectl.ts";
import { eventually } from "../../test/harness/wait.ts";
import { toPod } from "./pods.ts";
import { readDigest, type Stage, untilCondition, untilRolledOut } from "./stage.ts";

const V5 = "models/silero-vad:v5";
const V6 = "models/silero-vad:v6";
const SERVER5 = "voice-gate:v5";
const SERVER6 = "voice-gate:v6";
const NS = ["-n", "voice"];
/** A digest that no registry and no release knows. */
const UNKNOWN = `registry.example/busybox@sha256:${"5".repeat(64)}`;

const toApproval = (kind: string, name: string, digest: string, rest: object) =>
  JSON.stringify({
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "Approval",
    metadata: { generateName: `${name}-`, namespace: "voice" },
    spec: {
      target: { kind, name, digest },
      reason: "Looked at the noise suite.",
      until: new Date(Date.now() + 60 * 86_400_000).toISOString(),
      ...rest,
    },
  });

export async function governNamespace({ teller, admin, people: { bob }, manifest }: Stage): Promise<void> {
  teller.act("1. A namespace is governed; the fence appears");
  await teller.kubectl(admin, ["apply", "-f", await manifest("aipolicy.yaml")]);
  await teller.kubectl(admin, ["apply", "-f", await manifest("namespace.yaml")]);
  await teller.kubectl(admin, ["apply", "-f", await manifest("people.yaml")]);
  await teller.kubectl(bob, [
    "apply",
    "-f",
    await manifest("aisystem.yaml"),
    "-f",
    await manifest("riskassessment.yaml"),
  ]);
  await untilCondition(admin.kubectl, ["aisystem", "voice-gate", ...NS], "Fenced=True");
  const fence = await teller.kubectl(admin, ["get", "networkpolicies", ...NS]);
  teller.expect("the fence of the system stands", "vouchsafe-system-voice-gate", fence.stdout);
}

export async function releaseV5(stage: Stage): Promise<void> {
  const { teller, admin, people, manifest } = stage;
  const { bob, alice, ruth, eve, ada } = people;
  teller.act("2. v5: warned about and refused, then verified, then approved by the right two people");
  const deployed = await teller.kubectl(bob, ["apply", "-f", await stage.deployment(V5, SERVER5)]);
  teller.expect("a Deployment of v5 is warned about", "ImageUnknown", deployed.stderr);
  const refused = await eventually("the refusal of its pods is told in an Event", async () => {
    const events = await demand(bob.kubectl, [
      "get",
      "events",
      ...NS,
      "--field-selector=reason=FailedCreate",
      "-o",
      "jsonpath={.items[*].message}",
    ]);
    return events.includes("denied request") ? events : undefined;
  });
  teller.show("bob", "kubectl get events -n voice --field-selector=reason=FailedCreate", refused.slice(0, 400));
  teller.expect("its pods are refused", "ImageUnknown", refused);
  await teller.kubectl(bob, ["apply", "-f", await manifest("modelrelease-v5.yaml")]);
  await untilCondition(admin.kubectl, ["modelrelease", "voice-gate-v5", ...NS], "Verified=True");
  const release = await teller.kubectl(bob, ["get", "modelreleases", ...NS]);
  teller.expect("the release is verified", "True", release.stdout);
  const still = await teller.kubectl(bob, ["create", "-f", "-"], podOf(stage, "still"));
  teller.expect("still refused: it lacks approvals", "ApprovalMissing", still.stderr);

  const digest = await readDigest(admin.kubectl, ["modelrelease", "voice-gate-v5", ...NS]);
  const approval = toApproval("ModelRelease", "voice-gate-v5", digest, {
    role: "model-validator",
    decision: "approve",
  });
  const own = await teller.kubectl(bob, ["create", "-f", "-"], approval);
  teller.expect("the author's own approval is refused", "ApproverIsAuthor", own.stderr);
  const stranger = await teller.kubectl(eve, ["create", "-f", "-"], approval);
  teller.expect("an approval without the role is refused", "ApproverUnentitled", stranger.stderr);
  const all = await teller.kubectl(ada, ["create", "-f", "-"], approval);
  teller.expect("one by a namespace admin with * rights is refused", "ApproverUnentitled", all.stderr);

  await stage.vouchsafe(alice, [
    "-n",
    "voice",
    "approve",
    "modelrelease",
    "voice-gate-v5",
    "--reason",
    "Noise suite passed.",
    "--days",
    "60",
    "--yes",
  ]);
  const risk = await readDigest(admin.kubectl, ["riskassessment", "voice-gate", ...NS]);
  const accepted = await teller.kubectl(
    ruth,
    ["create", "-f", "-"],
    toApproval("RiskAssessment", "voice-gate", risk, { role: "risk-owner", decision: "accept" }),
  );
  teller.expect("the right two people approve", "created", accepted.stdout);
  const ms = await untilRolledOut(admin.kubectl, "voice", stage.image(SERVER5));
  teller.say(`the waiting Deployment rolled out by itself, ${ms} ms after the last approval`);
  const pods = await teller.kubectl(bob, ["get", "pods", ...NS]);
  teller.expect("the waiting Deployment rolls out by itself", "Running", pods.stdout);
}

export async function upgradeToV6(stage: Stage): Promise<void> {
  const { teller, admin, people, manifest } = stage;
  teller.act("3. v6 the same way: a normal upgrade");
  await teller.kubectl(people.bob, ["apply", "-f", await manifest("modelrelease-v6.yaml")]);
  await untilCondition(admin.kubectl, ["modelrelease", "voice-gate-v6", ...NS], "Verified=True");
  await stage.vouchsafe(people.alice, [
    "-n",
    "voice",
    "approve",
    "mr",
    "voice-gate-v6",
    "--reason",
    "Better in noise.",
    "--days",
    "60",
    "--yes",
  ]);
  await untilCondition(admin.kubectl, ["modelrelease", "voice-gate-v6", ...NS], "Ready=True");
  await teller.kubectl(people.bob, ["apply", "-f", await stage.deployment(V6, SERVER6)]);
  const ms = await untilRolledOut(admin.kubectl, "voice", stage.image(SERVER6));
  teller.expect("v6 rolls out", "Running", (await teller.kubectl(people.bob, ["get", "pods", ...NS])).stdout);
  teller.say(`${ms} ms after kubectl apply`);
}

const podOf = (
  stage: Stage,
  name: string,
  rest: { model?: string; server?: string; system?: string; extra?: object } = {},
) => toPod({ name, model: stage.image(V5), server: stage.image(SERVER5), ...rest });

/** Publishes a release of another model beside v5's server, and tries a pod of it. */
async function tryRelease(stage: Stage, name: string, model: keyof Stage["published"]["images"]) {
  const { teller, people, manifest, admin } = stage;
  const path = await manifest("modelrelease-v5.yaml", "voice", (text) =>
    text.replace("name: voice-gate-v5", `name: ${name}`).replace(stage.image(V5), stage.image(model)),
  );
  await demand(people.bob.kubectl, ["apply", "-f", path]);
  await untilCondition(admin.kubectl, ["modelrelease", name, ...NS], "Verified=False");
  // The digest is refused by the finding of its release once the Warrant lists it.
  return teller.kubectl(people.bob, ["create", "-f", "-"], podOf(stage, name, { model: stage.image(model) }));
}

export async function refuseOneByOne(stage: Stage): Promise<void> {
  const { teller, people } = stage;
  const { bob } = people;
  teller.act("4. Refused with the right reason, one by one");
  const unsigned = await tryRelease(stage, "unsigned", "models/silero-vad:unsigned");
  teller.expect("an unsigned model", "SignatureMissing", unsigned.stderr);
  const tampered = await tryRelease(stage, "tampered", "models/silero-vad:tampered");
  teller.expect("a model with one byte changed", "ModelMismatch", tampered.stderr);
  const strange = await tryRelease(stage, "strange", "models/silero-vad:stranger");
  teller.expect("a model signed by a key that no policy names", "SignerUnknown", strange.stderr);

  const tryPod = async (what: string, code: string, pod: string) => {
    const answer = await teller.kubectl(bob, ["create", "-f", "-"], pod);
    teller.expect(what, code, answer.stderr);
  };
  const host = stage.product.registry.host;
  await tryPod(
    "a tag that no release pins",
    "ImageNotPinned",
    podOf(stage, "tag", { server: `${host}/voice-gate:latest` }),
  );
  await tryOtherSystem(stage);
  await tryPod("v6's model with v5's server", "ReleasesMixed", podOf(stage, "mixed", { model: stage.image(V6) }));
  const init = { initContainers: [{ name: "setup", image: UNKNOWN }] };
  await tryPod("an init container", "ImageUnknown", podOf(stage, "init", { extra: init }));
  const volume = { volumes: [{ name: "model", image: { reference: UNKNOWN } }] };
  await tryPod("an image volume", "ImageUnknown", podOf(stage, "volume", { extra: volume }));
  await bendRunningPod(stage);
  await bendGovernance(stage);
}

async function tryOtherSystem(stage: Stage): Promise<void> {
  const { teller, people, manifest, admin } = stage;
  const rename = (text: string) =>
    text
      .replace("name: voice-gate", "name: call-router")
      .replace("system: voice-gate", "system: call-router")
      .replace("privacy: moderate", "privacy: minor")
      // Low enough that no acceptance is needed.
      .replaceAll(/residual: \{[^}]*\}/g, "residual: { likelihood: rare, consequence: minor }");
  await demand(people.bob.kubectl, ["apply", "-f", await manifest("aisystem.yaml", "voice", rename)]);
  await demand(people.bob.kubectl, ["apply", "-f", await manifest("riskassessment.yaml", "voice", rename)]);
  await untilCondition(admin.kubectl, ["aisystem", "call-router", ...NS], "Assessed=True");
  await untilCondition(admin.kubectl, ["aisystem", "call-router", ...NS], "Fenced=True");
  const answer = await teller.kubectl(
    people.bob,
    ["create", "-f", "-"],
    podOf(stage, "other", { system: "call-router" }),
  );
  teller.expect("a release of another system", "ReleasesMixed", answer.stderr);
}

async function bendRunningPod({ teller, people: { bob }, admin }: Stage): Promise<void> {
  const running =
    (await demand(admin.kubectl, ["get", "pods", ...NS, "-l", "app=voice-gate", "-o", "name"])).split("\n")[0] ?? "";
  const debug = await teller.kubectl(bob, [
    "patch",
    running,
    ...NS,
    "--subresource=ephemeralcontainers",
    "-p",
    JSON.stringify({
      spec: { ephemeralContainers: [{ name: "debug", image: UNKNOWN, targetContainerName: "server" }] },
    }),
  ]);
  teller.expect("an ephemeral container", "EphemeralImageRefused", debug.stderr);
  const changed = await teller.kubectl(bob, ["set", "image", running, `server=${UNKNOWN}`, ...NS]);
  teller.expect("an image change of a running pod", "RunningImageChanged", changed.stderr);
}

async function bendGovernance({ teller, people: { ada }, admin }: Stage): Promise<void> {
  const warrant = await teller.kubectl(ada, [
    "patch",
    "warrant",
    "enforce",
    ...NS,
    "--type=merge",
    "-p",
    '{"spec":{"images":{}}}',
  ]);
  teller.expect("a Warrant edited by a user", "WarrantGuarded", warrant.stderr);
  const approvals = await demand(admin.kubectl, ["get", "approvals", ...NS, "-o", "name"]);
  const approval = approvals.split("\n")[0] ?? "";
  const first = await teller.kubectl(ada, ["patch", approval, ...NS, "--type=merge", "-p", '{"spec":null}']);
  teller.expect("an Approval rewritten, first patch", "spec", first.code === 0 ? "accepted" : first.stderr);
  const second = await teller.kubectl(ada, [
    "patch",
    approval,
    ...NS,
    "--type=merge",
    "-p",
    '{"spec":{"approver":{"username":"ada"}}}',
  ]);
  teller.expect("an Approval rewritten, second patch", "never changed", second.code === 0 ? "accepted" : second.stderr);
  const label = await teller.kubectl(ada, ["label", "namespace", "voice", "vouchsafe.dev/enforce-"]);
  teller.expect("the governing label removed", "GovernanceLoosened", label.stderr);
  const remove = '{"metadata":{"labels":{"vouchsafe.dev/enforce":null}}}';
  const status = await teller.kubectl(ada, [
    "patch",
    "namespace",
    "voice",
    "--subresource=status",
    "--type=merge",
    "-p",
    remove,
  ]);
  teller.expect("the same through namespaces/status", "GovernanceLoosened", status.stderr);
}

export async function lowerImpact({ teller, people: { bob }, admin }: Stage): Promise<void> {
  teller.act("6. The impact is lowered after acceptance: the acceptance no longer fits");
  const lower = '{"spec":{"impact":{"privacy":"minor"}}}';
  await teller.kubectl(bob, ["patch", "aisystem", "voice-gate", ...NS, "--type=merge", "-p", lower]);
  const because = await eventually("the status says why the acceptance no longer fits", async () => {
    const object = await readJson<{ status?: { staleBecause?: string[] } }>(admin.kubectl, [
      "riskassessment",
      "voice-gate",
      ...NS,
    ]);
    return object?.status?.staleBecause?.join("; ");
  });
  await teller.kubectl(bob, [
    "get",
    "riskassessment",
    "voice-gate",
    ...NS,
    "-o",
    'jsonpath={.status.staleBecause}{.status.conditions[?(@.type=="Accepted")].message}',
  ]);
  teller.expect("the status says so", "impact changed from moderate to minor", because);
}

/** A namespace whose policy gives no grace, and a release whose approval ends within seconds. */
async function openTrial(stage: Stage): Promise<Date> {
  const { teller, admin, people, manifest } = stage;
  const strict = (text: string) =>
    text.replace("name: standard", "name: trial").replace("expiryGrace: 72h", "expiryGrace: 0h");
  const modest = (text: string) =>
    text
      .replace("privacy: moderate", "privacy: minor")
      .replaceAll(/residual: \{[^}]*\}/g, "residual: { likelihood: rare, consequence: minor }");
  const trial = (text: string) =>
    text.replace("name: voice", "name: trial").replace("enforce: standard", "enforce: trial");
  await demand(admin.kubectl, ["apply", "-f", await manifest("aipolicy.yaml", "trial", strict)]);
  await demand(admin.kubectl, ["apply", "-f", await manifest("namespace.yaml", "trial", trial)]);
  await demand(admin.kubectl, ["apply", "-f", await manifest("people.yaml", "trial")]);
  for (const file of ["aisystem.yaml", "riskassessment.yaml", "modelrelease-v5.yaml"]) {
    await demand(people.bob.kubectl, ["apply", "-f", await manifest(file, "trial", modest)]);
  }
  await untilCondition(admin.kubectl, ["modelrelease", "voice-gate-v5", "-n", "trial"], "Verified=True");
  const ends = new Date(Date.now() + 12_000);
  const until = `${ends.toISOString().slice(0, 19)}Z`;
  await stage.vouchsafe(people.alice, [
    "-n",
    "trial",
    "approve",
    "mr",
    "voice-gate-v5",
    "--until",
    until,
    "--reason",
    "A short trial.",
    "--yes",
  ]);
  await untilCondition(admin.kubectl, ["modelrelease", "voice-gate-v5", "-n", "trial"], "Ready=True");
  teller.say(`in namespace trial, whose policy gives no grace, the release may run until ${until}`);
  return ends;
}

export async function stopOperator(stage: Stage): Promise<void> {
  const { teller, people, product } = stage;
  teller.act("7. The operator is stopped: the API server holds the line by itself");
  const ends = await openTrial(stage);
  await product.operator.stop();
  teller.say("the operator's process has ended");
  const vouched = await teller.kubectl(people.bob, ["create", "-f", "-"], podOf(stage, "v5-without-operator"));
  teller.expect("v5 still starts", "created", `${vouched.stdout}${vouched.stderr}`);
  const unknown = await teller.kubectl(people.bob, ["create", "-f", "-"], podOf(stage, "unknown", { server: UNKNOWN }));
  teller.expect("an unknown digest is still refused", "ImageUnknown", unknown.stderr);
  const trialPod = (name: string) =>
    toPod({ name, namespace: "trial", model: stage.image(V5), server: stage.image(SERVER5) });
  const early = await teller.kubectl(people.bob, ["create", "-f", "-"], trialPod("in-time"));
  teller.expect("before its end the trial runs", "created", `${early.stdout}${early.stderr}`);
  await eventually("the approval of the trial has ended", () =>
    Date.now() > ends.getTime() + 1000 ? true : undefined,
  );
  const late = await teller.kubectl(people.bob, ["create", "-f", "-"], trialPod("too-late"));
  teller.expect("past its notAfter it is refused by the API server's clock", "GrantExpired", late.stderr);
}
