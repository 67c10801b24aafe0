// Verification on real input: signatures by cosign and model_signing, read from a real registry.
import { createHash, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { ArtifactName } from "../../../examples/silero/artifacts.ts";
import { type Published, publishSilero } from "../../../examples/silero/publish.ts";
import { createExchange } from "../../../src/adapters/registry/exchange.ts";
import { parseReference } from "../../../src/adapters/registry/reference.ts";
import { createRegistry } from "../../../src/adapters/registry/registry.ts";
import { collectSignatures } from "../../../src/adapters/signatures/collect.ts";
import { judgeCandidates } from "../../../src/adapters/signatures/judge-candidates.ts";
import { startRegistry, type TestRegistry } from "../../harness/registry.ts";

const readKey = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../examples/silero/keys/${name}.pub`, import.meta.url)), "utf8");

const SIGNERS = ["model-pipeline", "release-pipeline"].map((name) => {
  const pem = readKey(name);
  const der = createPublicKey(pem).export({ type: "spki", format: "der" });
  const keyDigest = `sha256:${createHash("sha256").update(der).digest("hex")}`;
  return { signer: name, digest: keyDigest, anchor: { by: "key" as const, pem, keyDigest } };
});

interface Lane {
  registry: TestRegistry;
  published: Published;
}

const LANES: [string, { referrers: boolean; user?: { name: string; password: string } }][] = [
  ["the referrers API", { referrers: true }],
  ["the fallback tag", { referrers: false }],
  ["the referrers API behind a password", { referrers: true, user: { name: "puller", password: "s3cret" } }],
];

describe.each(LANES)("by %s", (_, options) => {
  let lane: Lane | undefined;
  beforeAll(async () => {
    const registry = await startRegistry(inject("binary"), options);
    const { user, referrers } = options;
    const authorization = user && `Basic ${Buffer.from(`${user.name}:${user.password}`).toString("base64")}`;
    const published = await publishSilero(registry.host, { referrers, ...(authorization && { authorization }) });
    lane = { registry, published };
  });
  afterAll(() => lane?.registry.stop());

  const collect = async (name: ArtifactName, isKnown = true) => {
    if (lane === undefined) throw new Error("the registry did not start");
    const { host } = lane.registry;
    const exchange = createExchange({
      insecureHosts: new Set([host]),
      credentials: (asked) =>
        options.user !== undefined && isKnown && asked === host
          ? [{ type: "password", username: options.user.name, password: options.user.password }]
          : [],
    });
    const ref = parseReference(lane.published.images[name]);
    if (ref === undefined) throw new Error(`${lane.published.images[name]} is no reference`);
    const search = {
      registry: createRegistry(exchange),
      judge: judgeCandidates,
      signers: SIGNERS,
      model: { format: undefined, path: undefined, readsFormats: false },
      now: Date.now(),
    };
    const found = await collectSignatures(ref, search);
    await exchange.close();
    return { ...found, said: found.signatures.map(({ signer, over, form, files }) => [signer, over, form, files]) };
  };

  test("v5 carries an OMS signature and a cosign bundle", async () => {
    const { said, problems, closure } = await collect("models/silero-vad:v5");
    expect(said.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      ["model-pipeline", "model", "oms", 2],
      ["release-pipeline", "artifact", "cosign-bundle", undefined],
    ]);
    expect(problems).toEqual([]);
    expect(closure).toHaveLength(2);
  });

  test("v6 carries an OMS signature and a legacy cosign signature", async () => {
    const { said } = await collect("models/silero-vad:v6");
    expect(said).toEqual([
      ["model-pipeline", "model", "oms", 2],
      ["release-pipeline", "artifact", "cosign-legacy", undefined],
    ]);
  });

  test("an image carries a cosign bundle", async () => {
    expect((await collect("voice-gate:v5")).said).toEqual([
      ["release-pipeline", "artifact", "cosign-bundle", undefined],
    ]);
  });

  test("without a signature nothing is found", async () => {
    expect(await collect("models/silero-vad:unsigned")).toMatchObject({ said: [], problems: [] });
  });

  test("a stranger's key vouches for nothing", async () => {
    const { said, problems } = await collect("models/silero-vad:stranger");
    expect(said).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(["SignerUnknown", "SignerUnknown"]);
  });

  test("one changed bit of a weight breaks both signatures", async () => {
    const { said, problems } = await collect("models/silero-vad:tampered");
    expect(said).toEqual([]);
    expect(problems.map(({ code }) => code).toSorted()).toEqual(["ModelMismatch", "SignatureInvalid"]);
    expect(problems.find(({ code }) => code === "ModelMismatch")?.why).toContain(
      "silero_vad.onnx is not what was signed: 2623a2",
    );
  });

  const onlyPrivate = options.user === undefined ? [] : ["without the password the registry shows nothing"];
  test.each(onlyPrivate)("%s", async () => {
    const { signatures, problems } = await collect("voice-gate:v5", false);
    expect(signatures).toEqual([]);
    expect(problems).toEqual([
      { code: "RegistryFailed", why: expect.stringContaining("HTTP 401"), fault: "Unauthorized" },
    ]);
  });
});
