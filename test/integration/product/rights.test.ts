// Least privilege, seen from the API server's audit log: every right of the chart is used, and none is missing. On the
// way: every kind of owner is woken, and a namespace that is let go is not left locked.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { renderChart } from "../../harness/helm.ts";
import { demand, readJson } from "../../harness/kubectl.ts";
import { NODE_LABEL, OPERATOR_NAMESPACE, readEvidence } from "../../harness/product.ts";
import { eventually } from "../../harness/wait.ts";
import {
  apply,
  become,
  combine,
  has,
  imagesOf,
  runV5,
  toDeployment,
  untilIncident,
  untilRecorded,
  untilSeen,
  type Workload,
} from "./containment.ts";
import { type Conditioned, makeVoice, openVoice, untilCondition } from "./scene.ts";
import { make, openStage, type Place, read, release, revoke, type Stage } from "./stage.ts";

const OPERATOR = `system:serviceaccount:${OPERATOR_NAMESPACE}:vouchsafe`;
const NS = "rights";
/** A namespace with a pull secret of its own. */
const OPENED = "opened";
const VALUES = { pullSecrets: ["registry"], namespacePullSecrets: [{ namespace: OPENED, secrets: ["team"] }] };

let dir = "";
let scene: Stage;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "audit-"));
  const policy = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [{ level: "Metadata", users: [OPERATOR] }, { level: "None" }],
  };
  await writeFile(join(dir, "policy.json"), JSON.stringify(policy));
  scene = await openStage({
    // Without streaming lists, as on older clusters, the operator lists before it watches.
    apiserverArgs: [
      "--feature-gates=WatchList=false",
      `--audit-policy-file=${join(dir, "policy.json")}`,
      `--audit-log-path=${join(dir, "audit.log")}`,
    ],
    values: VALUES,
  });
});
afterAll(async () => {
  await scene.stop();
  await rm(dir, { recursive: true, force: true });
});

interface AuditEvent {
  verb: string;
  stage: string;
  requestURI: string;
  responseStatus?: { code: number };
  objectRef?: { resource: string; subresource?: string; apiGroup?: string };
}

const toRight = (verb: string, group: string, resource: string) =>
  `${verb} ${group === "" ? "core" : group}/${resource}`;

/** What the operator asked for, as verb group/resource[/subresource]. */
async function readUsed(): Promise<{ used: Set<string>; refused: string[] }> {
  const text = await readFile(join(dir, "audit.log"), "utf8");
  const events = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditEvent);
  const name = ({ verb, objectRef }: AuditEvent) =>
    toRight(
      verb,
      objectRef?.apiGroup ?? "",
      [objectRef?.resource ?? "", objectRef?.subresource].filter(Boolean).join("/"),
    );
  // The gate refuses the operator nothing but the dry-run by which it proves that the gate refuses.
  return {
    used: new Set(events.map(name)),
    refused: events
      .filter(({ responseStatus, requestURI }) => responseStatus?.code === 403 && !requestURI.includes("dryRun=All"))
      .map(name),
  };
}

async function readGranted(): Promise<string[]> {
  const rendered = await renderChart({ namespace: OPERATOR_NAMESPACE, values: VALUES });
  const objects = parseAllDocuments(rendered).map(
    (document) =>
      document.toJS() as {
        kind: string;
        metadata: { name: string };
        rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
      } | null,
  );
  const rules = objects.flatMap((object) =>
    object?.kind.endsWith("Role") === true && ["vouchsafe", "vouchsafe-pull-secrets"].includes(object.metadata.name)
      ? (object.rules ?? [])
      : [],
  );
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => toRight(verb, group, resource)))),
  );
}

/**
 * One owner of pods of each kind, all waiting for v5. Those that are bent never get a pod, since a demand of the tier
 * is not met: however fast their controllers retry, they still wait when v5 opens.
 */
function listOwners(shape: "fair" | "bent"): object[] {
  const labels = { app: shape, "vouchsafe.dev/system": "voice-gate" };
  const template = (restartPolicy: string) => ({
    metadata: { labels },
    spec: {
      restartPolicy,
      nodeSelector: NODE_LABEL,
      automountServiceAccountToken: false,
      ...(shape === "fair" ? { securityContext: { runAsNonRoot: true } } : {}),
      containers: [
        {
          name: "server",
          image: scene.published.images["voice-gate:v5"],
          securityContext: { readOnlyRootFilesystem: true },
        },
      ],
    },
  });
  const selector = { matchLabels: labels };
  const of = (apiVersion: string, kind: string, spec: object) => ({
    apiVersion,
    kind,
    metadata: { name: `${kind.toLowerCase()}-${shape}`, namespace: NS },
    spec,
  });
  return [
    of("apps/v1", "ReplicaSet", { replicas: 1, selector, template: template("Always") }),
    of("apps/v1", "StatefulSet", { replicas: 1, serviceName: "x", selector, template: template("Always") }),
    of("apps/v1", "DaemonSet", { selector, template: template("Always") }),
    of("batch/v1", "Job", { template: template("Never") }),
    of("v1", "ReplicationController", { replicas: 1, selector: labels, template: template("Always") }),
  ];
}

test("owners of every kind wait, are woken when people approved, and run", async () => {
  await makeVoice(scene, NS);
  for (const owner of [...listOwners("fair"), ...listOwners("bent")])
    await demand(scene.kubectl, ["create", "-f", "-"], JSON.stringify(owner));
  await eventually("all five were refused", async () => {
    const events = await demand(scene.kubectl, [
      "get",
      "events",
      "-n",
      NS,
      "--field-selector=reason=FailedCreate",
      "-o",
      "jsonpath={.items[*].involvedObject.kind}",
    ]);
    return new Set(events.split(" ")).size === 5 ? true : undefined;
  });
  await openVoice(scene, NS);
  await eventually("all five have their pod", async () => {
    const pods = await demand(scene.kubectl, [
      "get",
      "pods",
      "-n",
      NS,
      "-o",
      "jsonpath={.items[*].metadata.ownerReferences[0].kind}",
    ]);
    return new Set(pods.split(" ")).size === 5 ? true : undefined;
  });
});

test("a namespace that is let go keeps no fence, no finalizer and no gate", async () => {
  await demand(scene.kubectl, [
    "delete",
    "replicaset,statefulset,daemonset,job,replicationcontroller",
    "--all",
    "-n",
    NS,
  ]);
  const revocation = {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "Revocation",
    metadata: { name: "r", namespace: NS },
    spec: { release: "voice-gate-v5", reason: "x" },
  };
  await demand(scene.kubectl, ["create", "-f", "-"], JSON.stringify(revocation));
  await untilCondition(scene.kubectl, ["modelrelease", "voice-gate-v5", "-n", NS], "Ready=ReleaseRevoked");
  // The same thing twice, so that its Event becomes a series.
  for (const policy of ["nowhere", "standard", "nowhere"]) {
    await demand(scene.kubectl, ["label", "--overwrite", "namespace", NS, `vouchsafe.dev/enforce=${policy}`]);
    await untilCondition(
      scene.kubectl,
      ["aisystem", "voice-gate", "-n", NS],
      policy === "nowhere" ? "Ready=PolicyMissing" : "Assessed=True",
    );
  }
  await demand(scene.kubectl, ["label", "namespace", NS, "vouchsafe.dev/enforce-"]);
  await eventually("fence, finalizer and Warrant are gone", async () => {
    const fences = await demand(scene.kubectl, ["get", "networkpolicies", "-n", NS, "-o", "name"]);
    const system = await readJson<Conditioned>(scene.kubectl, ["aisystem", "voice-gate", "-n", NS]);
    const warrant = await readJson(scene.kubectl, ["warrant", "enforce", "-n", NS]);
    return fences === "" && (system?.metadata.finalizers ?? []).length === 0 && warrant === undefined
      ? true
      : undefined;
  });
  await untilCondition(scene.kubectl, ["aisystem", "voice-gate", "-n", NS], "Ready=NamespaceNotGoverned");
  const records = await readEvidence(scene.product.operator);
  expect(records.filter(({ what }) => what === "relabelled").at(-1)).toMatchObject({
    object: `Namespace/${NS}`,
    inputs: ["enforce=nowhere warn= audit=", "enforce= warn= audit="],
  });
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "free", namespace: NS },
    spec: { containers: [{ name: "c", image: "busybox" }] },
  };
  await eventually("any pod runs there again", async () =>
    (await scene.kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify(pod))).code === 0 ? true : undefined,
  );
});

const rename = (name: string) => (workload: Workload) => {
  workload.metadata.name = name;
  const { selector, template } = workload.spec as { selector?: object; template?: Workload["spec"]["template"] };
  if (selector !== undefined) Object.assign(selector, { matchLabels: { app: name } });
  if (template !== undefined) template.metadata.labels.app = name;
};

const untilSettled = (place: Place, kind: "StatefulSet" | "DaemonSet" | "Deployment", image: string, wanted = 1) =>
  untilSeen(place, `${kind} runs ${image}`, async () => {
    const found = await read<Workload>(place, kind, kind === "Deployment" ? "voice-gate" : kind.toLowerCase());
    const { updatedReplicas, availableReplicas, numberAvailable, updatedNumberScheduled } = found?.status ?? {};
    const isUp =
      (updatedReplicas ?? updatedNumberScheduled) === wanted && (availableReplicas ?? numberAvailable) === wanted;
    return isUp && found?.spec.template.spec.containers[0]?.image === image ? true : undefined;
  });

test("a breach throttles, leaves Services, freezes, ends and rolls back workloads of every kind", async () => {
  const rungs = ["refuse", "throttle", "leaveServices", "freeze", "sever", "rollBack"] as const;
  const steps = rungs.map((rung) => ({ do: rung, authority: "Standing" as const }));
  const needsConfig = (workload: Workload) => {
    Object.assign(workload.spec.template.spec.containers[0] ?? {}, {
      envFrom: [{ configMapRef: { name: "settings" } }],
    });
  };
  const { place } = await runV5(scene, "contained", { onBreach: [{ for: ["ReleaseRevoked"], steps }] });
  await demand(scene.kubectl, ["create", "configmap", "settings", "-n", place.namespace, "--from-literal=a=b"]);
  // More states than are kept, so that the oldest goes.
  for (let round = 0; round < 11; round += 1) {
    const annotate = (workload: Workload) => {
      workload.spec.template.metadata.annotations = { round: String(round) };
    };
    await apply(place, toDeployment(place, "v5", combine(needsConfig, annotate)));
    await untilRecorded(place, "v5", Math.min(round + 2, 10));
  }
  const one = (workload: Workload) => {
    if (workload.kind === "StatefulSet") workload.spec.replicas = 1;
  };
  for (const version of ["v5", "v6"] as const) {
    if (version === "v6") await release(place, "v6");
    for (const kind of ["StatefulSet", "DaemonSet"] as const) {
      const name = kind.toLowerCase();
      await apply(place, toDeployment(place, version, combine(become(kind), one, rename(name))));
      await untilSettled(place, kind, imagesOf(place, version).server);
    }
    if (version === "v5") await untilRecorded(place, "v5", 12);
  }
  await apply(place, toDeployment(place, "v6", needsConfig));
  await untilSettled(place, "Deployment", imagesOf(place, "v6").server, 2);
  const { spec } = toDeployment(place, "v6", become("CronJob"));
  await make(place, { kind: "CronJob", metadata: { name: "nightly" }, spec });
  await revoke(place, { release: "voice-gate-v6" });
  await untilIncident(place, "ReleaseRevoked", has("Restored", "True"));
  for (const kind of ["StatefulSet", "DaemonSet"] as const) {
    await untilSettled(place, kind, imagesOf(place, "v5").server);
  }
});

test("an Incident that is open takes what is found later", async () => {
  const namespace = "adopted";
  const govern = (value: string) => demand(scene.kubectl, ["label", "namespace", namespace, value]);
  const run = (name: string, digit: string) => {
    const containers = [{ name: "c", image: `registry.example/x@sha256:${digit.repeat(64)}` }];
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace }, spec: { containers } };
    return eventually(`pod ${name} is made`, async () =>
      (await scene.kubectl(["create", "-f", "-"], JSON.stringify(pod))).code === 0 ? true : undefined,
    );
  };
  const digests = async () =>
    (
      await readJson<{ items: { spec: { breach?: string; digests?: string[] } }[] }>(scene.kubectl, [
        "incidents",
        "-n",
        namespace,
      ])
    )?.items.find(({ spec }) => spec.breach === "ImageUnvouched")?.spec.digests?.length;
  await demand(scene.kubectl, ["create", "namespace", namespace]);
  await run("first", "1");
  await govern("vouchsafe.dev/enforce=standard");
  await eventually("an Incident of one digest", async () => ((await digests()) === 1 ? true : undefined));
  await govern("vouchsafe.dev/enforce-");
  await run("second", "2");
  await govern("vouchsafe.dev/enforce=standard");
  await eventually("the Incident has both", async () => ((await digests()) === 2 ? true : undefined));
});

test("a namespace's own pull secret is read for it", async () => {
  const put = (object: object) => demand(scene.kubectl, ["apply", "--server-side", "-f", "-"], JSON.stringify(object));
  const metadata = (name: string) => ({ name, namespace: OPENED });
  const config = Buffer.from('{"auths":{}}').toString("base64");
  await put({
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/dockerconfigjson",
    metadata: metadata("team"),
    data: { ".dockerconfigjson": config },
  });
  await put({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadata("default"),
    imagePullSecrets: [{ name: "team" }],
  });
  await makeVoice(scene, OPENED);
  await untilCondition(scene.kubectl, ["modelrelease", "voice-gate-v5", "-n", OPENED], "Verified=True");
});

test("every right of the chart was used, and nothing was refused", async () => {
  // An apply that makes an object is authorised as a creation too, which the audit log shows as the patch that it is.
  const granted = (await readGranted()).filter((right) => right !== "create networking.k8s.io/networkpolicies");
  const listUnused = async () => {
    const { used } = await readUsed();
    return granted.filter((right) => !used.has(right));
  };
  await eventually(
    "every right of the chart is used; take the others out of it",
    async () => ((await listUnused()).length === 0 ? true : undefined),
    { withinMs: 40_000, lastSeen: listUnused },
  );
  expect((await readUsed()).refused, "requests of the operator that were refused").toEqual([]);
});
