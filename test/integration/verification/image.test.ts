// `vouchsafe verify-image` as people type it, against a real registry: what was checked, what is missing, and the exit status.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { packAll } from "../../../examples/silero/artifacts.ts";
import { packBundle } from "../../../examples/silero/pack.ts";
import { type Published, publishSilero } from "../../../examples/silero/publish.ts";
import { pushArtifact } from "../../../examples/silero/push.ts";
import { startRegistry, type TestRegistry } from "../../harness/registry.ts";
import { createSigstore } from "../../harness/sigstore.ts";

const PROGRAM = fileURLToPath(new URL("../../../bin/vouchsafe", import.meta.url));
const key = (name: string) => fileURLToPath(new URL(`../../../examples/silero/keys/${name}.pub`, import.meta.url));
const WHO = { identity: "https://git.acme.example/release.yml@refs/tags/v5", issuer: "https://token.acme.example" };
const SBOM = "https://spdx.dev/Document";
const USER = { name: "puller", password: "secret-of-the-puller" };

let dir: string;
let registry: TestRegistry;
let published: Published;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "verify-image-"));
  registry = await startRegistry(inject("binary"), { user: USER });
  const token = Buffer.from(`${USER.name}:${USER.password}`).toString("base64");
  const authorization = `Basic ${token}`;
  published = await publishSilero(registry.host, { authorization });
  const sigstore = await createSigstore();
  const server = (await packAll())["voice-gate:v5"];
  const state = (predicateType: string) => ({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "", digest: { sha256: server.digest.replace("sha256:", "") } }],
    predicateType,
    predicate: {},
  });
  for (const type of ["https://sigstore.dev/cosign/sign/v1", SBOM]) {
    const bundle = packBundle(Buffer.from(await sigstore.signStatement(state(type), WHO)), server);
    await pushArtifact({ origin: `http://${registry.host}`, repository: "voice-gate", authorization }, bundle);
  }
  await writeFile(join(dir, "trusted_root.json"), sigstore.trustedRoot);
  await writeFile(join(dir, "other_root.json"), (await createSigstore()).trustedRoot);
  await writeFile(join(dir, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth: token } } }));
  await writeFile(join(dir, "nobody.json"), JSON.stringify({ auths: {} }));
});
afterAll(async () => {
  await registry.stop();
  await rm(dir, { recursive: true });
});

const verify = (image: string, ...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((ok) => {
    const common = [
      "verify-image",
      image,
      "--insecure-registry",
      registry.host,
      "--docker-config",
      join(dir, "config.json"),
    ];
    execFile(PROGRAM, [...common, ...args], (error, stdout, stderr) => {
      ok({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
const identity = (root: string, name = WHO.identity, issuer = WHO.issuer) => [
  "--certificate-identity",
  name,
  "--certificate-oidc-issuer",
  issuer,
  "--trusted-root",
  join(dir, root),
];
const model = () => published.images["models/silero-vad:v5"];
const server = () => published.images["voice-gate:v5"];

test.each<[string, () => Parameters<typeof verify>, number, RegExp[]]>([
  ["by key", () => [server(), "--key", key("release-pipeline")], 0, [/^VERIFIED .*@sha256:/m, /signed by .*artifact/]],
  [
    "by one of two keys",
    () => [server(), "--key", key("model-pipeline"), "--key", key("release-pipeline")],
    0,
    [/^VERIFIED/m],
  ],
  [
    "a tag is told as its digest",
    () => [server().replace(/@.*/, ""), "--key", key("release-pipeline")],
    0,
    [/^VERIFIED .*\/voice-gate@sha256:[a-f0-9]{64}$/m],
  ],
  [
    "by another key",
    () => [server(), "--key", key("model-pipeline")],
    1,
    [/^REFUSED/m, /^missing +a signature over the artifact/m, /SignerUnknown/, /^next/m],
  ],
  [
    "a model with its files",
    () => [model(), "--key", key("model-pipeline"), "--key", key("release-pipeline"), "--model"],
    0,
    [/over the model \(oms, 2 files\)/],
  ],
  [
    "an image has no model",
    () => [server(), "--key", key("release-pipeline"), "--model"],
    1,
    [/^missing +a signature over the model/m],
  ],
  [
    "by identity, with an attestation",
    () => [server(), ...identity("trusted_root.json"), "--attestation", SBOM],
    0,
    [/signed by +https:\/\/git\.acme\.example\/release\.yml@refs\/tags\/v5 \(issuer https:\/\/token\.acme\.example\)/],
  ],
  [
    "an attestation of another type",
    () => [server(), ...identity("trusted_root.json"), "--attestation", "https://slsa.dev/provenance/v1"],
    1,
    [/^missing +a signature over the attestation https:\/\/slsa\.dev/m],
  ],
  [
    "by another identity",
    () => [server(), ...identity("trusted_root.json", "https://git.acme.example/release.yml@refs/tags/v50")],
    1,
    [/it was signed by https:\/\/git\.acme\.example\/release\.yml@refs\/tags\/v5$/m],
  ],
  [
    "by another issuer",
    () => [server(), ...identity("trusted_root.json", WHO.identity, "https://x.example")],
    1,
    [/REFUSED/],
  ],
  ["under another root", () => [server(), ...identity("other_root.json")], 1, [/SignatureInvalid/]],
])("%s", async (_, toArgs, status, says) => {
  const found = await verify(...toArgs());
  expect(found, found.stderr).toMatchObject({ status });
  for (const one of says) expect(found.stdout).toMatch(one);
});

test.each<[string, () => Parameters<typeof verify>, RegExp]>([
  ["nobody is named", () => [server()], /say who has to have signed/],
  ["an identity without an issuer", () => [server(), "--certificate-identity", "x"], /go together/],
  [
    "a trusted root without an identity",
    () => [server(), "--key", key("release-pipeline"), "--trusted-root", join(dir, "trusted_root.json")],
    /goes with a Sigstore identity/,
  ],
  [
    "a model's folder without a model",
    () => [server(), "--key", key("release-pipeline"), "--model-path", "models"],
    /goes with --model/,
  ],
  ["a key that is none", () => [server(), "--key", join(dir, "config.json")], /no PEM block/],
  ["no image", () => ["HOST/..", "--key", key("release-pipeline")], /names no image/],
  ["a tag that is not there", () => [`${registry.host}/voice-gate:v99`, "--key", key("release-pipeline")], /has no/],
  [
    "no credentials",
    () => [server(), "--key", key("release-pipeline"), "--docker-config", join(dir, "nobody.json")],
    /refuses to show it/,
  ],
])("where %s it is a fault of usage or environment", async (_, toArgs, says) => {
  const found = await verify(...toArgs());
  expect(found.status).toBe(2);
  expect(found.stderr).toMatch(says);
  expect(found.stderr + found.stdout).not.toContain(USER.password);
});

test("for machines", async () => {
  const { stdout } = await verify(server(), "--key", key("release-pipeline"), "-o", "json");
  expect(JSON.parse(stdout)).toMatchObject({
    image: server().replace(":v5@", "@"),
    verdict: "verified",
    signatures: [{ over: "artifact", form: "cosign-bundle" }],
  });
});
