// A person's Stop: who may order and lift it, and that the API server alone keeps pods of the system out meanwhile.
import { expect, test } from "vitest";
import { applyObjects, demand, readJson } from "../../harness/kubectl.ts";
import type { Person } from "../../harness/users.ts";
import { eventually } from "../../harness/wait.ts";
import { create, type Lane, makeGoverned } from "./lane.ts";
import { authority, EVERYTHING, grant, own } from "./rights.ts";
import { at, OTHER, toPod } from "./shapes.ts";

const toStop = (namespace: string, name: string, spec: object = {}) => ({
  apiVersion: "vouchsafe.dev/v1alpha1",
  kind: "Stop",
  metadata: { name, namespace },
  spec: { system: "voice", authority: "oncall", reason: "it drops callers", ...spec },
});

const WRITE = own(["stops"], ["create", "get", "list", "patch", "update", "delete", "deletecollection"]);

/** A person with rights in the namespace, once RBAC knows of them. */
async function makeHolder(lane: Lane, namespace: string, name: string, rules: object[]): Promise<Person> {
  const person = await lane.person(`${name}-${namespace}`);
  await grant(lane, namespace, person.name, [WRITE, ...rules]);
  await eventually(`${name} may read Stops`, async () =>
    (await person.kubectl(["get", "stops", "-n", namespace])).code === 0 ? true : undefined,
  );
  return person;
}

/** Registers the tests for one lane. */
export function describeStops(lane: () => Lane, mutations: boolean): void {
  test("a Stop is ordered by holders of the system's own stopAuthority, under their true name", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const [alice, hans, eve, ada, carl, rex] = await Promise.all([
      makeHolder(l, namespace, "alice", [authority("oncall")]),
      makeHolder(l, namespace, "hans", [authority("Head of speech")]),
      makeHolder(l, namespace, "eve", []),
      makeHolder(l, namespace, "ada", [EVERYTHING]),
      makeHolder(l, namespace, "carl", [authority("cook")]),
      makeHolder(l, namespace, "rex", [authority("oncall"), authority("not-a-role")]),
    ]);
    const stop = (spec: object = {}) => toStop(namespace, "s", spec);
    const cases: [string, string, Promise<{ stderr: string }>][] = [
      ["no right", "StopUnentitled", create(eve.kubectl, stop())],
      ["everything in the namespace, but nothing by name", "StopUnentitled", create(ada.kubectl, stop())],
      ["everything in the cluster, but nothing by name", "StopUnentitled", create(l.kubectl, stop())],
      [
        "an authority that the system does not name",
        "StopUnentitled",
        create(carl.kubectl, stop({ authority: "cook" })),
      ],
      ["an authority beside the reserved name, as a wildcard gives it", "StopUnentitled", create(rex.kubectl, stop())],
      ["an authority of somebody else", "StopUnentitled", create(alice.kubectl, stop({ authority: "Head of speech" }))],
      ["a system without authorities", "StopUnentitled", create(alice.kubectl, stop({ system: "other" }))],
      ["a system that is not there", "StopUnentitled", create(alice.kubectl, stop({ system: "nobody" }))],
      ["another name", "StopAuthorFalse", create(alice.kubectl, stop({ by: { username: eve.name } }))],
      ["another uid", "StopAuthorFalse", create(alice.kubectl, stop({ by: { username: alice.name, uid: "u" } }))],
    ];
    for (const [what, code, answer] of cases) expect((await answer).stderr, what).toContain(code);
    expect((await create(hans.kubectl, stop({ authority: "Head of speech" }))).stderr, "an authority in words").toBe(
      "",
    );
    expect((await create(alice.kubectl, stop({ by: { username: alice.name } }))).stderr, "a true name").toBe("");

    const made = await demand(alice.kubectl, ["create", "-o", "json", "-f", "-"], JSON.stringify(stop()));
    const { spec } = JSON.parse(made) as { spec: { by?: { username: string } } };
    expect(spec.by?.username, "the API server stamps the name where it can").toBe(mutations ? alice.name : undefined);

    const ungoverned = await l.makeNamespace("free");
    const free = await makeHolder(l, ungoverned, "alice", [authority("oncall")]);
    expect((await create(free.kubectl, toStop(ungoverned, "s"))).stderr, "without a Warrant").toContain(
      "vouchsafe-guard-stops-ordered",
    );
  });

  test("a Stop keeps pods of its system out without the operator, until it is lifted by who may", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const elsewhere = await makeGoverned(l);
    const [alice, eve, carl] = await Promise.all([
      makeHolder(l, namespace, "alice", [authority("oncall"), authority("Head of speech")]),
      makeHolder(l, namespace, "eve", []),
      makeHolder(l, namespace, "carl", [authority("cook")]),
    ]);
    const by = { username: alice.name };
    await demand(alice.kubectl, ["create", "-f", "-"], JSON.stringify(toStop(namespace, "one", { by })));
    const refused = await eventually("a pod of the system is refused", async () => {
      const answer = await create(l.kubectl, toPod(namespace, "p"));
      return answer.code === 0 ? undefined : answer;
    });
    expect(refused.stderr).toContain("vouchsafe-stopped");
    expect(refused.stderr).toContain(
      `SystemStopped: AISystem voice was stopped by ${alice.name}: it drops callers. To be mended by holders of its stopAuthority. Next: vouchsafe resume voice -n ${namespace}`,
    );
    expect((await create(l.operator, toPod(namespace, "p"))).stderr, "nor may the operator").toContain("SystemStopped");
    const another = toPod(namespace, "p", { image: at(OTHER), system: "other" });
    expect((await create(l.kubectl, another)).stderr, "another system goes on").toBe("");
    expect((await create(l.kubectl, toPod(elsewhere, "p"))).stderr, "another namespace goes on").toBe("");

    const edit = (who: Person, ...args: string[]) => who.kubectl(["patch", "stop", "one", "-n", namespace, ...args]);
    const merge = (who: Person, spec: unknown) => edit(who, "--type=merge", "-p", JSON.stringify({ spec }));
    const replaced = [
      { op: "remove", path: "/spec" },
      { op: "add", path: "/spec", value: toStop(namespace, "one", { reason: "x", by }).spec },
    ];
    const elder = { ...toStop(namespace, "one", { system: "other" }) };
    for (const answer of [
      merge(alice, null),
      merge(alice, { system: "other" }),
      merge(alice, { reason: "x" }),
      merge(alice, { by: null }),
      edit(alice, "--type=json", "-p", JSON.stringify(replaced)),
      alice.kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(elder)),
    ]) {
      expect((await answer).code, "a Stop is not changed").not.toBe(0);
    }
    const lift = (who: Person, name: string) => merge(who, { resumed: { authority: name, reason: "calm again" } });
    for (const [who, name] of [
      [eve, "oncall"],
      [carl, "oncall"],
      [carl, "cook"],
    ] as const) {
      expect((await lift(who, name)).stderr, `${who.name} as ${name}`).toContain("StopUnentitled");
    }
    for (const args of [["one"], ["--all"]]) {
      const answer = await alice.kubectl(["delete", "stop", ...args, "-n", namespace]);
      expect(answer.stderr, args.join("")).toContain("RecordDeletionGuarded");
    }
    await demand(alice.kubectl, ["label", "stop", "one", "-n", namespace, "seen=yes"]);

    // Each Stop counts: lifting one of two opens nothing.
    await demand(alice.kubectl, ["create", "-f", "-"], JSON.stringify(toStop(namespace, "two", { by })));
    expect(await lift(alice, "Head of speech")).toMatchObject({ code: 0, stderr: "" });
    expect((await lift(alice, "oncall")).stderr, "it stays lifted as it was").toContain("stays lifted");
    const still = await eventually("the other Stop refuses", async () => {
      const answer = await create(l.kubectl, toPod(namespace, "p"));
      return answer.stderr.includes("SystemStopped") ? answer : undefined;
    });
    expect(still.code).toBe(1);
    await demand(alice.kubectl, [
      "patch",
      "stop",
      "two",
      "-n",
      namespace,
      "--type=merge",
      "-p",
      '{"spec":{"resumed":{"authority":"oncall","reason":"x"}}}',
    ]);
    await eventually("a pod of the system is admitted", async () =>
      (await create(l.kubectl, toPod(namespace, "p"))).code === 0 ? true : undefined,
    );
    await demand(l.kubectl, ["delete", "stops", "--all", "-n", namespace]);
  });

  test("what a Stop says cannot break the sentence, and a name in words is shown", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const anna = await makeHolder(l, namespace, "anna Ängström", [authority("oncall")]);
    const stop = toStop(namespace, "s", { reason: "a\u001b[31mb", by: { username: anna.name } });
    await demand(anna.kubectl, ["create", "-f", "-"], JSON.stringify(stop));
    await eventually("a pod is refused with the whole sentence", async () => {
      const { stderr } = await create(l.kubectl, toPod(namespace, "p"));
      return stderr.includes(`was stopped by ${anna.name}: (unprintable). To be`) ? true : undefined;
    });
  });

  test("the mirror of what a node runs already is not hidden by a Stop", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const alice = await makeHolder(l, namespace, "alice", [authority("oncall")]);
    await demand(
      alice.kubectl,
      ["create", "-f", "-"],
      JSON.stringify(toStop(namespace, "s", { by: { username: alice.name } })),
    );
    await eventually("pods are refused", async () =>
      (await create(l.kubectl, toPod(namespace, "p"))).stderr.includes("SystemStopped") ? true : undefined,
    );
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: `n-${namespace}` } };
    await applyObjects(l.kubectl, [node]);
    const made = await readJson<{ metadata: { uid: string } }>(l.kubectl, ["node", node.metadata.name]);
    const pod = toPod(namespace, "mirror", {
      annotations: { "kubernetes.io/config.mirror": "x", "kubernetes.io/config.hash": "x" },
      spec: { nodeName: node.metadata.name },
    });
    const owner = {
      apiVersion: "v1",
      kind: "Node",
      name: node.metadata.name,
      uid: made?.metadata.uid,
      controller: true,
    };
    const mirror = { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } };
    const asNode = [`--as=system:node:${node.metadata.name}`, "--as-group=system:nodes"];
    const answer = await l.kubectl(["create", ...asNode, "--dry-run=server", "-f", "-"], JSON.stringify(mirror));
    expect(answer).toMatchObject({ code: 0, stderr: "" });
    await demand(l.kubectl, ["delete", "node", node.metadata.name]);
  });

  test("without a Warrant a Stop loses its finalizer and goes with its namespace", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const alice = await makeHolder(l, namespace, "alice", [authority("oncall")]);
    const stop = toStop(namespace, "s", { by: { username: alice.name } });
    const held = { ...stop, metadata: { ...stop.metadata, finalizers: ["test.example/held"] } };
    await demand(alice.kubectl, ["create", "-f", "-"], JSON.stringify(held));
    await demand(l.operator, ["delete", "warrant", "enforce", "-n", namespace]);
    const another = toPod(namespace, "p", { image: at(OTHER), system: "other" });
    await eventually("the Warrant is gone for the API server", async () =>
      (await create(l.kubectl, another)).stderr.includes("no params found") ? true : undefined,
    );
    await demand(l.kubectl, ["delete", "namespace", namespace, "--wait=false"]);
    await demand(l.kubectl, [
      "patch",
      "stop",
      "s",
      "-n",
      namespace,
      "--type=json",
      "-p",
      '[{"op":"remove","path":"/metadata/finalizers"}]',
    ]);
    await demand(l.kubectl, ["wait", "--for=delete", `namespace/${namespace}`, "--timeout=30s"]);
  });
}
