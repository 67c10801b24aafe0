// The example's AISystem with images that really run: a server that answers probes and a model in an image volume,
// signed by a key of this run; beside it the pods and hosts that may, or may not, talk to it.
import { generateKeyPairSync, sign } from "node:crypto";
import { parse } from "yaml";
import { fetchModel } from "../../examples/silero/fetch.ts";
import { type Artifact, packLegacySignature } from "../../examples/silero/pack.ts";
import { pushArtifact } from "../../examples/silero/push.ts";
import { applyObjects, demand } from "../harness/kubectl.ts";
import { readExample } from "../harness/voice.ts";
import { applyExample, approve, type Scene, untilCondition } from "../integration/product/scene.ts";
import { serveAsPod, startPods, STREAM, toFixturePod, toNamespace } from "./fixtures.ts";
import { type Host, startOutsider, toServices } from "./hosts.ts";
import { buildImage, buildProbeImage } from "./image.ts";
import type { RealNode } from "./node.ts";
import type { Port } from "./probes.ts";

export const VOICE = "voice";
export const MODEL_FILE = "silero_vad.onnx";
export const PORTS: readonly Port[] = [
  { protocol: "TCP", port: 53 },
  { protocol: "UDP", port: 53 },
  { protocol: "TCP", port: 4317 },
  { protocol: "UDP", port: 4317 },
  { protocol: "TCP", port: 8080 },
  { protocol: "TCP", port: 8443 },
];

const OUTSIDERS = [
  { name: "collector", address: "10.20.0.10" },
  { name: "stranger", address: "10.97.0.2" },
  { name: "metadata", address: "169.254.169.254" },
];

const tcp = (name: string, side: object, ...ports: number[]) => ({ name, ...side, ports });
/** The example's flows, and more: a peer by labels in the own namespace, one by UDP, and all addresses there are. */
const FLOWS = {
  ingress: [
    tcp("routers", { from: { namespace: "telephony", pods: { app: "router" } } }, 8080, STREAM),
    tcp("captions", { from: { pods: { app: "captions" } } }, 8443),
  ],
  egress: [
    tcp("metrics", { to: { cidr: "10.20.0.0/24" } }, 4317, STREAM),
    tcp("anywhere", { to: { cidr: "0.0.0.0/0" } }, 8443),
    { ...tcp("billing", { to: { namespace: "telephony", pods: { app: "billing" } } }, 4317), protocol: "UDP" },
  ],
};

/** An artifact in the registry, under the name that pods use. */
interface Shipped {
  image: string;
  artifact: Artifact;
}

async function ship(scene: Scene, repository: string, artifact: Artifact): Promise<Shipped> {
  const { host } = scene.product.registry;
  await pushArtifact({ origin: `http://${host}`, repository }, artifact, "v1");
  return { image: `${host}/${repository}:v1@${artifact.digest}`, artifact };
}

/** cosign's legacy form, as `cosign sign --key` attaches it. */
async function signArtifact(scene: Scene, repository: string, artifact: Artifact, key: Parameters<typeof sign>[2]) {
  const payload = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { "docker-reference": "" },
        image: { "docker-manifest-digest": artifact.digest },
        type: "cosign container image signature",
      },
      optional: null,
    }),
  );
  const signature = packLegacySignature(payload, sign("sha256", payload, key).toString("base64"));
  const target = { origin: `http://${scene.product.registry.host}`, repository };
  await pushArtifact(target, signature, `${artifact.digest.replace(":", "-")}.sig`);
}

interface PolicyText {
  spec: {
    signers: object[];
    tiers: { signatures: { over: string; anyOf: string[] }[]; onBreach?: object[] }[];
    supportingImages?: string[];
  };
}

/** The example's policy with one more signer, an image that needs no vouching, and pods that end when a person says so. */
async function applyPolicy(scene: Scene, pem: string, supporting: string): Promise<void> {
  const policy = parse(readExample("aipolicy.yaml", VOICE, scene.published)) as PolicyText;
  policy.spec.signers.push({ name: "lane", publicKey: { pem } });
  for (const tier of policy.spec.tiers) {
    for (const demanded of tier.signatures) demanded.anyOf.push("lane");
    tier.onBreach = [
      {
        for: ["ReleaseRevoked"],
        steps: [{ do: "refuse" }, { do: "quarantine" }, { do: "freeze" }, { do: "sever", authority: "Person" }],
      },
    ];
  }
  policy.spec.supportingImages = [supporting];
  await demand(scene.kubectl, ["apply", "-f", "-"], JSON.stringify(policy));
}

/** The one who may stop the system, and so may let a rung of the ladder go ahead. */
export const ONCALL = "olga";
const ONCALL_RIGHTS = [
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "speech-oncall", namespace: VOICE },
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
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: "speech-oncall", namespace: VOICE },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "speech-oncall" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: ONCALL }],
  },
];

async function declare(scene: Scene, model: string, server: string): Promise<void> {
  for (const file of ["namespace.yaml", "people.yaml"]) await applyExample(scene, file, VOICE);
  await applyObjects(scene.kubectl, ONCALL_RIGHTS);
  await applyExample(scene, "aisystem.yaml", VOICE, (text) => {
    const system = parse(text) as { spec: { dataFlows: object } };
    system.spec.dataFlows = FLOWS;
    return JSON.stringify(system);
  });
  await applyExample(scene, "riskassessment.yaml", VOICE);
  const release = {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "ModelRelease",
    metadata: { name: "voice-gate-v1", namespace: VOICE },
    spec: {
      system: "voice-gate",
      version: "v1",
      artifacts: [
        { name: "model", image: model },
        { name: "server", image: server },
      ],
    },
  };
  await demand(scene.people.bob.kubectl, ["apply", "-f", "-"], JSON.stringify(release));
  await approve(scene, VOICE, "RiskAssessment/voice-gate");
  await approve(scene, VOICE, "ModelRelease/voice-gate-v1");
  await untilCondition(scene.kubectl, ["modelrelease", "voice-gate-v1", "-n", VOICE], "Ready=True");
}

interface Deployment {
  spec: { template: { spec: { nodeSelector?: object; containers: object[]; volumes: object[] } } };
}

/** The example's Deployment; its one container serves. */
async function deploy(scene: Scene, model: string, server: string): Promise<void> {
  const deployment = parse(readExample("deployment.yaml", VOICE, scene.published)) as Deployment;
  const { spec } = deployment.spec.template;
  spec.nodeSelector = { "kubernetes.io/hostname": "node-0" };
  spec.containers = spec.containers.map((container) => ({ ...container, image: server, ...serveAsPod(PORTS) }));
  spec.volumes = [{ name: "model", image: { reference: model } }];
  await demand(scene.people.bob.kubectl, ["apply", "-f", "-"], JSON.stringify(deployment));
}

/** Sets the stage; gives the hosts outside the cluster. */
export async function setStage(scene: Scene, node: RealNode, path: string): Promise<Host[]> {
  const { kubectl } = scene;
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const weights = { path: MODEL_FILE, bytes: await fetchModel("v6") };
  const model = await ship(scene, "lane/model", buildImage({ files: [weights] }));
  const server = await ship(scene, "lane/server", buildProbeImage(path, "server"));
  const helper = await ship(scene, "lane/helper", buildProbeImage(path, "helper"));
  await signArtifact(scene, "lane/model", model.artifact, privateKey);
  await signArtifact(scene, "lane/server", server.artifact, privateKey);
  // containerd looks a pinned image up without its tag.
  const untagged = ({ image, artifact }: Shipped): [string, Artifact] => [image.replace(":v1@", "@"), artifact];
  await node.importImages(new Map([model, server, helper].map(untagged)));
  await applyPolicy(
    scene,
    publicKey.export({ type: "spki", format: "pem" }).toString(),
    helper.image.replace(":v1@", "@"),
  );
  await declare(scene, model.image, server.image);
  await deploy(scene, model.image, server.image);
  await applyObjects(kubectl, [toNamespace("telephony")]);
  const pod = (namespace: string, name: string, labels: Record<string, string>) =>
    toFixturePod({ namespace, name, labels, ports: PORTS, image: helper.image.replace(":v1@", "@") });
  await startPods(kubectl, [
    pod(VOICE, "captions", { app: "captions", "vouchsafe.dev/system": "voice-gate" }),
    pod(VOICE, "stray", {}),
    ...["router", "billing", "bystander"].map((name) => pod("telephony", name, { app: name })),
    pod("kube-system", "dns", { "k8s-app": "kube-dns" }),
    pod("kube-system", "other", { app: "other" }),
  ]);
  const outside: Host[] = [];
  for (const outsider of OUTSIDERS) outside.push(await startOutsider(node, outsider, toServices(PORTS, STREAM)));
  return outside;
}
