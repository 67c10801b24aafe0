// A model that takes long to read: people see how far it is, and an operator that is killed goes on where it was.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HostileRegistry, type Reply, startHostileRegistry } from "../../harness/hostile-registry.ts";
import { readJson } from "../../harness/kubectl.ts";
import { packLayer, tarFiles, toArtifact } from "../../harness/packs.ts";
import { eventually } from "../../harness/wait.ts";
import { applyPolicy, createPacker, declareModel } from "./packed.ts";
import { type Conditioned, makeVoice, openScene, type Scene, untilCondition } from "./scene.ts";

const MIB = 1024 * 1024;
/** Enough for a registry that sends a quarter of a MiB a second to be at it for a minute. */
const FILES = { "a.bin": randomBytes(MIB), "b.bin": randomBytes(MIB), "c.bin": randomBytes(16 * MIB) };
const LAYERS = Object.entries(FILES).map(([path, bytes]) => packLayer("ModelPack", "tar", tarFiles({ [path]: bytes })));
const ARTIFACT = toArtifact("ModelPack", LAYERS);
const [FIRST = "", SECOND = "", LAST = ""] = ARTIFACT.blobs.slice(1).map(({ digest }) => digest);

let scene: Scene;
let front: HostileRegistry;
let isSlow = true;

/** Passes on what the real registry says; the last layer little by little, for as long as the brake is on. */
const passOn: Reply = (response, asked) => {
  void (async () => {
    const headers = { accept: asked.headers.accept ?? "*/*" };
    const answer = await fetch(`http://${scene.product.registry.host}${asked.path}`, { method: asked.method, headers });
    const body = Buffer.from(await answer.arrayBuffer());
    const type = answer.headers.get("content-type");
    response.writeHead(answer.status, {
      "content-length": body.length,
      ...(type === null ? {} : { "content-type": type }),
    });
    if (!asked.path.endsWith(LAST)) {
      response.end(body);
      return;
    }
    let sent = 0;
    const timer = setInterval(() => {
      const more = body.subarray(sent, isSlow ? sent + MIB / 8 : undefined);
      sent += more.length;
      if (more.length > 0) response.write(more);
      else response.end();
    }, 500);
    response.once("close", () => clearInterval(timer));
  })();
};

beforeAll(async () => {
  front = await startHostileRegistry(passOn);
  scene = await openScene({ insecureHosts: [front.host] });
});
afterAll(async () => {
  await scene.stop();
  await front.stop();
});

const NAMESPACE = "slow";
const RELEASE = ["modelrelease", "slow", "-n", NAMESPACE];
const read = () => readJson<Conditioned>(scene.kubectl, RELEASE);
const messageOf = (release: Conditioned | undefined, type: string) =>
  release?.status?.conditions?.find((one) => one.type === type)?.message ?? "";
const timesRead = (digest: string) => front.requests.filter(({ path }) => path.endsWith(digest)).length;
const readVersion = async (object: string[]) =>
  (await readJson<{ metadata: { resourceVersion: string } }>(scene.kubectl, object))?.metadata.resourceVersion;
const countEvents = async () => {
  const events = await readJson<{ items: { regarding?: { name: string }; involvedObject?: { name: string } }[] }>(
    scene.kubectl,
    ["events", "-n", NAMESPACE],
  );
  return events?.items.filter((one) => (one.regarding ?? one.involvedObject)?.name === "slow").length;
};

/** Waits for a message of Verified that tells of layers, other than those that were seen. */
const untilTold = (but: string[] = []) =>
  eventually(
    "the status tells how far the model is read",
    async () => {
      const message = messageOf(await read(), "Verified");
      return /layers/.test(message) && !but.includes(message) ? message : undefined;
    },
    { withinMs: 40_000, lastSeen: async () => (await read())?.status },
  );

test("progress is told in the status alone, and after kill -9 layers that were done are not read again", async () => {
  const packer = createPacker();
  await applyPolicy(scene, "slow", [{ name: "packer", publicKey: { pem: packer.pem } }], {
    signatures: [{ over: "model", anyOf: ["packer"] }],
  });
  await makeVoice(scene, NAMESPACE, { "vouchsafe.dev/enforce": "slow" });
  const target = { origin: `http://${scene.product.registry.host}`, repository: "models/slow" };
  await packer.publish(target, ARTIFACT, FILES);
  const declaredAt = Date.now();
  const image = `${front.host}/models/slow@${ARTIFACT.digest}`;
  await declareModel(scene, NAMESPACE, "slow", { image, format: "ModelPack" });

  const first = await untilTold();
  expect(Date.now() - declaredAt, "not for what is done in a moment").toBeGreaterThanOrEqual(10_000);
  expect(first).toMatch(/^VerificationPending: .* Read so far: 2 of 3 layers, \d+\.\d of 18\.0 MiB$/);
  const shown = await read();
  expect(messageOf(shown, "Ready")).toContain("2 of 3 layers");
  expect(shown?.status?.reading).toMatchObject([{ name: "model", layers: { done: 2, all: 3 } }]);

  const warrant = ["warrant", "enforce", "-n", NAMESPACE];
  const before = { warrant: await readVersion(warrant), events: await countEvents() };
  const versions = new Set([shown?.metadata.resourceVersion]);
  const second = await eventually(
    "the next step",
    async () => {
      const release = await read();
      versions.add(release?.metadata.resourceVersion);
      const message = messageOf(release, "Verified");
      return message === first ? undefined : message;
    },
    { withinMs: 40_000 },
  );
  expect(second).toContain("2 of 3 layers");
  expect(versions.size, "one write of what is so, one of how it is told").toBeLessThanOrEqual(3);
  expect({ warrant: await readVersion(warrant), events: await countEvents() }, "nothing else is written").toEqual(
    before,
  );
  expect([FIRST, SECOND, LAST].map(timesRead)).toEqual([1, 1, 1]);

  await scene.product.operator.kill();
  const operator = await scene.product.startOperator();
  await eventually("the last layer is asked for again", () => (timesRead(LAST) > 1 ? true : undefined), {
    withinMs: 40_000,
  });
  expect((await read())?.status?.reading, "what was told stays").toMatchObject([{ layers: { done: 2, all: 3 } }]);
  isSlow = false;
  const verified = await untilCondition(scene.kubectl, RELEASE, "Verified=True", 40_000);
  expect(verified.status?.artifacts?.[0]?.model?.digest).toMatch(/^model:v1:sha256:[a-f0-9]{64}$/);
  expect(verified.status?.reading).toBeUndefined();
  expect([FIRST, SECOND, LAST].map(timesRead), "the registry's log").toEqual([1, 1, 2]);
  const metrics = await (await fetch(`${operator.url}/metrics`)).text();
  expect(metrics).toContain('vouchsafe_model_layers_total{from="folder"} 2');
  expect(metrics).toContain('vouchsafe_model_layers_total{from="registry"} 1');
  expect(metrics).not.toMatch(/vouchsafe_kept_layer_failures_total\{/);
});
