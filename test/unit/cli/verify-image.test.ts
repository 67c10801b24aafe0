// What `verify-image` says where something is missing or the registry fails: what, who can mend it, and the next step.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { type Reply, send, startHostileRegistry, stopHostileRegistries } from "../../harness/hostile-registry.ts";
import { askLocally } from "./ask-locally.ts";

afterEach(stopHostileRegistries);

const vector = (name: string) => fileURLToPath(new URL(`../../vectors/registry-tls/${name}`, import.meta.url));
const TLS = { key: readFileSync(vector("server.key")), cert: readFileSync(vector("server.pem")) };
const KEY = fileURLToPath(new URL("../../../examples/silero/keys/model-pipeline.pub", import.meta.url));
const NO_CONFIG = ["--docker-config", fileURLToPath(new URL("no-credentials.json", import.meta.url))];

const CONFIG = { mediaType: "application/vnd.oci.empty.v1+json", digest: `sha256:${"0".repeat(64)}`, size: 2 };
const MANIFEST = JSON.stringify({ schemaVersion: 2, config: CONFIG, layers: [] });
const DIGEST = `sha256:${createHash("sha256").update(MANIFEST).digest("hex")}`;
/** An artifact that nobody signed. */
const UNSIGNED: Record<string, Reply> = {
  "/v2/m/manifests/v1": send(MANIFEST),
  [`/v2/m/manifests/${DIGEST}`]: send(MANIFEST),
};

const verify = (image: string, ...more: string[]) =>
  askLocally(["verify-image", image, "--key", KEY, ...NO_CONFIG, ...more]);

test("each thing that is missing has the step that makes it: a model's files are not signed as an image is", async () => {
  const { host } = await startHostileRegistry(UNSIGNED);
  const said = await verify(`${host}/m:v1`, "--insecure-registry", host, "--model", "--attestation", "https://a.b/c");
  const name = `${host}/m@${DIGEST}`;
  expect(said.code).toBe(1);
  expect(said.text.split("\n")).toEqual([
    `REFUSED      ${name}`,
    `missing      a signature over the artifact by ${KEY}`,
    `missing      a signature over the model by ${KEY}`,
    `missing      a signature over the attestation https://a.b/c by ${KEY}`,
    "mended by    the pipeline that publishes it, or you, where you trust whoever signed it",
    `next         cosign sign [--key KEY] ${name}`,
    "next         vouchsafe sign-model (or model_signing) over the model's files, then push model.sig beside them: docs/verifying.md",
    `next         cosign attest [--key KEY] --type https://a.b/c --predicate FILE ${name}`,
  ]);
  expect(said.json).toMatchObject({ verdict: "refused", next: { length: 3 } });
});

test.each(["m:v1", `m@${DIGEST}`])(
  "a registry without TLS is told with the option that asks it so (%s)",
  async (image) => {
    const { host } = await startHostileRegistry(UNSIGNED);
    const said = await verify(`${host}/${image}`);
    expect(said).toEqual({
      code: 2,
      text: expect.stringContaining(`NotTls: ${host}: it does not speak TLS (https)\n`),
    });
    expect(said.text).toMatch(new RegExp(`^mended by .*\nnext .*--insecure-registry ${host}$`, "m"));
  },
);

test("a registry of a private authority is told with the option that names it, which then leads on", async () => {
  const { host } = await startHostileRegistry(UNSIGNED, TLS);
  const refused = await verify(`${host}/m:v1`);
  expect(refused).toEqual({
    code: 2,
    text: expect.stringMatching(/^Untrusted: .*not trusted here\n.*\n.*--ca-file PEM/),
  });
  const trusted = await verify(`${host}/m:v1`, "--ca-file", vector("authority.pem"));
  expect(trusted).toMatchObject({ code: 1, text: expect.stringContaining(`REFUSED      ${host}/m@${DIGEST}`) });
  expect(await verify(`${host}/m:v1`, "--ca-file", KEY)).toMatchObject({
    code: 2,
    text: expect.stringContaining("holds no certificate in PEM"),
  });
});

test("what is not there, and what is given to nobody, is told so", async () => {
  const { host } = await startHostileRegistry({ "/v2/m/manifests/v2": send("", {}, 401) });
  const insecure = ["--insecure-registry", host];
  expect((await verify(`${host}/m:v1`, ...insecure)).text).toMatch(
    /^NotFound: .* has no .*\n.*\nnext .*check the reference/,
  );
  expect((await verify(`${host}/m:v2`, ...insecure)).text).toMatch(
    new RegExp(`^Unauthorized: .*\n.*\nnext .*docker login ${host}`),
  );
});
