// What an incident rests on, and what it holds: its record, pods in quarantine, held workloads, frozen evidence.
import { describe, expect, test } from "vitest";
import { applyObjects, demand, type Kubectl } from "../../harness/kubectl.ts";
import { eventually } from "../../harness/wait.ts";
import { create, type Lane, makeGoverned } from "./lane.ts";
import { authority, EVERYTHING, grant, own } from "./rights.ts";
import { toPod, toWarrant, toWorkload } from "./shapes.ts";

const DIGESTS = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`];

const toIncident = (namespace: string, spec: object = {}) => ({
  apiVersion: "vouchsafe.dev/v1alpha1",
  kind: "Incident",
  metadata: { name: "i", namespace },
  spec: {
    system: "voice",
    type: "breach",
    severity: "major",
    summary: "v6 was revoked",
    detectedAt: "2026-11-25T00:00:00Z",
    ...spec,
  },
});

const toRevision = (namespace: string, name: string, labels: object, data: object = { a: 1 }) => ({
  apiVersion: "apps/v1",
  kind: "ControllerRevision",
  metadata: { name, namespace, labels },
  revision: 1,
  data,
});

const OURS = { "app.kubernetes.io/managed-by": "vouchsafe" };
const APPS = { apiGroups: ["apps", "batch"], resources: ["*"], verbs: ["*"] };
const WRITE = own(["incidents"], ["create", "get", "list", "patch", "update", "delete", "deletecollection"]);

/** People of one namespace, once RBAC knows of them. */
async function makePeople(lane: Lane, namespace: string, rules: Record<string, object[]>) {
  const made = await Promise.all(
    Object.entries(rules).map(async ([name, theirs]) => {
      const person = await lane.person(`${name}-${namespace}`);
      await grant(lane, namespace, person.name, [WRITE, APPS, ...theirs]);
      await eventually(`${name} may read Incidents`, async () =>
        (await person.kubectl(["get", "incidents", "-n", namespace])).code === 0 ? true : undefined,
      );
      return [name, person.kubectl] as const;
    }),
  );
  const people = new Map<string, Kubectl>(made);
  return (name: string): Kubectl => {
    const kubectl = people.get(name);
    if (kubectl === undefined) throw new Error(`${name} is nobody here`);
    return kubectl;
  };
}

/** Patches the object that `what` names: kind/name in a namespace. */
const merge = (kubectl: Kubectl, what: { namespace: string; name: string }, patch: object, ...args: string[]) =>
  kubectl(["patch", what.name, "-n", what.namespace, "--type=merge", "-p", JSON.stringify(patch), ...args]);

function describeIncidents(lane: () => Lane): void {
  test("what a breach is about is the operator's; people review and close", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const as = await makePeople(l, namespace, { dev: [] });
    const breach = toIncident(namespace, { breach: "DigestRevoked", digests: DIGESTS.slice(0, 1), release: "v6" });
    for (const kubectl of [as("dev"), l.kubectl]) {
      expect((await create(kubectl, breach)).stderr, "nobody else makes up a breach").toContain("IncidentGuarded");
    }
    expect((await create(as("dev"), toIncident(namespace, { type: "concern" }))).stderr, "people raise concerns").toBe(
      "",
    );
    await demand(l.operator, ["create", "-f", "-"], JSON.stringify(breach));
    const edit = (spec: object) => merge(as("dev"), { namespace, name: "incident/i" }, { spec });
    const bad: object[] = [
      { digests: [] },
      { digests: null },
      { digests: DIGESTS },
      { type: "drill" },
      { release: "v5" },
      { release: null },
      { order: "s" },
    ];
    for (const spec of bad) expect((await edit(spec)).stderr, JSON.stringify(spec)).toContain("IncidentGuarded");
    expect((await edit({ state: "Closed" })).stderr).toContain("an incident closes only with cause");
    await demand(l.operator, [
      "patch",
      "incident",
      "i",
      "-n",
      namespace,
      "--type=merge",
      "-p",
      JSON.stringify({ spec: { digests: DIGESTS } }),
    ]);
    const check = { due: "2027-01-01", result: "no caller was dropped for a month" };
    const review = { cause: "a threshold", action: "a test", check };
    expect(await edit({ severity: "critical", review })).toMatchObject({ code: 0, stderr: "" });
    const status = await merge(as("dev"), { namespace, name: "incident/i" }, { status: {} }, "--subresource=status");
    expect(status.code, "the status is the operator's").not.toBe(0);
    expect(await edit({ state: "Closed" })).toMatchObject({ code: 0, stderr: "" });
    for (const args of [["i"], ["--all"]]) {
      const answer = await as("dev")(["delete", "incident", ...args, "-n", namespace]);
      expect(answer.stderr, args.join("")).toContain("RecordDeletionGuarded");
    }
    await demand(l.kubectl, ["delete", "incident", "i", "-n", namespace]);
  });

  test("a rung goes ahead for those only who may stop the system", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const as = await makePeople(l, namespace, {
      alice: [authority("oncall"), authority("Head of speech")],
      eve: [],
      ada: [EVERYTHING],
      carl: [authority("cook")],
    });
    await demand(l.operator, ["create", "-f", "-"], JSON.stringify(toIncident(namespace, { breach: "DigestRevoked" })));
    const go = (name: string, ...entries: [string, string][]) =>
      merge(
        name === "admin" ? l.kubectl : as(name),
        { namespace, name: "incident/i" },
        {
          spec: { go: entries.map(([rung, by]) => ({ rung, authority: by })) },
        },
      );
    const refused: [string, ...[string, string][]][] = [
      ["eve", ["sever", "oncall"]],
      ["ada", ["sever", "oncall"]],
      ["admin", ["sever", "oncall"]],
      ["carl", ["sever", "oncall"]],
      ["carl", ["sever", "cook"]],
      ["alice", ["sever", "oncall"], ["rollBack", "oncall"]],
    ];
    for (const [who, ...entries] of refused) {
      expect((await go(who, ...entries)).stderr, `${who} ${JSON.stringify(entries)}`).toContain("GoUnentitled");
    }
    expect(await go("alice", ["sever", "oncall"])).toMatchObject({ code: 0, stderr: "" });
    // Who does not hold the authority may not change whose word it was, but may edit beside it.
    expect((await go("eve", ["sever", "Head of speech"])).stderr).toContain("GoUnentitled");
    expect(await merge(as("eve"), { namespace, name: "incident/i" }, { spec: { severity: "critical" } })).toMatchObject(
      {
        code: 0,
        stderr: "",
      },
    );
    expect(await go("alice", ["sever", "oncall"], ["rollBack", "Head of speech"])).toMatchObject({
      code: 0,
      stderr: "",
    });
    const early = { ...toIncident(namespace, { type: "concern", go: [{ rung: "stop", authority: "oncall" }] }) };
    expect((await create(as("eve"), { ...early, metadata: { name: "j", namespace } })).stderr).toContain(
      "GoUnentitled",
    );
    // A name that the operator takes as given needs no right of its own.
    await demand(l.operator, ["patch", "incident", "i", "-n", namespace, "--type=merge", "-p", '{"spec":{"go":null}}']);
  });
}

function describeQuarantine(lane: () => Lane): void {
  test("a pod in quarantine is relabelled and set free by the operator alone", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const pod = toPod(namespace, "p");
    const held = { ...pod, metadata: { ...pod.metadata, finalizers: ["test.example/held"] } };
    await demand(l.kubectl, ["create", "-f", "-"], JSON.stringify(held));
    const edit = (kubectl: Kubectl, metadata: object, ...args: string[]) =>
      merge(kubectl, { namespace, name: "pod/p" }, { metadata }, ...args);
    const marks = {
      labels: { app: null, "vouchsafe.dev/quarantine": "i" },
      annotations: { "vouchsafe.dev/labels-before": '{"app":"x"}' },
    };
    for (const metadata of [{ labels: marks.labels }, { annotations: marks.annotations }]) {
      expect((await edit(l.kubectl, metadata)).stderr, "nobody else contains a pod").toContain("QuarantineGuarded");
    }
    expect(await edit(l.operator, marks)).toMatchObject({ code: 0 });
    const doors: string[][] = [[], ["--subresource=status"]];
    const bad: object[] = [
      { labels: { "vouchsafe.dev/quarantine": null } },
      { labels: { "vouchsafe.dev/quarantine": "j" } },
      { labels: { app: "x" } },
      { annotations: { "vouchsafe.dev/labels-before": null } },
      { annotations: { "vouchsafe.dev/labels-before": '{"vouchsafe.dev/system":"other"}' } },
    ];
    for (const door of doors) {
      for (const metadata of bad) {
        const answer = await edit(l.kubectl, metadata, ...door);
        expect(answer.stderr, `${JSON.stringify(metadata)} ${door.join("")}`).toContain("QuarantineGuarded");
      }
    }
    // What a kubelet and the owners of the pod have to do still works.
    await demand(l.kubectl, ["annotate", "pod", "p", "-n", namespace, "seen=yes"]);
    const status = { status: { conditions: [{ type: "Ready", status: "True" }] } };
    const told = await merge(l.kubectl, { namespace, name: "pod/p" }, status, "--subresource=status");
    expect(told).toMatchObject({ code: 0, stderr: "" });
    await demand(l.kubectl, ["delete", "pod", "p", "-n", namespace, "--wait=false", "--grace-period=0", "--force"]);
    const untie = '[{"op":"remove","path":"/metadata/finalizers"}]';
    await demand(l.kubectl, ["patch", "pod", "p", "-n", namespace, "--type=json", "-p", untie]);
    await demand(l.kubectl, ["wait", "--for=delete", "pod/p", "-n", namespace, "--timeout=20s"]);
  });

  test("no pod is born with the marks of quarantine, nor given them by a Binding", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const pod = toPod(namespace, "p");
    const labelled = { ...pod.metadata.labels, "vouchsafe.dev/quarantine": "i" };
    const born = { ...pod, metadata: { ...pod.metadata, labels: labelled } };
    expect((await create(l.kubectl, born)).stderr).toContain("QuarantineGuarded");
    const forged = toPod(namespace, "p", { annotations: { "vouchsafe.dev/labels-before": "{}" } });
    expect((await create(l.kubectl, forged)).stderr).toContain("QuarantineGuarded");
    await demand(l.kubectl, ["create", "-f", "-"], JSON.stringify(pod));
    const bind = (annotations: object) =>
      l.kubectl(
        ["create", "--raw", `/api/v1/namespaces/${namespace}/pods/p/binding`, "-f", "-"],
        JSON.stringify({
          apiVersion: "v1",
          kind: "Binding",
          metadata: { name: "p", namespace, annotations },
          target: { apiVersion: "v1", kind: "Node", name: "n" },
        }),
      );
    expect((await bind({ "vouchsafe.dev/labels-before": "{}" })).stderr).toContain("QuarantineGuarded");
    expect(await bind({ seen: "yes" })).toMatchObject({ code: 0 });
  });
}

function describeHolds(lane: () => Lane): void {
  const KINDS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];

  test("a held workload is not deleted, singly or with others, but goes with its namespace", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const as = await makePeople(l, namespace, { argo: [] });
    // Suspended or without replicas, where that can be: the end of the namespace need not wait for pods.
    const still: Record<string, object> = {
      Deployment: { replicas: 0 },
      StatefulSet: { replicas: 0 },
      Job: { suspend: true },
      CronJob: { suspend: true },
    };
    const make = (kind: string, name: string) => {
      const workload = toWorkload(kind, namespace, {}, name) as { spec: object };
      return { ...workload, spec: { ...workload.spec, ...still[kind] } };
    };
    for (const kind of KINDS) {
      for (const name of ["held", "free"])
        await demand(l.kubectl, ["create", "-f", "-"], JSON.stringify(make(kind, name)));
    }
    const held = Object.fromEntries(KINDS.map((kind) => [`${kind}/held`, "i"]));
    const warrant = toWarrant(namespace, "enforce", { held });
    // It outlives the workloads: that they go with the namespace must not rest on the Warrant having gone before them.
    const kept = { ...warrant, metadata: { ...warrant.metadata, finalizers: ["test.example/held"] } };
    await demand(l.operator, ["replace", "-f", "-"], JSON.stringify(kept));
    for (const kind of KINDS) {
      const remove = (...args: string[]) => as("argo")(["delete", kind, "-n", namespace, "--wait=false", ...args]);
      const refused = await eventually(`the deletion of ${kind} held is refused`, async () => {
        const answer = await remove("held", "--dry-run=server");
        return answer.code === 0 ? undefined : answer;
      });
      expect(refused.stderr).toContain(`HoldGuarded: ${kind}/held is held by incident i,`);
      expect((await remove("held")).stderr, kind).toContain("HoldGuarded");
      expect((await remove("held", "--cascade=orphan")).stderr, kind).toContain("HoldGuarded");
      expect((await remove("held", "--cascade=foreground")).stderr, kind).toContain("HoldGuarded");
      expect((await remove("--all")).stderr, kind).toContain("HoldGuarded");
      const raw = await as("argo")([
        "delete",
        "--raw",
        `${pathOf(kind)}/namespaces/${namespace}/${kind.toLowerCase()}s`,
      ]);
      expect(raw.stderr, `a collection of ${kind}`).toContain("HoldGuarded");
      const left = await demand(l.kubectl, ["get", kind, "-n", namespace, "-o", "jsonpath={.items[*].metadata.name}"]);
      expect(left.split(" "), `${kind} held is there`).toContain("held");
      const replaced = await as("argo")(["replace", "--force", "-f", "-"], JSON.stringify(make(kind, "held")));
      expect(replaced.stderr, `a forced replacement of ${kind}`).toContain("HoldGuarded");
      const admin = await l.kubectl(["delete", kind, "held", "-n", namespace, "--dry-run=server"]);
      expect(admin.stderr, `${kind}: tools act as administrators too`).toContain("HoldGuarded");
      await demand(l.operator, ["delete", kind, "held", "-n", namespace, "--dry-run=server"]);
    }
    await demand(l.kubectl, ["delete", "namespace", namespace, "--wait=false"]);
    await eventually("every workload is gone, while the Warrant is there", async () => {
      const left = await demand(l.kubectl, ["get", KINDS.join(","), "-n", namespace, "-o", "name"]);
      return left === "" ? true : undefined;
    });
    await demand(l.kubectl, ["get", "warrant", "enforce", "-n", namespace]);
    const untie = '{"metadata":{"finalizers":null}}';
    await demand(l.operator, ["patch", "warrant", "enforce", "-n", namespace, "--type=merge", "-p", untie]);
    await demand(l.kubectl, ["wait", "--for=delete", `namespace/${namespace}`, "--timeout=60s"]);
  });

  test("records of the operator are written by it alone, and go with their namespace", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const as = await makePeople(l, namespace, { dev: [] });
    await demand(l.operator, ["create", "-f", "-"], JSON.stringify(toRevision(namespace, "ours", OURS)));
    await demand(as("dev"), ["create", "-f", "-"], JSON.stringify(toRevision(namespace, "theirs", { app: "x" })));
    for (const kubectl of [as("dev"), l.kubectl]) {
      const edit = (name: string, patch: object) =>
        merge(kubectl, { namespace, name: `controllerrevision/${name}` }, patch);
      const attempts: [string, () => Promise<{ stderr: string }>][] = [
        ["make", () => create(kubectl, toRevision(namespace, "mine", OURS))],
        ["adopt", () => edit("theirs", { metadata: { labels: OURS } })],
        ["change its number", () => edit("ours", { revision: 2 })],
        ["unlabel", () => edit("ours", { metadata: { labels: { "app.kubernetes.io/managed-by": null } } })],
        ["annotate", () => edit("ours", { metadata: { annotations: { a: "b" } } })],
        ["delete", () => kubectl(["delete", "controllerrevision", "ours", "-n", namespace])],
      ];
      for (const [what, attempt] of attempts) expect((await attempt()).stderr, what).toContain("RevisionGuarded");
    }
    const all = await as("dev")(["delete", "controllerrevisions", "--all", "-n", namespace]);
    expect(all.stderr, "a collection").toContain("RevisionGuarded");
    await demand(l.kubectl, ["get", "controllerrevision", "ours", "-n", namespace]);
    expect((await create(as("dev"), toRevision(namespace, "mine", { app: "x" }))).stderr, "others are free").toBe("");
    await demand(l.kubectl, ["delete", "namespace", namespace, "--timeout=30s"]);
  });

  test("evidence whose owner goes is untied from it by the garbage collector, and kept", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "owner", namespace } };
    const made = await demand(l.kubectl, ["create", "-o", "json", "-f", "-"], JSON.stringify(config));
    const { uid } = (JSON.parse(made) as { metadata: { uid: string } }).metadata;
    const owned = toRevision(namespace, "ours", OURS);
    const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid }];
    await applyObjects(l.operator, [{ ...owned, metadata: { ...owned.metadata, ownerReferences } }]);
    await demand(l.kubectl, ["delete", "configmap", "owner", "-n", namespace, "--cascade=orphan"]);
    await eventually("the record has no owner", async () => {
      const path = "jsonpath={.metadata.name}/{.metadata.ownerReferences}";
      const seen = await demand(l.kubectl, ["get", "controllerrevision", "ours", "-n", namespace, "-o", path]);
      return seen === "ours/" ? true : undefined;
    });
  });
}

const pathOf = (kind: string) => (kind.endsWith("Job") ? "/apis/batch/v1" : "/apis/apps/v1");

/** Registers the tests for one lane. */
export function describeContainment(lane: () => Lane): void {
  describe("incidents", () => {
    describeIncidents(lane);
  });
  describe("quarantine", () => {
    describeQuarantine(lane);
  });
  describe("holds", () => {
    describeHolds(lane);
  });
}
