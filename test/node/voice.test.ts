// A real AISystem on a real node: its fence and its quarantine probed with packets, its model mounted from an image.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createClient } from "../../src/runtime/client.ts";
import { loadClusterConfig } from "../../src/runtime/credentials.ts";
import type { KubeObject } from "../../src/runtime/objects.ts";
import { demand, readJson } from "../harness/kubectl.ts";
import { eventually } from "../harness/wait.ts";
import { openScene, type Scene } from "../integration/product/scene.ts";
import { STREAM } from "./fixtures.ts";
import { findPods, type Host, nameOf } from "./hosts.ts";
import { joinCluster } from "./join.ts";
import { openNode, type RealNode } from "./node.ts";
import { compareTable, follow, knock, predict, type Watch } from "./probes.ts";
import { MODEL_FILE, ONCALL, PORTS, setStage, VOICE } from "./voice-stage.ts";

const obstacle = inject("obstacle");
const NAMESPACES = [VOICE, "telephony", "kube-system"];

describe.skipIf(obstacle !== "")(`an AISystem on a real node${obstacle === "" ? "" : ` (${obstacle})`}`, () => {
  let node: RealNode;
  let scene: Scene;
  let outside: Host[];

  beforeAll(async () => {
    const path = inject("nodePath");
    node = await openNode(path, inject("binary"));
    scene = await openScene({ apiserverArgs: node.apiserverArgs });
    node.mark("control plane and operator");
    await joinCluster(node, scene.plane);
    outside = await setStage(scene, node, path);
    node.mark("release vouched for, pods created");
    await findPods(scene.kubectl, NAMESPACES);
    node.mark("pods ready");
    process.stdout.write(`node: ${JSON.stringify(node.timings)}\n`);
  });
  afterAll(async () => {
    await node?.stop();
    await scene?.stop();
  });
  const findHosts = async () => [...(await findPods(scene.kubectl, NAMESPACES)), ...outside];
  const isOf = (part: string) => (host: Host) => nameOf(host.endpoint).startsWith(part);

  test("the fence lets through what the AISystem declares, and nothing else", async () => {
    const table = { hosts: await findHosts(), ports: PORTS };
    const predicted = await predict(scene.kubectl, table);
    // The pods of the Deployment have random names; the table by hand calls both of them gate.
    const short = (name: string) => name.replace(/^voice\/voice-gate-.*/, "gate").replace(/^.*\//, "");
    const lines = predicted
      .filter(
        ({ from, to, verdict }) =>
          verdict === "allowed" && from !== to && [from, to].some((end) => end.startsWith(VOICE)),
      )
      .map(({ from, to, protocol, port }) => `${short(from)} → ${short(to)} ${protocol} ${port}`);
    const system = ["gate", "captions"];
    const elsewhere = ["router", "billing", "bystander", "dns", "other", "collector", "stranger"];
    const byHand = [
      ...system.map((to) => `router → ${to} TCP 8080`),
      "captions → gate TCP 8443",
      ...system.flatMap((from) => [
        `${from} → dns TCP 53`,
        `${from} → dns UDP 53`,
        `${from} → collector TCP 4317`,
        `${from} → billing UDP 4317`,
        ...elsewhere.map((to) => `${from} → ${to} TCP 8443`),
      ]),
    ];
    expect([...new Set(lines)].toSorted(), "worked by hand from the AISystem's flows").toEqual(byHand.toSorted());

    const seen = await compareTable(node, scene.kubectl, table);
    process.stdout.write(`fence: ${seen.probes} probes, ${seen.allowed} allowed\n`);
    expect(seen.mismatches).toEqual([]);
  });

  test("the model is mounted from its image, read-only, byte for byte", async () => {
    const expected = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3";
    const hash = ["exec", "-n", VOICE, "deploy/voice-gate", "--", "/probe", "hash", `/model/${MODEL_FILE}`];
    expect((await demand(scene.kubectl, hash)).trim(), "SHA-256 of Silero VAD v6 as published").toBe(expected);
    const hosts = (await findHosts()).filter(isOf(`${VOICE}/voice-gate-`));
    expect(hosts.length).toBe(2);
    for (const { processes } of hosts) {
      const mounts = processes
        .flatMap((pid) => readFileSync(`/proc/${pid}/mountinfo`, "utf8").split("\n"))
        .filter((line) => line.includes(" /model "));
      expect(mounts.length, "the container has a mount for the model").toBe(1);
      expect(mounts[0]?.split(" ")[5]?.split(","), "mount options").toContain("ro");
    }
  });

  test("revoked, its pods get no new connection either way, keep live ones, and end with their connections", async () => {
    const { kubectl } = scene;
    const hosts = await findHosts();
    const pick = (part: string) => {
      const host = hosts.find(isOf(part));
      if (host === undefined) throw new Error(`there is no ${part}`);
      return host;
    };
    const [gate, router, collector] = [pick(`${VOICE}/voice-gate-`), pick("telephony/router"), pick("collector")];
    const knocks = {
      in: knock(node, router, gate, { protocol: "TCP", port: 8080 }),
      out: knock(node, gate, collector, { protocol: "TCP", port: 4317 }),
    };
    const streams = { in: follow(node, router, gate, STREAM), out: follow(node, gate, collector, STREAM) };
    const all = Object.values(streams);
    await eventually("it talks both ways", () =>
      [knocks.in.last("open"), knocks.out.last("open"), ...all.map((one) => one.last("byte"))].every(Boolean)
        ? true
        : undefined,
    );
    const client = createClient(await loadClusterConfig({ kubeconfig: scene.plane.kubeconfig }));
    const REVOCATIONS = {
      group: "vouchsafe.dev",
      version: "v1alpha1",
      plural: "revocations",
      kind: "Revocation",
      namespaced: true,
    };
    const revocation = {
      apiVersion: "vouchsafe.dev/v1alpha1",
      kind: "Revocation",
      metadata: { name: "bad", namespace: VOICE },
      spec: { release: "voice-gate-v1", reason: "It drops callers." },
    };
    await client.list(REVOCATIONS, { namespace: VOICE });
    const revoked = Date.now();
    await client.create<KubeObject>(REVOCATIONS, revocation);
    const shut = await eventually("new connections end both ways", () => {
      const [one, other] = [knocks.in.last("shut"), knocks.out.last("shut")];
      return one === undefined || other === undefined ? undefined : { in: one.at, out: other.at };
    });
    await eventually("live connections go on three seconds later", () =>
      all.every((one) => (one.last("byte")?.at ?? 0) > revoked + 3000) ? true : undefined,
    );
    const seen = await compareTable(node, kubectl, { hosts: await findHosts(), ports: PORTS }, "keep");
    expect(seen.mismatches, "in quarantine").toEqual([]);
    expect(knocks.in.last("open")?.at, "no connection got in since").toBeLessThan(shut.in);
    expect(knocks.out.last("open")?.at, "no connection got out since").toBeLessThan(shut.out);
    const last = (stream: Watch) => stream.last("byte")?.at ?? 0;
    expect(Math.min(...all.map(last)), "both still live").toBeGreaterThan(Date.now() - 1000);

    const incidents = await readJson<{ items: { metadata: { name: string } }[] }>(kubectl, ["incidents", "-n", VOICE]);
    const incident = incidents?.items[0]?.metadata.name ?? "";
    const go = { spec: { go: [{ rung: "sever", authority: "speech-oncall" }] } };
    const said = Date.now();
    const patch = ["patch", "incident", incident, "-n", VOICE, "--type=merge", "-p", JSON.stringify(go)];
    await demand(kubectl, ["--as", ONCALL, ...patch]);
    await eventually("both live connections are silent for a second", () =>
      all.every((stream) => Date.now() - last(stream) > 1000) ? true : undefined,
    );
    process.stdout.write(
      `revoked → no new connection in ${shut.in - revoked} ms, out ${shut.out - revoked} ms; ` +
        `go by kubectl → last byte ${last(streams.in) - said} ms (in), ${last(streams.out) - said} ms (out)\n`,
    );
    for (const watch of [...Object.values(knocks), ...all]) watch.stop();
    await client.close();

    const logs = await readJson<{ items: { data: { objects: { text?: string }[] } }[] }>(kubectl, [
      "controllerrevisions",
      "-n",
      VOICE,
      `--selector=vouchsafe.dev/incident=${incident},vouchsafe.dev/piece=logs`,
    ]);
    const texts = logs?.items.flatMap(({ data }) => data.objects.map(({ text = "" }) => text)).join("\n");
    expect(texts, "the kubelet gave the last lines before the pod was ended").toContain(
      `serving as ${nameOf(gate.endpoint)}`,
    );
  });
});
