// The lane itself: what the evaluator predicts of NetworkPolicies, real packets meet, line by line.
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type ControlPlane, startControlPlane } from "../harness/controlplane.ts";
import { applyObjects, bindKubectl, demand, type Kubectl } from "../harness/kubectl.ts";
import { FIXTURE_IMAGE, startPods, toFixturePod, toNamespace } from "./fixtures.ts";
import { findPods, type Host, startOutsider, toServices } from "./hosts.ts";
import { buildProbeImage } from "./image.ts";
import { joinCluster } from "./join.ts";
import { openNode, type RealNode } from "./node.ts";
import { CASES, NAMESPACES, OUTSIDER, PODS, PORTS } from "./policies.ts";
import { compareTable, predict } from "./probes.ts";

const obstacle = inject("obstacle");

describe.skipIf(obstacle !== "")(`policies on a real node${obstacle === "" ? "" : ` (${obstacle})`}`, () => {
  let node: RealNode;
  let plane: ControlPlane;
  let kubectl: Kubectl;
  let hosts: Host[];

  beforeAll(async () => {
    const [path, binary] = [inject("nodePath"), inject("binary")];
    node = await openNode(path, binary);
    plane = await startControlPlane({ binary, scheduler: true, apiserverArgs: node.apiserverArgs });
    kubectl = bindKubectl(binary, plane.kubeconfig);
    node.mark("control plane");
    await node.importImages(new Map([[FIXTURE_IMAGE, buildProbeImage(path, "fixture")]]));
    await joinCluster(node, plane);
    await applyObjects(
      kubectl,
      NAMESPACES.map((name) => toNamespace(name)),
    );
    const grid = NAMESPACES.flatMap((namespace) =>
      PODS.map((name) => toFixturePod({ namespace, name, labels: { pod: name }, ports: PORTS })),
    );
    await startPods(kubectl, grid);
    const outside = await startOutsider(node, OUTSIDER, toServices(PORTS));
    hosts = [...(await findPods(kubectl, NAMESPACES)), outside];
    node.mark("hosts");
    process.stdout.write(`node: ${JSON.stringify(node.timings)}\n`);
  });
  afterAll(async () => {
    await node?.stop();
    await plane?.stop();
  });

  test.each(CASES)("$name", async ({ name, policies, blocked, leaks = 0 }) => {
    await demand(kubectl, ["delete", "networkpolicies", "--all", "--all-namespaces"]);
    const objects = policies.map(({ namespace, spec }, index) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { namespace, name: `p${index}` },
      spec,
    }));
    if (objects.length > 0) await applyObjects(kubectl, objects);
    const table = { hosts, ports: PORTS };
    const predicted = await predict(kubectl, table);
    const lines = predicted.filter(({ verdict }) => verdict === "blocked").length;
    expect(lines, "lines blocked, counted by hand").toBe(blocked);
    const seen = await compareTable(node, kubectl, table);
    process.stdout.write(`${name}: ${seen.probes} probes, in force after ${seen.settledMs} ms\n`);
    const leaked = seen.mismatches.filter((line) => line.includes("predicted blocked"));
    if (leaks > 0) expect(leaked.length, "lines through which the enforcer is known to leak").toBe(leaks);
    expect(seen.mismatches.filter((line) => leaks === 0 || !leaked.includes(line))).toEqual([]);
  });
});
