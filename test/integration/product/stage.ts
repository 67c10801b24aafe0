// A product with many namespaces side by side, reached by plain requests: tests of containment mostly wait, and a
// process of kubectl for every look would be what they wait for.
import { parseAllDocuments } from "yaml";
import type { Reaction } from "../../../src/api/reaction.ts";
import { type Client, createClient } from "../../../src/runtime/client.ts";
import { isApiError, loadClusterConfig, type KubeObject, type ResourceType } from "../../../src/runtime/index.ts";
import { readExample } from "../../harness/voice.ts";
import { eventually } from "../../harness/wait.ts";
import { openScene, type Scene, type SceneOptions } from "./scene.ts";

const SERVED: Record<string, string[]> = {
  v1: ["Namespace", "Node", "Pod", "Service", "ConfigMap", "ResourceQuota", "Event"],
  "apps/v1": ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ControllerRevision"],
  "batch/v1": ["Job", "CronJob"],
  "policy/v1": ["PodDisruptionBudget"],
  "autoscaling/v2": ["HorizontalPodAutoscaler"],
  "networking.k8s.io/v1": ["NetworkPolicy"],
  "discovery.k8s.io/v1": ["EndpointSlice"],
  "rbac.authorization.k8s.io/v1": ["Role", "RoleBinding"],
  "admissionregistration.k8s.io/v1": ["ValidatingAdmissionPolicy"],
  "vouchsafe.dev/v1alpha1": [
    "AIPolicy",
    "AISystem",
    "RiskAssessment",
    "ModelRelease",
    "Approval",
    "Revocation",
    "ClusterRevocation",
    "Warrant",
    "Incident",
  ],
};
const CLUSTER_WIDE = new Set(["Namespace", "Node", "AIPolicy", "ClusterRevocation", "ValidatingAdmissionPolicy"]);

const toType = (apiVersion: string, kind: string): ResourceType => {
  const [group = "", version = ""] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const plural = kind.toLowerCase().replace(/y$/, "ie");
  return { group, version, plural: `${plural}s`, kind, namespaced: !CLUSTER_WIDE.has(kind) };
};

const TYPES = new Map(
  Object.entries(SERVED).flatMap(([apiVersion, kinds]) =>
    kinds.map((kind) => [kind, { ...toType(apiVersion, kind), apiVersion }] as const),
  ),
);

/** Where a kind is served. */
export function typeOf(kind: string): ResourceType & { apiVersion: string } {
  const type = TYPES.get(kind);
  if (type === undefined) throw new Error(`${kind} is no kind of these tests`);
  return type;
}

type Who = "admin" | "bob" | "alice" | "ruth";
export type Stage = Scene & { as: Record<Who, Client> };

/** Opens a product, with a client for everybody. */
export async function openStage(options: SceneOptions = {}): Promise<Stage> {
  const scene = await openScene(options);
  const { bob, alice, ruth } = scene.people;
  const files = [scene.plane.kubeconfig, bob.kubeconfig, alice.kubeconfig, ruth.kubeconfig];
  const clients = await Promise.all(
    files.map(async (kubeconfig) => createClient(await loadClusterConfig({ kubeconfig }))),
  );
  const [forAdmin, forBob, forAlice, forRuth] = clients;
  if (!forAdmin || !forBob || !forAlice || !forRuth) throw new Error("four clients are needed");
  return {
    ...scene,
    as: { admin: forAdmin, bob: forBob, alice: forAlice, ruth: forRuth },
    stop: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await scene.stop();
    },
  };
}

/** One namespace of the stage. */
export interface Place {
  stage: Stage;
  namespace: string;
}

/** Polls, with a breath between two looks: two cores carry many tests at once. */
export function until<T>(
  place: Place,
  expectation: string,
  probe: () => Promise<T | undefined>,
  lastSeen?: () => Promise<unknown>,
): Promise<T> {
  const look = async () => {
    await new Promise((ok) => setTimeout(ok, 100));
    return probe();
  };
  const options = { withinMs: 100_000, ...(lastSeen === undefined ? {} : { lastSeen }) };
  return eventually(`${expectation} in ${place.namespace}`, look, options);
}

/** Reads an object of the namespace, or one that belongs to none; undefined where there is none. */
export async function read<T = KubeObject>({ stage, namespace }: Place, kind: string, name: string) {
  try {
    return (await stage.as.admin.get(typeOf(kind), { namespace, name })) as T & KubeObject;
  } catch (error) {
    if (isApiError(error, "NotFound")) return undefined;
    throw error;
  }
}

/** Reads an object that has to be there. */
export async function need<T = KubeObject>(place: Place, kind: string, name: string) {
  const found = await read<T>(place, kind, name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name} in ${place.namespace}`);
  return found;
}

/** Lists a kind of the namespace. */
export async function list<T = KubeObject>({ stage, namespace }: Place, kind: string, labelSelector?: string) {
  const options = { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) };
  return (await stage.as.admin.list<T & KubeObject>(typeOf(kind), options)).items;
}

/** An object without what the namespace and the table of kinds say of it. */
export interface Draft {
  kind: string;
  metadata: {
    name?: string;
    generateName?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: object[];
  };
  spec?: unknown;
  data?: object;
  rules?: object[];
  roleRef?: object;
  subjects?: object[];
}

/** Creates an object in the namespace. */
export function make(place: Place, draft: Draft, who: Who = "admin"): Promise<KubeObject> {
  const { apiVersion, ...type } = typeOf(draft.kind);
  const metadata = { ...draft.metadata, ...(type.namespaced ? { namespace: place.namespace } : {}) };
  // A name that the server makes is none of the client's.
  const object = { apiVersion, ...draft, metadata: metadata as unknown as KubeObject["metadata"] };
  return place.stage.as[who].create<KubeObject>(type, object);
}

/** Changes an object by merge patch, as the administrator. */
export const edit = ({ stage, namespace }: Place, kind: string, name: string, patch: object) =>
  stage.as.admin.patchMerge<KubeObject>(typeOf(kind), { namespace, name }, patch);

/** Deletes an object, as the administrator. */
export const remove = ({ stage, namespace }: Place, kind: string, name: string) =>
  stage.as.admin.delete(typeOf(kind), { namespace, name });

interface PolicySpec {
  signers: { name: string }[];
  tiers: {
    name: string;
    signatures: { anyOf: string[] }[];
    assessment: { maxAgeDays: number };
    onBreach?: Reaction[];
  }[];
  expiryGrace: string;
  editGrace: string;
  supportingImages?: string[];
  github?: { people: object[] };
}

export interface PlaceOptions {
  /** Makes the policy of the example another one. */
  policy?: (spec: PolicySpec) => void;
  /** How the tier of the example's system answers breaches. */
  onBreach?: Reaction[];
  /** Leaves the namespace without labels. */
  ungoverned?: boolean;
  /** Leaves out the system and its assessment: somebody else delivers them. */
  undeclared?: boolean;
  /** `spec.github` of the system. */
  github?: object;
}

/** The documents of an example, for this place. */
export const readDrafts = ({ stage, namespace }: Place, file: string): Draft[] =>
  parseAllDocuments(readExample(file, namespace, stage.published)).map((document) => document.toJS() as Draft);

/** The name of the policy that governs a place. */
export const policyOf = ({ namespace }: Place) => `for-${namespace}`;

async function makePolicy(place: Place, options: PlaceOptions): Promise<void> {
  const [draft] = readDrafts(place, "aipolicy.yaml");
  if (draft === undefined) throw new Error("the example has no policy");
  const spec = draft.spec as PolicySpec;
  if (options.onBreach !== undefined) for (const tier of spec.tiers) tier.onBreach = options.onBreach;
  options.policy?.(spec);
  await make(place, { ...draft, metadata: { name: policyOf(place) } });
}

/** The right to let a rung go ahead, for alice. */
const STOP_RIGHT: Draft[] = [
  {
    kind: "Role",
    metadata: { name: "oncall" },
    rules: [
      {
        apiGroups: ["vouchsafe.dev"],
        resources: ["stopauthorities"],
        resourceNames: ["speech-oncall"],
        verbs: ["use"],
      },
      { apiGroups: ["vouchsafe.dev"], resources: ["incidents"], verbs: ["get", "patch"] },
    ],
  },
  {
    kind: "RoleBinding",
    metadata: { name: "oncall" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "oncall" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "alice" }],
  },
];

/** Makes an object, which may be refused for a moment: RBAC and Warrants reach the API server's caches by a watch. */
async function makeSoon(place: Place, draft: Draft, who: Who): Promise<KubeObject> {
  let refusal: unknown;
  return until(
    place,
    `${who} makes ${draft.kind} ${draft.metadata.name ?? draft.metadata.generateName ?? ""}`,
    async () => {
      try {
        return await make(place, draft, who);
      } catch (error) {
        if (!isApiError(error, "Forbidden")) throw error;
        refusal = error.message;
        return undefined;
      }
    },
    () => Promise.resolve(refusal),
  );
}

const toDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** A namespace under a policy of its own, with people, the system and its accepted assessment. */
export async function openPlace(stage: Stage, namespace: string, options: PlaceOptions = {}): Promise<Place> {
  const place = { stage, namespace };
  const labels = options.ungoverned === true ? {} : { "vouchsafe.dev/enforce": policyOf(place) };
  await Promise.all([
    makePolicy(place, options),
    make(place, { kind: "Namespace", metadata: { name: namespace, labels } }),
  ]);
  await Promise.all([...readDrafts(place, "people.yaml"), ...STOP_RIGHT].map((draft) => make(place, draft)));
  if (options.ungoverned !== true && options.undeclared !== true) await declareSystem(place, options.github);
  return place;
}

/** The system, and its assessment of today. */
export function draftSystem(place: Place, github?: object): { system: Draft; assessment: Draft } {
  const [[system], [assessment]] = [readDrafts(place, "aisystem.yaml"), readDrafts(place, "riskassessment.yaml")];
  if (system === undefined || assessment === undefined) throw new Error("the example lacks system or assessment");
  const dates = { assessedOn: toDay(Date.now()), reviewBy: toDay(Date.now() + 150 * 86_400_000) };
  return {
    system: { ...system, spec: { ...(system.spec as object), ...(github === undefined ? {} : { github }) } },
    assessment: { ...assessment, spec: { ...(assessment.spec as object), ...dates } },
  };
}

/** The system, and its assessment of today, accepted. */
export async function declareSystem(place: Place, github?: object): Promise<void> {
  const { system, assessment } = draftSystem(place, github);
  await Promise.all([makeSoon(place, system, "bob"), makeSoon(place, assessment, "bob")]);
  await approve(place, "RiskAssessment", "voice-gate");
}

interface Reported extends KubeObject {
  status?: {
    observedGeneration?: number;
    digest?: string;
    conditions?: { type: string; status: string; message: string }[];
  };
}

const SIXTY_DAYS_MS = 60 * 86_400_000;

/** The digest by which an object may be approved as it stands; undefined where the operator has not come to it yet. */
async function findDigest(place: Place, kind: string, name: string): Promise<string | undefined> {
  const [object, warrant] = await Promise.all([
    read<Reported>(place, kind, name),
    read<{ spec: { approvals?: Record<string, unknown> } }>(place, "Warrant", "approvals"),
  ]);
  const { digest, observedGeneration } = object?.status ?? {};
  if (digest === undefined || observedGeneration !== object?.metadata.generation) return undefined;
  return warrant?.spec.approvals?.[digest] === undefined ? undefined : digest;
}

/** Approves an object as it stands: ruth assessments, alice releases. Gives the Approval. */
export async function approve(
  place: Place,
  kind: "ModelRelease" | "RiskAssessment",
  name: string,
  forMs = SIXTY_DAYS_MS,
): Promise<KubeObject> {
  const isRelease = kind === "ModelRelease";
  const digest = await until(place, `${name} may be approved`, () => findDigest(place, kind, name));
  const spec = {
    target: { kind, name, digest },
    role: isRelease ? "model-validator" : "risk-owner",
    decision: isRelease ? "approve" : "accept",
    until: new Date(Date.now() + forMs).toISOString(),
    reason: "Looked at it.",
  };
  return makeSoon(
    place,
    { kind: "Approval", metadata: { generateName: `${name}-` }, spec },
    isRelease ? "alice" : "ruth",
  );
}

/** Takes an Approval back. */
export const withdraw = (place: Place, approval: KubeObject): Promise<KubeObject> => {
  const { spec } = approval as KubeObject & { spec: { target: object; role: string } };
  const { name, uid } = approval.metadata;
  return make(
    place,
    {
      kind: "Approval",
      metadata: { generateName: "withdrawn-" },
      spec: {
        target: spec.target,
        role: spec.role,
        decision: "withdraw",
        withdraws: { name, uid },
        reason: "A doubt.",
      },
    },
    "alice",
  );
};

export type Version = "v5" | "v6";

/** A release that is published but not approved. */
export async function publish(place: Place, version: Version, change: (spec: object) => object = (spec) => spec) {
  const [draft] = readDrafts(place, `modelrelease-${version}.yaml`);
  if (draft === undefined) throw new Error(`the example has no ${version}`);
  return makeSoon(place, { ...draft, spec: change(draft.spec as object) }, "bob");
}

/** Approves a release, and waits until it may run. Gives the Approval. */
export async function vouch(place: Place, version: Version, forMs?: number): Promise<KubeObject> {
  const approval = await approve(place, "ModelRelease", `voice-gate-${version}`, forMs);
  const seen = () => read<Reported>(place, "ModelRelease", `voice-gate-${version}`);
  await until(
    place,
    `${version} may run`,
    async () => {
      const release = await seen();
      return release?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true
        ? true
        : undefined;
    },
    seen,
  );
  return approval;
}

/** A release that may run. Gives its Approval. */
export async function release(place: Place, version: Version, change?: (spec: object) => object): Promise<KubeObject> {
  await publish(place, version, change);
  return vouch(place, version);
}

/** Revokes as the administrator. */
export const revoke = (place: Place, spec: { release?: string; digests?: string[] }): Promise<KubeObject> =>
  make(place, {
    kind: "Revocation",
    metadata: { generateName: "revoked-" },
    spec: { ...spec, reason: "Drops callers in noise." },
  });
