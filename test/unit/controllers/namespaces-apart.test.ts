// A namespace's pull secrets open registries to its own releases and to nobody else's: not by a look that is shared, not by
// a token that is kept, and not by what was found in a layer.
import { generateKeyPairSync } from "node:crypto";
import { afterAll, afterEach, expect, test } from "vitest";
import { type Artifact, packBundle } from "../../../examples/silero/pack.ts";
import { keepLayers } from "../../../src/adapters/model-artifact/keep-layers.ts";
import { createLayerPool } from "../../../src/adapters/model-artifact/layer-pool.ts";
import { createRegistryOpener } from "../../../src/adapters/registry/open.ts";
import { parseDockerConfig } from "../../../src/adapters/registry/pull-secrets.ts";
import { judgeCandidates } from "../../../src/adapters/signatures/judge-candidates.ts";
import { AIPolicy } from "../../../src/api/ai-policy.ts";
import { ModelRelease } from "../../../src/api/model-release.ts";
import { createVerificationController } from "../../../src/controllers/verification/controller.ts";
import type { FoundSecrets } from "../../../src/controllers/verification/pull-secrets.ts";
import { type Reply, send, startHostileRegistry, stopHostileRegistries } from "../../harness/hostile-registry.ts";
import { signWithKey, toResources, toStatement } from "../../harness/models.ts";
import { packLayer, tarFiles, toArtifact } from "../../harness/packs.ts";
import { eventually } from "../../harness/wait.ts";
import { make, POLICY_SPEC } from "../domain/voice.ts";
import { createStage } from "./github/stage.ts";

const pool = createLayerPool();
afterAll(() => pool.close());
afterEach(stopHostileRegistries);

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PEM = publicKey.export({ type: "spki", format: "pem" }).toString();
const FILES = { "notes.txt": "hello\n" };
const MODEL = toArtifact("ModelPack", [packLayer("ModelPack", "tar+gzip", tarFiles(FILES))]);
const LAYER = MODEL.blobs[1]?.digest ?? "";
const SIGNATURE = packBundle(signWithKey(toStatement(toResources(FILES)), privateKey), MODEL);

/** Answers as a registry that holds the model and its signature, and what `isHeld` says of their blobs. */
const serve =
  (isHeld: (blob: string) => boolean = () => true): Reply =>
  (response, { path }) => {
    const all: Artifact[] = [MODEL, SIGNATURE];
    const manifest = all.find(({ digest }) => path.endsWith(`/manifests/${digest}`));
    const blob = all.flatMap(({ blobs }) => blobs).find(({ digest }) => path.endsWith(`/blobs/${digest}`));
    const { digest, mediaType, manifest: bytes } = SIGNATURE;
    const index = { schemaVersion: 2, manifests: [{ digest, mediaType, size: bytes.length }] };
    if (manifest !== undefined) response.writeHead(200, { "content-type": manifest.mediaType }).end(manifest.manifest);
    else if (blob !== undefined && isHeld(blob.digest)) response.writeHead(200).end(blob.bytes);
    else if (path.includes("/referrers/")) response.writeHead(200).end(JSON.stringify(index));
    else response.writeHead(404).end();
  };

const PASSWORD = `Basic ${Buffer.from("puller:s3cret").toString("base64")}`;
const locked: Reply = (response, asked) =>
  asked.headers.authorization === PASSWORD
    ? serve()(response, asked)
    : void response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();

/** The controller over namespaces, of which some have credentials of their own. */
async function run(hosts: string[], passwords: Record<string, { host: string; password: string } | undefined>) {
  const { tools, show, applied } = createStage(Date.parse("2026-11-24T12:00:00Z"));
  const signers = [{ name: "model-pipeline", publicKey: { pem: PEM } }, ...POLICY_SPEC.signers.slice(1)];
  // Formats are asked for, so that layers are read.
  const tiers = POLICY_SPEC.tiers.map((tier) => ({ ...tier, formats: ["text"] }));
  const { metadata, ...policy } = make<AIPolicy>(AIPolicy, "standard", { ...POLICY_SPEC, signers, tiers });
  show("policies", { ...policy, metadata: { name: metadata.name } });
  const open = createRegistryOpener({
    insecureHosts: hosts,
    mirrors: [],
    caFile: undefined,
    proxy: { https: "", http: "", except: "" },
  });
  const controller = createVerificationController(tools, {
    operatorNamespace: "ops",
    judge: judgeCandidates,
    hashLayer: pool.hashLayer,
    layers: keepLayers(),
    openRegistry: open,
    pullSecrets: {
      scopeOf: (namespace) => (namespace in passwords ? namespace : undefined),
      read: (namespace): Promise<FoundSecrets> => {
        const known = passwords[namespace];
        if (known === undefined)
          return Promise.resolve({ keyrings: [], lacks: [{ lack: "it lacks", command: "look" }] });
        const auths = { [known.host]: { username: "puller", password: known.password } };
        return Promise.resolve({ keyrings: [parseDockerConfig(JSON.stringify({ auths }))], lacks: [] });
      },
    },
  });
  const ending = new AbortController();
  const running = controller.run(ending.signal);
  const release = (namespace: string, host: string) => {
    show("namespaces", { metadata: { name: namespace, labels: { "vouchsafe.dev/enforce": "standard" } } });
    const artifacts = [{ name: "model", image: `${host}/m@${MODEL.digest}`, format: "ModelPack" }];
    const spec = { system: "voice-gate", version: "1", artifacts };
    show("releases", make(ModelRelease, "v5", spec, { metadata: { namespace } }));
  };
  type Status = { artifacts: { model?: object; signatures: object[]; problems?: { code: string; text: string }[] }[] };
  const statusOf = (namespace: string) =>
    eventually(`a status in ${namespace}`, () => {
      const found = applied.find(({ object }) => object.metadata.namespace === namespace);
      return (found?.status as Status | undefined)?.artifacts[0];
    });
  return {
    release,
    statusOf,
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

const isVerified = { signatures: [{ over: "model" }], model: { formats: ["text"] } };
const isRefused = {
  signatures: [],
  closure: [],
  problems: [{ code: "PullSecretUnusable", text: expect.stringMatching(/\(HTTP 401\)\), and it lacks\..*Next: look/) }],
};

test("what one namespace's secret opens is closed to another at the same moment, and afterwards", async () => {
  const { host } = await startHostileRegistry(locked);
  const { release, statusOf, stop } = await run([host], { voice: { host, password: "s3cret" } });
  for (const namespace of ["voice", "first"]) release(namespace, host);
  expect(await statusOf("voice")).toMatchObject(isVerified);
  expect(await statusOf("first")).toMatchObject(isRefused);
  release("later", host);
  expect(await statusOf("later")).toMatchObject(isRefused);
  await stop();
});

test("where credentials would not help, the registry's fault is told and nothing of secrets", async () => {
  const down = await startHostileRegistry({ [`/v2/m/manifests/${MODEL.digest}`]: send("", {}, 503) });
  const { release, statusOf, stop } = await run([down.host], {});
  release("first", down.host);
  expect(await statusOf("first")).toMatchObject({
    problems: [{ code: "RegistryFailed", text: expect.stringContaining("HTTP 503") as string }],
  });
  await stop();
});

test("a namespace with secrets of its own gets nothing by those of another", async () => {
  const { host } = await startHostileRegistry(locked);
  const passwords = { voice: { host, password: "s3cret" }, vision: { host, password: "wrong" } };
  const { release, statusOf, stop } = await run([host], passwords);
  release("voice", host);
  expect(await statusOf("voice")).toMatchObject(isVerified);
  release("vision", host);
  expect(await statusOf("vision")).toMatchObject({ signatures: [], problems: [{ code: "RegistryFailed" }] });
  await stop();
});

test("whoever names another's layer in a registry of its own learns nothing of what is in it", async () => {
  const { host } = await startHostileRegistry(locked);
  const own = await startHostileRegistry(serve((blob) => blob !== LAYER));
  const { release, statusOf, stop } = await run([host, own.host], { voice: { host, password: "s3cret" } });
  release("voice", host);
  expect(await statusOf("voice")).toMatchObject(isVerified);
  release("thief", own.host);
  const stolen = await statusOf("thief");
  expect(stolen).toMatchObject({ problems: [{ code: "PullSecretUnusable" }] });
  expect(stolen.model).toBeUndefined();
  await stop();
});
