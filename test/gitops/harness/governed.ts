// A governed namespace where releases of one system may run: made from the example's objects, approved by people.
import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import { NODE_LABEL } from "../../harness/product.ts";
import { eventually } from "../../harness/wait.ts";
import { type Artifacts, GENERATIONS, type Generation, type Images } from "./artifacts.ts";
import { type Client, MERGE } from "./client.ts";
import type { Ground } from "./mirrors.ts";

const POLICY = "gitops";
const SYSTEM = "voice-gate";
export const releaseOf = (generation: Generation) => `voice-gate-${generation}`;

const GROUP = "/apis/vouchsafe.dev/v1alpha1";

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

async function readExample(file: string): Promise<Manifest[]> {
  const url = new URL(`../../../examples/voice/${file}`, import.meta.url);
  return parseAllDocuments(await readFile(url, "utf8")).map((document) => document.toJS() as Manifest);
}

async function readOne(file: string): Promise<Manifest> {
  const [first] = await readExample(file);
  if (first === undefined) throw new Error(`${file} of the example is empty`);
  return first;
}

const toPath = ({ apiVersion, kind, metadata }: Manifest, namespace: string) =>
  `/apis/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s/${metadata.name}`;

const applyIn = (client: Client, namespace: string, object: Manifest, as?: string) =>
  client.apply(toPath(object, namespace), { ...object, metadata: { ...object.metadata, namespace } }, as);

/** The example's policy, with one signer: the key of this run. */
export async function applyPolicy(client: Client, { pem }: Artifacts): Promise<void> {
  const policy = await readOne("aipolicy.yaml");
  const tiers = policy.spec.tiers as Record<string, unknown>[];
  const spec = {
    ...policy.spec,
    signers: [{ name: "run", publicKey: { pem } }],
    tiers: tiers.map((tier) => ({ ...tier, signatures: [{ over: "artifact", anyOf: ["run"] }] })),
  };
  await client.apply(`${GROUP}/aipolicies/${POLICY}`, { ...policy, metadata: { name: POLICY }, spec });
}

/** Approves one object for 60 days under the name of somebody entitled. */
async function approve(
  { client, mirrors }: Ground,
  namespace: string,
  { kind, name, role, as }: { kind: "ModelRelease" | "RiskAssessment"; name: string; role: string; as: string },
): Promise<void> {
  const judged = kind === "ModelRelease" ? mirrors.releases : mirrors.assessments;
  let last = "";
  await eventually(
    `${as} approves ${name} in ${namespace}`,
    async () => {
      const digest = judged.get(namespace, name)?.status?.digest;
      const wanted = mirrors.warrants.get(namespace, "approvals")?.spec.approvals ?? {};
      if (digest === undefined || wanted[digest] === undefined) return undefined;
      const body = {
        apiVersion: "vouchsafe.dev/v1alpha1",
        kind: "Approval",
        metadata: { generateName: `${name}-`, namespace },
        spec: {
          target: { kind, name, digest },
          role,
          decision: kind === "ModelRelease" ? "approve" : "accept",
          until: new Date(Date.now() + 60 * 86_400_000).toISOString(),
          reason: "Looked at it.",
        },
      };
      // The API server reads the Warrant a few milliseconds after it was written.
      const path = `${GROUP}/namespaces/${namespace}/approvals`;
      const { status, text } = await client.send("POST", path, { body, as });
      last = text;
      return status === 201 ? true : undefined;
    },
    { withinMs: 60_000, lastSeen: () => Promise.resolve(last) },
  );
}

/** Has people approve a release, and waits until it may run. */
export async function approveRelease(
  ground: Ground,
  namespace: string,
  { generation, by }: { generation: Generation; by: readonly string[] },
): Promise<void> {
  const name = releaseOf(generation);
  for (const as of by) await approve(ground, namespace, { kind: "ModelRelease", name, role: "model-validator", as });
  const read = () => ground.mirrors.releases.get(namespace, name)?.status?.conditions;
  await eventually(
    `${name} may run in ${namespace}`,
    () => (read()?.some(({ type, status }) => type === "Ready" && status === "True") ? true : undefined),
    { withinMs: 60_000, lastSeen: () => Promise.resolve(read()) },
  );
}

/** The example's release for one generation. */
export async function toRelease(
  namespace: string,
  generation: Generation,
  { model, server }: Images,
): Promise<Manifest> {
  const example = await readOne("modelrelease-v5.yaml");
  const artifacts = [
    { name: "model", image: model, format: "ModelPack" },
    { name: "server", image: server },
  ];
  return {
    ...example,
    metadata: { name: releaseOf(generation), namespace },
    spec: { ...example.spec, version: generation, artifacts },
  };
}

/** Makes the namespace with people, system and accepted assessment. */
export async function makeGoverned(ground: Ground, namespace: string): Promise<void> {
  const { client } = ground;
  await client.apply(`/api/v1/namespaces/${namespace}`, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels: { "vouchsafe.dev/enforce": POLICY } },
  });
  for (const object of await readExample("people.yaml")) {
    const { subjects } = object as { subjects?: object[] };
    // What a tool delivers has an unknown author and takes one more validator.
    if (object.kind === "RoleBinding" && object.metadata.name === "model-validators")
      subjects?.push({ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "eve" });
    await applyIn(client, namespace, object);
  }
  for (const file of ["aisystem.yaml", "riskassessment.yaml"])
    await applyIn(client, namespace, await readOne(file), "bob");
  await approve(ground, namespace, { kind: "RiskAssessment", name: SYSTEM, role: "risk-owner", as: "ruth" });
}

/** Has bob declare all three releases and alice approve them. */
export async function vouchForAll(ground: Ground, namespace: string, { images }: Artifacts): Promise<void> {
  for (const generation of GENERATIONS)
    await applyIn(ground.client, namespace, await toRelease(namespace, generation, images[generation]), "bob");
  await Promise.all(GENERATIONS.map((generation) => approveRelease(ground, namespace, { generation, by: ["alice"] })));
}

/** Names of `count` Deployments. */
export const listWorkloads = (count: number) =>
  Array.from({ length: count }, (_, i) => (i === 0 ? "voice-gate" : `voice-gate-${i}`));

/** The example's Deployment under a name and with the images of a generation, as it stands in Git. */
export async function toDeployment(
  { name, namespace }: { name: string; namespace: string },
  { model, server }: Images,
  options: { annotations?: Record<string, string>; env?: string } = {},
): Promise<Manifest> {
  const example = await readOne("deployment.yaml");
  const spec = example.spec as { template: { spec: { containers: object[] } } };
  const env = options.env === undefined ? {} : { env: [{ name: options.env, value: "1" }] };
  return {
    ...example,
    metadata: { name, namespace, ...(options.annotations === undefined ? {} : { annotations: options.annotations }) },
    spec: {
      ...spec,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, "vouchsafe.dev/system": SYSTEM } },
        spec: {
          ...spec.template.spec,
          nodeSelector: NODE_LABEL,
          containers: spec.template.spec.containers.map((container) => ({ ...container, image: server, ...env })),
          volumes: [{ name: "model", image: { reference: model } }],
        },
      },
    },
  };
}

/** Waits until the product has recorded that `count` workloads ran a generation well: what a rollback goes back to. */
export async function untilRecorded(
  client: Client,
  namespace: string,
  { generation, count }: { generation: Generation; count: number },
): Promise<void> {
  const selector = encodeURIComponent("vouchsafe.dev/record=last-known-good");
  const path = `/apis/apps/v1/namespaces/${namespace}/controllerrevisions?labelSelector=${selector}`;
  await eventually(
    `${count} last-known-good records of ${generation} in ${namespace}`,
    async () => {
      const list = await client.demand<{ items: { data: { release: string } }[] }>("GET", path);
      const found = list.items.filter(({ data }) => data.release === releaseOf(generation));
      return found.length >= count ? true : undefined;
    },
    { withinMs: 60_000 },
  );
}

/** Closes the Incidents of a namespace as people do: with cause, action and the result of a check. */
export async function closeIncidents(client: Client, namespace: string): Promise<void> {
  const path = `${GROUP}/namespaces/${namespace}/incidents`;
  const { items } = await client.demand<{ items: { metadata: { name: string } }[] }>("GET", path);
  const check = { due: "2026-12-01", result: "No complaint since." };
  const review = { cause: "A bad threshold.", action: "The suite has the case now.", check };
  for (const { metadata } of items)
    await client.demand("PATCH", `${path}/${metadata.name}`, {
      body: { spec: { review, state: "Closed" } },
      type: MERGE,
    });
}

/** Revokes a release for good. */
export async function revoke(client: Client, namespace: string, generation: Generation): Promise<void> {
  const body = {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "Revocation",
    metadata: { name: `no-${generation}`, namespace },
    spec: { release: releaseOf(generation), reason: "It drops callers." },
  };
  await client.demand("POST", `${GROUP}/namespaces/${namespace}/revocations`, { body, as: "bob" });
}
