// The registry's own log: a model in raw layers is matched without a byte of its weights, and read once where formats count.
import { generateKeyPairSync } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { type Artifact, packBundle, packModel } from "../../../examples/silero/pack.ts";
import { keepLayers } from "../../../src/adapters/model-artifact/keep-layers.ts";
import type { ReleaseArtifact } from "../../../src/api/model-release.ts";
import { openRegistry } from "../../../src/adapters/registry/open.ts";
import { collectSignatures } from "../../../src/adapters/signatures/collect.ts";
import { judgeCandidates } from "../../../src/adapters/signatures/judge-candidates.ts";
import { type Reply, startHostileRegistry, stopHostileRegistries } from "../../harness/hostile-registry.ts";
import { sha256, signWithKey, toStatement } from "../../harness/models.ts";

afterAll(stopHostileRegistries);

const FILES = [
  { path: "card.txt", bytes: Buffer.from("A model."), kind: "doc" as const },
  { path: "w.bin", bytes: Buffer.alloc(300_000, "weights "), kind: "weight" as const },
];
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PEM = publicKey.export({ type: "spki", format: "pem" }).toString();
const KEY_DIGEST = `sha256:${sha256(publicKey.export({ type: "spki", format: "der" }))}`;

const model = packModel("m", "v1", FILES);
const resources = FILES.map(({ path, bytes }) => ({ name: path, digest: sha256(bytes), algorithm: "sha256" }));
const referrer = packBundle(signWithKey(toStatement(resources), privateKey), model);

/** Answers as a registry that holds the artifacts. */
const serve =
  (artifacts: readonly Artifact[]): Reply =>
  (response, { path }) => {
    const found = artifacts.find(({ digest }) => path.endsWith(`/manifests/${digest}`));
    const blob = artifacts.flatMap(({ blobs }) => blobs).find(({ digest }) => path.endsWith(`/blobs/${digest}`));
    const referrers = artifacts
      .slice(1)
      .map(({ digest, mediaType, manifest }) => ({ digest, mediaType, size: manifest.length }));
    if (found !== undefined) response.writeHead(200, { "content-type": found.mediaType }).end(found.manifest);
    else if (blob !== undefined) response.writeHead(200).end(blob.bytes);
    else if (path.includes("/referrers/")) {
      const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: referrers };
      response.writeHead(200, { "content-type": index.mediaType }).end(JSON.stringify(index));
    } else response.writeHead(404).end();
  };

const store = keepLayers();

async function look(readsFormats: boolean, format: ReleaseArtifact["format"] = "ModelPack") {
  const { host, requests } = await startHostileRegistry(serve([model, referrer]));
  const proxy = { https: "", http: "", except: "" };
  const { registry, close } = openRegistry({ insecureHosts: [host], mirrors: [], ca: undefined, proxy, keyrings: [] });
  const found = await collectSignatures(
    { host, repository: "m", digest: model.digest },
    {
      registry,
      judge: judgeCandidates,
      signers: [{ signer: "s", digest: KEY_DIGEST, anchor: { by: "key", pem: PEM, keyDigest: KEY_DIGEST } }],
      model: { format, path: undefined, readsFormats, store },
      now: 0,
    },
  );
  await close();
  const layers = FILES.map(({ bytes }) => `/v2/m/blobs/sha256:${sha256(bytes)}`);
  return { found, asked: requests.map(({ path }) => path).filter((path) => layers.includes(path)) };
}

test("where no tier asks for formats, no layer is asked for", async () => {
  const { found, asked } = await look(false);
  expect(found).toMatchObject({
    signatures: [{ over: "model", files: 2 }],
    model: { formats: ["unread"] },
    problems: [],
  });
  expect(asked).toEqual([]);
});

test("where one does, each layer is read once, however often it is looked at", async () => {
  const first = await look(true);
  expect(first.found.model?.formats).toEqual(["text"]);
  expect(first.asked).toHaveLength(2);
  const second = await look(true);
  expect(second.found.model).toEqual(first.found.model);
  expect(second.asked).toEqual([]);
});

test.each<ReleaseArtifact["format"]>(["Image", "ModelKit", "Modelcar"])(
  "a ModelPack that is declared to be a %s has no signature at all",
  async (format) => {
    const { found } = await look(false, format);
    expect(found).toMatchObject({
      signatures: [],
      model: undefined,
      problems: [{ code: "ModelMismatch", why: expect.stringContaining("it is a ModelPack, and is declared to be") }],
    });
  },
);
