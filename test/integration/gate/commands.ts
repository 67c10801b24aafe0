// The commands of containment against the API server alone: what works with the operator down, and what they say of the
// rest. Where an answer of the operator is needed, the test gives it.
import { expect, test } from "vitest";
import { Incident } from "../../../src/api/incident.ts";
import { toResource } from "../../../src/api/kind.ts";
import { Stop as StopKind } from "../../../src/api/stop.ts";
import { Warrant } from "../../../src/api/warrant.ts";
import { type Client, createClient, type KubeObject, loadClusterConfig } from "../../../src/runtime/index.ts";
import { runVouchsafe } from "../../harness/command.ts";
import { demand, readJson } from "../../harness/kubectl.ts";
import type { Person } from "../../harness/users.ts";
import { eventually } from "../../harness/wait.ts";
import { create, type Lane, makeGoverned } from "./lane.ts";
import { authority, EVERYTHING, grant, own } from "./rights.ts";
import { MODEL, SERVER, toPod } from "./shapes.ts";

const VIEW = own(["aisystems", "modelreleases", "warrants", "stops", "incidents", "revocations"], ["get", "list"]);
const ACT = own(["stops", "incidents", "revocations"], ["create", "patch"]);
const PODS = { apiGroups: [""], resources: ["pods"], verbs: ["list"] };

const toSystem = (namespace: string) => ({
  apiVersion: "vouchsafe.dev/v1alpha1",
  kind: "AISystem",
  metadata: { name: "voice", namespace, annotations: { "vouchsafe.dev/authors": "admin" } },
  spec: {
    owner: { team: "speech", contact: "speech@acme.example" },
    accountable: "Head",
    purpose: "Detects speech.",
    role: "deployer",
    lifecycle: "production",
    impact: { safety: "minor", rights: "minor", privacy: "minor", fairness: "minor", security: "minor" },
    oversight: { stopAuthority: ["oncall", "Head of speech"] },
  },
});

async function makePerson(lane: Lane, namespace: string, name: string, rules: object[]): Promise<Person> {
  const person = await lane.person(`${name}-${namespace}`);
  await grant(lane, namespace, person.name, [VIEW, ACT, PODS, ...rules]);
  await eventually(`${name} may read Stops`, async () =>
    (await person.kubectl(["get", "stops", "-n", namespace])).code === 0 ? true : undefined,
  );
  return person;
}

/** A governed namespace with the system, and a person who may stop it. */
async function makePlace(lane: Lane) {
  const namespace = await makeGoverned(lane);
  await demand(lane.kubectl, ["create", "-f", "-"], JSON.stringify(toSystem(namespace)));
  const alice = await makePerson(lane, namespace, "alice", [authority("Head of speech")]);
  const run = (who: Person, ...args: string[]) => runVouchsafe(who.kubeconfig, "-n", namespace, ...args);
  return { namespace, alice, run };
}

type Place = Awaited<ReturnType<typeof makePlace>>;

interface Stop {
  metadata: { name: string };
  spec: { by?: { username: string }; authority: string; resumed?: object };
}

/** Acts as the operator without a process for each request: the command under test waits for some seconds only. */
async function asOperator<T>({ operatorKubeconfig }: Lane, act: (client: Client) => Promise<T>): Promise<T> {
  const client = createClient(await loadClusterConfig({ kubeconfig: operatorKubeconfig }));
  try {
    return await act(client);
  } finally {
    await client.close();
  }
}

const listStops = (lane: Lane, namespace: string) =>
  asOperator(lane, async (client) => (await client.list<KubeObject & Stop>(toResource(StopKind), { namespace })).items);

interface Ref {
  namespace: string;
  name: string;
}

/** Plays the operator: opens an Incident, with what was seen. */
const openIncident = (lane: Lane, metadata: Ref, spec: object, status: object) =>
  asOperator(lane, async (client) => {
    const incident = {
      apiVersion: "vouchsafe.dev/v1alpha1",
      kind: "Incident",
      metadata,
      spec: {
        type: "breach",
        severity: "major",
        summary: "It drops callers.",
        detectedAt: "2026-11-25T00:00:00Z",
        ...spec,
      },
    };
    await client.create(toResource(Incident), incident);
    await client.patchMerge(toResource(Incident), metadata, { status }, { subresource: "status" });
  });

/** Plays the operator: tells what was seen next. */
const tell = (lane: Lane, ref: Ref, status: object) =>
  asOperator(lane, (client) => client.patchMerge(toResource(Incident), ref, { status }, { subresource: "status" }));

const condition = (type: string, status: string, message = "x") => ({
  type,
  status,
  reason: "X",
  message,
  lastTransitionTime: "2026-11-25T00:00:00Z",
});
const action = (rung: string, result: string, observed: string) => ({
  rung,
  target: "Pods",
  startedAt: "2026-11-25T00:00:00Z",
  result,
  observed,
});

function describeStopping(lane: () => Lane): void {
  test("vouchsafe stop works with the operator down and says what waits; resume lifts it", async () => {
    const l = lane();
    const place = await makePlace(l);
    const { namespace, alice, run } = place;
    await demand(l.kubectl, ["create", "-f", "-"], JSON.stringify(toPod(namespace, "running")));
    const stopped = await run(alice, "stop", "voice", "--reason", "It drops callers.");
    expect(stopped, "the order stands").toMatchObject({ code: 0 });
    expect(stopped.stdout).toContain(`Stopped voice in namespace ${namespace} by ${alice.name} as Head of speech`);
    expect(stopped.stdout).toContain("The operator did not take it up within 10 s");
    expect(stopped.stdout, "it names what still runs").toMatch(/^ {2}running$/m);
    expect(stopped.stdout).toContain(`kubectl get pods -n ${namespace} -l vouchsafe.dev/system=voice`);
    const [stop] = await listStops(l, namespace);
    expect(stop?.spec, "a true record").toMatchObject({ by: { username: alice.name }, authority: "Head of speech" });
    expect((await create(l.kubectl, toPod(namespace, "p"))).stderr, "at once").toContain("It drops callers. To be");

    const resumed = await run(alice, "resume", "voice", "--reason", "A new filter is in.");
    expect(resumed).toMatchObject({ code: 0, stderr: "" });
    expect(resumed.stdout).toContain(`stop.vouchsafe.dev/${stop?.metadata.name} lifted as Head of speech`);
    expect((await create(l.kubectl, toPod(namespace, "p"))).stderr).toBe("");
    const again = await run(alice, "resume", "voice", "--reason", "x");
    expect(again).toMatchObject({
      code: 0,
      stdout: `No Stop of a person is in force for AISystem voice in namespace ${namespace}.\n`,
    });
    expect(await run(alice, "resume", "nobody", "--reason", "x")).toMatchObject({ code: 2 });
  });

  test("whoever may not stop is told who can grant it, and nothing is made", async () => {
    const l = lane();
    const { namespace, run } = await makePlace(l);
    const [eve, ada] = await Promise.all([
      makePerson(l, namespace, "eve", []),
      makePerson(l, namespace, "ada", [EVERYTHING]),
    ]);
    const plain = await run(eve, "stop", "voice", "--reason", "x");
    expect(plain).toMatchObject({ code: 1, stderr: "" });
    expect(plain.stdout).toContain("  oncall: not held");
    expect(plain.stdout).toContain("Whoever may write Roles in namespace");
    const wild = await run(ada, "stop", "voice", "--reason", "x");
    expect(wild.code).toBe(1);
    expect(wild.stdout).toContain('  oncall: held by "*" only, which counts for nothing');
    expect(await run(eve, "stop", "nobody", "--reason", "x")).toMatchObject({ code: 2 });
    const other = await run(eve, "stop", "voice", "--authority", "cook", "--reason", "x");
    expect(other.stderr).toContain("names no stopAuthority cook, only: oncall, Head of speech");
    expect(await listStops(l, namespace)).toEqual([]);
  });

  test("where nothing is enforced a Stop is refused in words", async () => {
    const l = lane();
    const namespace = await l.makeNamespace("free");
    await demand(l.kubectl, ["create", "-f", "-"], JSON.stringify(toSystem(namespace)));
    const alice = await makePerson(l, namespace, "alice", [authority("oncall")]);
    const answer = await runVouchsafe(alice.kubeconfig, "-n", namespace, "stop", "voice", "--reason", "x");
    expect(answer.code).toBe(1);
    expect(answer.stdout).toContain(`Namespace ${namespace} has no Warrant in force`);
  });

  test("vouchsafe stop follows what the operator does about it", async () => {
    const l = lane();
    const { namespace, alice, run } = await makePlace(l);
    const stopping = run(alice, "-o", "json", "stop", "voice", "--reason", "It drops callers.");
    const [stop] = await eventually("the Stop is there", async () => {
      const stops = await listStops(l, namespace);
      return stops.length > 0 ? stops : undefined;
    });
    const started = { actions: [action("freeze", "Started", "evidence is being frozen")] };
    const spec = { system: "voice", breach: "SystemStopped", order: stop?.metadata.name };
    await openIncident(l, { namespace, name: "voice-stopped" }, spec, started);
    await tell(
      l,
      { namespace, name: "voice-stopped" },
      {
        actions: [action("freeze", "Done", "5 records frozen"), action("stop", "Done", "no pod of it runs")],
        conditions: [condition("Contained", "True")],
      },
    );
    const answer = await stopping;
    expect(answer, "JSON comes alone").toMatchObject({ code: 0, stderr: "" });
    const told = JSON.parse(answer.stdout) as { stop: Stop; incident: { status: { actions: { result: string }[] } } };
    expect(told.stop.metadata.name).toBe(stop?.metadata.name);
    expect(told.incident.status.actions.map(({ result }) => result)).toEqual(["Done", "Done"]);
    const resumed = await run(alice, "resume", "voice", "--reason", "calm");
    expect(resumed.stdout, "its Incident waits for a review").toContain(
      `vouchsafe incident show voice-stopped -n ${namespace}`,
    );
  });

  test("whoami shows in whose name one may stop", async () => {
    const { alice, run } = await makePlace(lane());
    const mine = JSON.parse((await run(alice, "-o", "json", "whoami")).stdout) as object;
    expect(mine).toMatchObject({ stopping: { oncall: "no", "Head of speech": "yes" } });
    expect((await run(alice, "whoami")).stdout).toMatch(/^Head of speech +yes +voice$/m);
  });
}

const refuse = (code: string) => ({ refused: { code, text: `${code}: it drops callers` } });

/** Plays the operator: the Warrant refuses digests. */
const condemn = (lane: Lane, namespace: string, digests: Record<string, string>) =>
  asOperator(lane, (client) => {
    const images = Object.fromEntries(Object.entries(digests).map(([digest, code]) => [digest, refuse(code)]));
    return client.patchMerge(toResource(Warrant), { namespace, name: "enforce" }, { spec: { images } });
  });

function describeRevoking(lane: () => Lane): void {
  test("vouchsafe revoke digest waits until it is refused, and names the open Incidents about it", async () => {
    const l = lane();
    const { namespace, alice, run } = await makePlace(l);
    const revoking = run(alice, "revoke", "digest", `registry.example/x@${MODEL}`, "--reason", "It drops callers.");
    const made = await eventually("the Revocation is there", async () => {
      const list = await readJson<{ items: { spec: object }[] }>(l.kubectl, ["revocations", "-n", namespace]);
      return list?.items[0];
    });
    expect(made.spec).toEqual({ digests: [MODEL], reason: "It drops callers.", by: { username: alice.name } });
    await condemn(l, namespace, { [MODEL]: "DigestRevoked" });
    const spec = { system: "voice", breach: "DigestRevoked", digests: [MODEL] };
    await openIncident(l, { namespace, name: "voice-digest" }, spec, {});
    const answer = await revoking;
    expect(answer.code, answer.stderr).toBe(0);
    expect(answer.stdout).toContain(`The API server refuses in namespace ${namespace}:\n  ${MODEL}\n`);
    expect(answer.stdout).toContain(`Open Incidents about it:`);
    expect(answer.stdout).toContain(`vouchsafe incident show voice-digest -n ${namespace}`);
    const resumed = await run(alice, "resume", "voice", "--reason", "x");
    expect(resumed.code, "no Stop keeps it from running").toBe(1);
    expect(resumed.stdout).toContain(`vouchsafe incident show voice-digest -n ${namespace}`);
  });

  test("whoever may revoke and stop but not look has done so all the same", async () => {
    const l = lane();
    const { namespace, run } = await makePlace(l);
    const blind = await l.person(`blind-${namespace}`);
    await grant(l, namespace, blind.name, [
      authority("oncall"),
      own(["revocations", "stops"], ["create"]),
      own(["aisystems"], ["get"]),
    ]);
    const revoked = await eventually("the right to revoke is known", async () => {
      const answer = await run(blind, "revoke", "digest", MODEL, "--reason", "x");
      return answer.code === 0 ? answer : undefined;
    });
    expect(revoked.stdout).toMatch(/^revocation\.vouchsafe\.dev\/.* created by .*\nWhat came of it you may not see: /);
    const stopped = await run(blind, "stop", "voice", "--reason", "x");
    expect(stopped).toMatchObject({ code: 0, stderr: "" });
    expect(stopped.stdout).toMatch(/^Stopped voice [^]*What came of it you may not see: /);
    expect(await listStops(l, namespace)).toHaveLength(1);
  });

  test("vouchsafe revoke release and signer tell what is refused, or that it is not yet", async () => {
    const l = lane();
    const { namespace, alice, run } = await makePlace(l);
    expect((await run(alice, "revoke", "release", "v5", "--reason", "x")).stderr).toContain(
      "there is no ModelRelease v5",
    );
    expect((await run(alice, "revoke", "digest", "sha256:abc", "--reason", "x")).stderr).toContain("is no digest");
    expect((await run(alice, "revoke", "digest", MODEL, "--reason", "x", "--since", "May")).code).toBe(2);
    const release = {
      apiVersion: "vouchsafe.dev/v1alpha1",
      kind: "ModelRelease",
      metadata: { name: "v5", namespace, annotations: { "vouchsafe.dev/authors": "admin" } },
      spec: { system: "voice", version: "v5", artifacts: [{ name: "server", image: `r.example/m@${SERVER}` }] },
    };
    await demand(l.kubectl, ["create", "-f", "-"], JSON.stringify(release));
    const waits = await run(alice, "revoke", "release", "v5", "--reason", "x", "--since", "2026-11-01");
    expect(waits.code, "it is on record").toBe(0);
    expect(waits.stdout).toContain(`Namespace ${namespace} does not refuse it yet`);
    const list = await readJson<{ items: { metadata: { name: string }; spec: object }[] }>(l.kubectl, [
      "revocations",
      "-n",
      namespace,
    ]);
    expect(list?.items.map(({ spec }) => spec)).toEqual([
      { release: "v5", reason: "x", since: "2026-11-01T00:00:00Z", by: { username: alice.name } },
    ]);
    const future = await run(alice, "revoke", "release", "v5", "--reason", "x", "--since", "2999-01-01");
    expect(future.stderr).toContain("--since 2999-01-01 is in the future");
    const refused = await run(alice, "revoke", "signer", "pipeline", "--reason", "Its key leaked.");
    expect(refused, "who may not make a ClusterRevocation").toMatchObject({ code: 1 });
    expect(refused.stdout).toContain("clusterrevocations.vouchsafe.dev is forbidden");
    await condemn(l, namespace, { [MODEL]: "SignerRevoked", [SERVER]: "DigestRevoked" });
    const asAdmin = (...args: string[]) =>
      runVouchsafe(l.kubeconfig, "-n", namespace, "revoke", "signer", "pipeline", "--reason", "leaked", ...args);
    const unknown = await asAdmin();
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("no AIPolicy names a signer pipeline, only: ");
    const signer = await asAdmin("--force");
    expect(signer.stderr, "its first line is not told twice").not.toContain(signer.stdout.split("\n")[0]);
    expect(signer.stdout).toContain(`  ${MODEL}\nNo Incident came of it here`);
    expect(signer.stdout).not.toContain(SERVER);
    await demand(l.kubectl, ["delete", "clusterrevocations", "--all"]);
  });
}

function describeHandling(lane: () => Lane): void {
  const openBreach = (l: Lane, { namespace }: Place) =>
    openIncident(
      l,
      { namespace, name: "voice-i" },
      { system: "voice", breach: "ReleaseRevoked", release: "v6", digests: [MODEL] },
      {
        actions: [
          action("freeze", "Done", "5 records frozen"),
          action("sever", "Waiting", "waits for a holder of stopAuthority: vouchsafe incident go voice-i sever"),
        ],
        timeline: { refused: "0.12s", frozen: "0.40s" },
        frozen: [{ what: "pods", name: "voice-i-pods", digest: SERVER, objects: 2 }],
        workloads: [{ kind: "Deployment", name: "voice-gate", uid: "u", hold: "Held", to: "v5" }],
        pullRequest: { state: "Proposed", url: "https://git.example/p/7", at: "2026-11-25T00:00:00Z", message: "x" },
        conditions: [condition("Contained", "True", "2 pods in breach, all contained")],
      },
    );

  test("vouchsafe incident shows what was done, and each next step until it is closed", async () => {
    const l = lane();
    const place = await makePlace(l);
    const { namespace, alice, run } = place;
    const none = await run(alice, "incident", "list");
    expect(none).toMatchObject({ code: 0, stdout: `There is no open Incident in namespace ${namespace}.\n` });
    await openBreach(l, place);
    const listed = await run(alice, "incident", "list");
    expect(listed.stdout).toMatch(/^voice-i +voice +ReleaseRevoked +major +True +Open$/m);
    const show = async () => (await run(alice, "incident", "show", "voice-i")).stdout;
    const shown = await show();
    for (const part of [
      "Incident voice-i: ReleaseRevoked, major, Open",
      "system voice, release v6",
      "0.12s          the API server refuses it",
      "Deployment/voice-gate   Held   v5",
      `pods     2         voice-i-pods         ${SERVER}`,
      "Pull request: Proposed, https://git.example/p/7",
      `Next: vouchsafe incident go voice-i sever -n ${namespace}`,
    ]) {
      expect(shown).toContain(part);
    }

    const idle = await run(alice, "incident", "go", "voice-i", "rollBack");
    expect(idle).toMatchObject({ code: 1, stderr: "" });
    expect(idle.stdout).toContain("rollBack does not wait for a person in Incident voice-i: only sever.");
    const eve = await makePerson(l, namespace, "eve", []);
    const refused = await run(eve, "incident", "go", "voice-i", "sever");
    expect(refused).toMatchObject({ code: 1, stderr: "" });
    const going = run(alice, "incident", "go", "voice-i", "sever");
    const go = await eventually("the rung may go ahead", async () => {
      const found = await readJson<{ spec: { go?: object[] } }>(l.kubectl, ["incident", "voice-i", "-n", namespace]);
      return found?.spec.go;
    });
    expect(go).toEqual([{ rung: "sever", authority: "Head of speech" }]);
    await tell(l, { namespace, name: "voice-i" }, { actions: [action("sever", "Done", "no pod of it runs")] });
    expect((await going).stdout).toMatch(/^sever +Pods +Done +no pod of it runs$/m);
    expect(await show()).toContain(
      `Next: vouchsafe incident review voice-i --cause ... --action ... --check-due ... --check-result ... -n ${namespace}`,
    );

    const early = await run(alice, "incident", "close", "voice-i");
    expect(early.code).toBe(1);
    expect(early.stdout).toContain("--cause ... --action ... --check-due ... --check-result ...");
    const review = (...args: string[]) => run(alice, "incident", "review", "voice-i", ...args);
    expect((await review()).code).toBe(2);
    expect((await review("--check-due", "soon")).code).toBe(2);
    expect((await review("--check-result", "calm")).stderr).toContain("add --check-due");
    const half = await review("--cause", "A threshold\nwas wrong.", "--action", "A test was added.");
    expect(half.stdout).toContain("it lacks --check-due, --check-result");
    expect((await run(alice, "incident", "close", "voice-i")).code).toBe(1);
    await review("--check-due", "2027-01-15");
    const whole = await review("--check-result", "No caller was dropped for a month.");
    expect(whole.stdout).toContain(`Next: vouchsafe incident close voice-i -n ${namespace}`);
    const closed = await run(alice, "incident", "close", "voice-i");
    expect(closed).toMatchObject({ code: 0, stderr: "" });
    const { spec } = (await readJson<{ spec: object }>(l.kubectl, ["incident", "voice-i", "-n", namespace])) ?? {};
    expect(spec).toMatchObject({
      state: "Closed",
      review: {
        cause: "A threshold\nwas wrong.",
        action: "A test was added.",
        check: { due: "2027-01-15", result: "No caller was dropped for a month." },
      },
    });
    expect(await show()).toContain("Next: nothing: it is closed");
    const late = await review("--cause", "another");
    expect(late).toMatchObject({ code: 1, stderr: "" });
    expect(late.stdout).toContain("Incident voice-i is closed, and the record of a closed incident is never changed.");
    expect((await run(alice, "incident", "list")).stdout).toContain("There is no open Incident");
    expect((await run(alice, "incident", "list", "--all")).stdout).toContain("voice-i");
    expect((await run(alice, "incident", "show", "nobody")).code).toBe(2);
  });
}

/** Registers the tests for one lane. What does not depend on the version of Kubernetes is tested in one of them. */
export function describeCommands(lane: () => Lane, mutations: boolean): void {
  describeStopping(lane);
  if (!mutations) return;
  describeRevoking(lane);
  describeHandling(lane);
}
