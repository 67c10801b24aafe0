// The product on a control plane of its own, for one file of tests, and the words these tests need.
import { inject } from "vitest";
import { type Published, publishSilero } from "../../../examples/silero/publish.ts";
import { type ControlPlane, startControlPlane } from "../../harness/controlplane.ts";
import { demand, type Kubectl, readJson } from "../../harness/kubectl.ts";
import { type Product, type ProductOptions, startProduct } from "../../harness/product.ts";
import { makePerson, type Person } from "../../harness/users.ts";
import { readExample } from "../../harness/voice.ts";
import { eventually } from "../../harness/wait.ts";

export interface Scene {
  plane: ControlPlane;
  product: Product;
  kubectl: Kubectl;
  published: Published;
  people: Record<"bob" | "alice" | "ruth", Person>;
  stop(): Promise<void>;
}

export interface SceneOptions extends Partial<ProductOptions> {
  /** How the example is pushed to a registry with a password. */
  authorization?: string;
  apiserverArgs?: string[];
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const { apiserverArgs = [] } = options;
  const plane = await startControlPlane({ binary: inject("binary"), scheduler: true, apiserverArgs });
  const product = await startProduct({
    binary: plane.binary,
    kubeconfig: plane.kubeconfig,
    dir: plane.dir,
    ...options,
  });
  const { kubectl } = product;
  const published = await publishSilero(
    product.registry.host,
    options.authorization === undefined ? {} : { authorization: options.authorization },
  );
  await demand(kubectl, ["apply", "-f", "-"], readExample("aipolicy.yaml", "voice", published));
  const [bob, alice, ruth] = await Promise.all(
    ["bob", "alice", "ruth"].map((name) => makePerson({ kubectl, binary: plane.binary }, plane.dir, name)),
  );
  if (bob === undefined || alice === undefined || ruth === undefined) throw new Error("three people are needed");
  return {
    plane,
    product,
    kubectl,
    published,
    people: { bob, alice, ruth },
    stop: async () => {
      await product.stop();
      await plane.stop();
    },
  };
}

export interface Conditioned {
  metadata: {
    name: string;
    uid: string;
    generation: number;
    resourceVersion?: string;
    annotations?: Record<string, string>;
    finalizers?: string[];
  };
  status?: {
    digest?: string;
    staleBecause?: string[];
    digests?: string[];
    reading?: { name: string; layers: Record<"done" | "all", number>; bytes: Record<"done" | "all", number> }[];
    artifacts?: { name: string; signatures: unknown[]; model?: { digest: string; formats: string[] } }[];
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
}

/** Waits until an object has a condition: `Ready=True`, or `Ready=ReasonInCamelCase`. */
export function untilCondition(
  kubectl: Kubectl,
  object: string[],
  wanted: string,
  withinMs = 20_000,
): Promise<Conditioned> {
  const [type, value] = wanted.split("=");
  const read = () => readJson<Conditioned>(kubectl, object);
  return eventually(
    `${object.join(" ")} has ${wanted}`,
    async () => {
      const found = await read();
      const condition = found?.status?.conditions?.find((one) => one.type === type);
      return condition?.status === value || condition?.reason === value ? found : undefined;
    },
    { withinMs, lastSeen: async () => (await read())?.status?.conditions },
  );
}

/** Applies examples in a namespace as bob, changed as told. */
export async function applyExample(
  scene: Scene,
  file: string,
  namespace: string,
  change: (text: string) => string = (text) => text,
): Promise<void> {
  const who = /people|namespace/.test(file) ? scene.kubectl : scene.people.bob.kubectl;
  await demand(who, ["apply", "-f", "-"], change(readExample(file, namespace, scene.published)));
}

/** A namespace with people, system, assessment and release v5, not approved yet. */
export async function makeVoice(
  scene: Scene,
  namespace: string,
  labels: Record<string, string> = { "vouchsafe.dev/enforce": "standard" },
): Promise<void> {
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } };
  await demand(scene.kubectl, ["apply", "--server-side", "--field-manager=tests", "-f", "-"], JSON.stringify(object));
  for (const file of ["people.yaml", "aisystem.yaml", "riskassessment.yaml", "modelrelease-v5.yaml"])
    await applyExample(scene, file, namespace);
}

/** Approves an object as it stands, under the person's own credentials. */
export async function approve(
  scene: Scene,
  namespace: string,
  target: `${"ModelRelease" | "RiskAssessment"}/${string}`,
  options: { by?: Person; until?: string } = {},
): Promise<string> {
  const [kind = "", name = ""] = target.split("/");
  const isRelease = kind === "ModelRelease";
  const object = [kind.toLowerCase(), name, "-n", namespace];
  const digest = await eventually(`${name} may be approved`, async () => {
    const found = (await readJson<Conditioned>(scene.kubectl, object))?.status?.digest;
    const warrant = await readJson<{ spec: { approvals?: Record<string, unknown> } }>(scene.kubectl, [
      "warrant",
      "approvals",
      "-n",
      namespace,
    ]);
    return found !== undefined && warrant?.spec.approvals?.[found] !== undefined ? found : undefined;
  });
  const person = options.by ?? (isRelease ? scene.people.alice : scene.people.ruth);
  const approval = {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "Approval",
    metadata: { generateName: `${name}-`, namespace },
    spec: {
      target: { kind, name, digest },
      role: isRelease ? "model-validator" : "risk-owner",
      decision: isRelease ? "approve" : "accept",
      until: options.until ?? new Date(Date.now() + 60 * 86_400_000).toISOString(),
      reason: "Looked at it.",
    },
  };
  // The API server reads the Warrant a few milliseconds after it was written.
  return eventually(
    `${person.name} approves ${name}`,
    async () => {
      const answer = await person.kubectl(
        ["create", "-f", "-", "-o", "jsonpath={.metadata.name}"],
        JSON.stringify(approval),
      );
      return answer.code === 0 ? answer.stdout : undefined;
    },
    { withinMs: 5000 },
  );
}

/** Approves system and v5, and waits until v5 may run. */
export async function openVoice(scene: Scene, namespace: string): Promise<void> {
  await approve(scene, namespace, "RiskAssessment/voice-gate");
  await approve(scene, namespace, "ModelRelease/voice-gate-v5");
  await untilCondition(scene.kubectl, ["modelrelease", "voice-gate-v5", "-n", namespace], "Ready=True");
}
