// Verification as users see it: Sigstore identities of a private instance, certificates, attestations, and packed models.
import { createHash, sign } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { toPod } from "../../../examples/demo/pods.ts";
import { type ArtifactName, packAll } from "../../../examples/silero/artifacts.ts";
import { type Artifact, packBundle } from "../../../examples/silero/pack.ts";
import { pushArtifact } from "../../../examples/silero/push.ts";
import { toPae } from "../../../src/adapters/in-toto.ts";
import { demand, readJson } from "../../harness/kubectl.ts";
import { packLayer, tarFiles, toArtifact } from "../../harness/packs.ts";
import { OPERATOR_NAMESPACE } from "../../harness/product.ts";
import { createAuthority, type Holder, issueSigner } from "../../harness/sigstore/certificates.ts";
import { createSigstore, type PrivateSigstore } from "../../harness/sigstore.ts";
import { readExample } from "../../harness/voice.ts";
import { eventually } from "../../harness/wait.ts";
import { applyPolicy, createPacker, declareModel, type PolicyShape } from "./packed.ts";
import { makeVoice, openScene, openVoice, type Scene, untilCondition } from "./scene.ts";

const ISSUER = "https://token.acme.example";
const WORKFLOW = "https://git.acme.example/voice/release.yml@refs/tags/v5";
const PROVENANCE = "https://slsa.dev/provenance/v1";
const ARTIFACTS = ["models/silero-vad:v5", "voice-gate:v5"] as const satisfies ArtifactName[];

let scene: Scene;
let sigstore: PrivateSigstore;
let artifacts: Record<ArtifactName, Artifact>;
beforeAll(async () => {
  [scene, sigstore, artifacts] = await Promise.all([openScene(), createSigstore(), packAll()]);
});
afterAll(() => scene.stop());

const stateAbout = (digest: string, predicateType: string) => ({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "", digest: { sha256: digest.replace("sha256:", "") } }],
  predicateType,
  predicate: {},
});

/** Puts a bundle beside v5's model and server. */
async function attach(toBundle: (digest: string) => Promise<string>): Promise<void> {
  for (const name of ARTIFACTS) {
    const subject = artifacts[name];
    const [repository = ""] = name.split(":");
    const bundle = packBundle(Buffer.from(await toBundle(subject.digest)), subject);
    await pushArtifact({ origin: `http://${scene.product.registry.host}`, repository }, bundle);
  }
}

const attachStatement = (predicateType: string, who: { identity: string; issuer: string }) =>
  attach((digest) => sigstore.signStatement(stateAbout(digest, predicateType), who));

/** Puts a text into a ConfigMap beside the operator; gives how a policy names it. */
async function pin(configMap: string, key: string, text: string) {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: configMap, namespace: OPERATOR_NAMESPACE },
    data: { [key]: text },
  };
  await demand(scene.kubectl, ["apply", "--server-side", "-f", "-"], JSON.stringify(object));
  return { configMap, key, sha256: createHash("sha256").update(text).digest("hex") };
}

const RELEASE = (namespace: string) => ["modelrelease", "voice-gate-v5", "-n", namespace];
const tryPod = (namespace: string) =>
  scene.people.bob.kubectl(
    ["create", "--dry-run=server", "-f", "-"],
    toPod({
      name: "p",
      namespace,
      model: scene.published.images["models/silero-vad:v5"],
      server: scene.published.images["voice-gate:v5"],
    }),
  );
const isAdmitted = (namespace: string) =>
  eventually(`pods of v5 are admitted in ${namespace}`, async () =>
    (await tryPod(namespace)).code === 0 ? true : undefined,
  );

describe("a Sigstore identity", () => {
  const keyless = async (identity: object) => ({
    name: "release-workflow",
    sigstore: {
      trustedRoot: await pin("corporate-sigstore", "trusted_root.json", sigstore.trustedRoot),
      issuer: ISSUER,
      identity,
    },
  });
  const wanted = [
    { over: "artifact", anyOf: ["release-workflow"] },
    { over: "attestation", predicateType: PROVENANCE, anyOf: ["release-workflow"] },
  ];

  test("vouches for a release once it has signed all that is asked, and no other does", async () => {
    const namespace = "keyless";
    const pattern = String.raw`https://git\.acme\.example/voice/release\.yml@refs/tags/v[0-9]+`;
    await applyPolicy(scene, "keyless", [await keyless({ pattern })], { signatures: wanted });
    await attachStatement("https://sigstore.dev/cosign/sign/v1", { identity: `${WORKFLOW}-evil`, issuer: ISSUER });
    await attachStatement(PROVENANCE, { identity: WORKFLOW, issuer: "https://other.example" });
    await makeVoice(scene, namespace, { "vouchsafe.dev/enforce": "keyless" });
    const refused = await untilCondition(scene.kubectl, RELEASE(namespace), "Verified=SignerUnknown");
    const { message } = refused.status?.conditions?.find(({ type }) => type === "Verified") ?? {};
    expect(message, "the status names the stranger").toContain(`it was signed by ${WORKFLOW}-evil`);
    expect(message).toContain("vouchsafe explain release voice-gate-v5");

    await attachStatement("https://sigstore.dev/cosign/sign/v1", { identity: WORKFLOW, issuer: ISSUER });
    await attachStatement(PROVENANCE, { identity: WORKFLOW, issuer: ISSUER });
    const verified = await untilCondition(scene.kubectl, RELEASE(namespace), "Verified=True", 60_000);
    expect(verified.status?.artifacts?.map(({ signatures }) => signatures)).toEqual(
      ARTIFACTS.map(() =>
        expect.arrayContaining([
          expect.objectContaining({ signer: "release-workflow", identity: WORKFLOW, issuer: ISSUER, over: "artifact" }),
          expect.objectContaining({ signer: "release-workflow", over: "attestation", predicateType: PROVENANCE }),
        ]),
      ),
    );
    await openVoice(scene, namespace);
    await isAdmitted(namespace);

    // Another name in the policy withdraws trust at once, without a look at the registry.
    await applyPolicy(
      scene,
      "keyless",
      [await keyless({ exact: "https://git.acme.example/other.yml@refs/heads/main" })],
      { signatures: wanted },
    );
    await eventually("pods of v5 are refused again", async () =>
      (await tryPod(namespace)).code === 0 ? undefined : true,
    );
  });

  test("has to be one that can be trusted: another instance's root, and patterns that do not compile", async () => {
    const other = await createSigstore();
    const root = await pin("another-sigstore", "trusted_root.json", other.trustedRoot);
    const signer = {
      name: "release-workflow",
      sigstore: { trustedRoot: root, issuer: ISSUER, identity: { exact: WORKFLOW } },
    };
    await applyPolicy(scene, "another", [signer], { signatures: wanted });
    await makeVoice(scene, "another", { "vouchsafe.dev/enforce": "another" });
    await untilCondition(scene.kubectl, RELEASE("another"), "Verified=SignatureInvalid");

    const policy = parse(readExample("aipolicy.yaml", "voice", scene.published)) as PolicyShape;
    policy.metadata.name = "broken";
    policy.spec.signers.push(await keyless({ pattern: "(" }));
    const answer = await scene.kubectl(["apply", "-f", "-"], stringify(policy));
    expect(answer.code, "the API server refuses it").toBe(1);
    expect(answer.stderr).toContain("signers");
  });
});

const DAY = 86_400_000;
const bundleBy = (signer: Holder, between: Holder, statement: object) => {
  const payload = Buffer.from(JSON.stringify(statement));
  const payloadType = "application/vnd.in-toto+json";
  const signature = sign("sha256", toPae(payloadType, payload), signer.key);
  return JSON.stringify({
    mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.2",
    verificationMaterial: {
      x509CertificateChain: {
        certificates: [signer, between].map(({ certificate }) => ({ rawBytes: certificate.toString("base64") })),
      },
    },
    dsseEnvelope: {
      payloadType,
      payload: payload.toString("base64"),
      signatures: [{ sig: signature.toString("base64") }],
    },
  });
};
const toPem = ({ certificate }: Holder) =>
  `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`;

describe("a certificate", () => {
  test("vouches until it runs out, and not a moment longer, whether or not the operator is there", async () => {
    const namespace = "certified";
    const now = Date.now();
    const root = createAuthority("acme root", { from: now - DAY, until: now + DAY });
    const between = createAuthority("acme models", { from: now - DAY, until: now + DAY }, root);
    const roots = await pin("corporate-ca", "ca.pem", toPem(root));
    const identity = "models@acme.example";
    await applyPolicy(scene, "certified", [{ name: "corporate-ca", x509: { roots, identity: { exact: identity } } }], {
      signatures: [{ over: "artifact", anyOf: ["corporate-ca"] }],
    });
    // Certificates tell whole seconds.
    const until = Math.ceil(Date.now() / 1000) * 1000 + 30_000;
    const signer = issueSigner({ identity, issuer: "none" }, { from: now - DAY, until }, between);
    await attach((digest) =>
      Promise.resolve(bundleBy(signer, between, stateAbout(digest, "https://sigstore.dev/cosign/sign/v1"))),
    );
    await makeVoice(scene, namespace, { "vouchsafe.dev/enforce": "certified" });
    await untilCondition(scene.kubectl, RELEASE(namespace), "Verified=True");
    await openVoice(scene, namespace);
    await isAdmitted(namespace);
    const found = await readJson<{ status: { notAfter?: string } }>(scene.kubectl, RELEASE(namespace));
    expect(found?.status.notAfter).toBe(new Date(until).toISOString().replace(".000", ""));

    await scene.product.operator.kill();
    await eventually(
      "pods of v5 are refused once the certificate ran out",
      async () => ((await tryPod(namespace)).code === 0 ? undefined : true),
      { withinMs: 60_000 },
    );
    expect(Date.now(), "not before it ran out").toBeGreaterThanOrEqual(until);
    await scene.product.startOperator();
    await untilCondition(scene.kubectl, RELEASE(namespace), "Verified=SignatureExpired", 60_000);
  });
});

describe("a packed model", () => {
  const packer = createPacker();
  const SAFE = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from("{}")]);
  // What Python's pickle.dumps({}) gives: protocol 4, an empty dictionary, stop.
  const PICKLE = Buffer.from("80047d942e", "hex");

  /** Pushes a model in one packed layer with its signature; gives the image. */
  async function publish(form: "ModelPack" | "Image", folder: string, files: Record<string, Buffer>): Promise<string> {
    const packed = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${folder}${path}`, bytes]));
    const artifact = toArtifact(form, [packLayer(form, "tar+gzip", tarFiles(packed))]);
    const target = { origin: `http://${scene.product.registry.host}`, repository: "models/packed" };
    await packer.publish(target, artifact, files);
    return `${scene.product.registry.host}/models/packed@${artifact.digest}`;
  }

  test("is unpacked, matched, and held to the formats that its tier allows", async () => {
    const namespace = "packed";
    await applyPolicy(scene, "packed", [{ name: "packer", publicKey: { pem: packer.pem } }], {
      signatures: [{ over: "model", anyOf: ["packer"] }],
      formats: ["safetensors", "text"],
    });
    await makeVoice(scene, namespace, { "vouchsafe.dev/enforce": "packed" });
    const good = { "model.safetensors": SAFE, "sub/README.md": Buffer.from("A model.\n") };
    const images = {
      packed: { image: await publish("ModelPack", "", good), format: "ModelPack" },
      car: { image: await publish("Image", "models/", good), format: "Modelcar" },
      elsewhere: { image: await publish("Image", "opt/m/", good), format: "Modelcar", modelPath: "opt/m" },
      pickle: {
        image: await publish("ModelPack", "", { ...good, "model.safetensors": PICKLE }),
        format: "ModelPack",
      },
    };
    const declare = (name: string, artifact: object) => declareModel(scene, namespace, name, artifact);
    for (const [name, artifact] of Object.entries(images)) await declare(name, artifact);
    await declare("lied", { ...images.car, format: "ModelPack" });
    const until = (name: string, wanted: string) =>
      untilCondition(scene.kubectl, ["modelrelease", name, "-n", namespace], wanted, 40_000);
    const models = [];
    for (const name of ["packed", "car", "elsewhere"]) {
      const found = await until(name, "Verified=True");
      models.push(found.status?.artifacts?.[0]?.model);
    }
    expect(models[0]).toEqual({
      digest: expect.stringMatching(/^model:v1:sha256:[a-f0-9]{64}$/),
      formats: ["safetensors", "text"],
    });
    expect(new Set(models.map((model) => model?.digest)).size, "one model, whatever it is packed in").toBe(1);
    const refused = await until("pickle", "Verified=FormatForbidden");
    expect(refused.status?.conditions?.find(({ type }) => type === "Verified")?.message).toContain("pickle");
    await until("lied", "Verified=ModelMismatch");
  });
});

// The last one: it takes the registry away from all others.
test("a registry that is gone takes nothing that was vouched for, and a certificate ends all the same", async () => {
  const namespace = "outage";
  const now = Date.now();
  const root = createAuthority("acme outage", { from: now - DAY, until: now + DAY });
  const roots = await pin("outage-ca", "ca.pem", toPem(root));
  const identity = "outage@acme.example";
  await applyPolicy(scene, namespace, [{ name: "outage-ca", x509: { roots, identity: { exact: identity } } }], {
    signatures: [{ over: "artifact", anyOf: ["outage-ca"] }],
  });
  // Long enough for the look that is due half a minute after the first.
  const until = Math.ceil(Date.now() / 1000) * 1000 + 75_000;
  const signer = issueSigner({ identity, issuer: "none" }, { from: now - DAY, until }, root);
  await attach((digest) =>
    Promise.resolve(bundleBy(signer, root, stateAbout(digest, "https://sigstore.dev/cosign/sign/v1"))),
  );
  await makeVoice(scene, namespace, { "vouchsafe.dev/enforce": namespace });
  await untilCondition(scene.kubectl, RELEASE(namespace), "Verified=True");
  await openVoice(scene, namespace);
  await isAdmitted(namespace);
  await scene.product.registry.stop();
  type Looked = { status: { artifacts: { problems?: { code: string }[]; signatures: object[] }[] } };
  const readArtifacts = async () => (await readJson<Looked>(scene.kubectl, RELEASE(namespace)))?.status.artifacts;
  await eventually(
    "a look failed",
    async () =>
      (await readArtifacts())?.every(({ problems }) => problems?.[0]?.code === "RegistryFailed") ? true : undefined,
    { withinMs: until - Date.now(), lastSeen: readArtifacts },
  );
  const byAuthority = expect.arrayContaining([expect.objectContaining({ signer: "outage-ca", identity })]);
  expect((await readArtifacts())?.map(({ signatures }) => signatures)).toEqual([byAuthority, byAuthority]);
  expect((await tryPod(namespace)).code, "admitted while nobody can look").toBe(0);
  await untilCondition(scene.kubectl, RELEASE(namespace), "Verified=SignatureExpired", 120_000);
  expect(Date.now(), "not before it ran out").toBeGreaterThanOrEqual(until);
  expect((await tryPod(namespace)).code).toBe(1);
}, 240_000);
