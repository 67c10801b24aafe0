// What the guards refuse: writes that would bend the gate, through every door.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { applyObjects, demand } from "../../harness/kubectl.ts";
import { eventually } from "../../harness/wait.ts";
import { create, type Lane, makeGoverned } from "./lane.ts";
import { EVERYTHING, grant, own, RBAC, role } from "./rights.ts";
import { toWarrant } from "./shapes.ts";

const DIGEST = `v1:sha256:${"7".repeat(64)}`;

const entry = (authors: string[]) => ({
  [DIGEST]: { kind: "ModelRelease", name: "v5", uid: "u", authors, roles: { validator: 30 } },
});

const toApproval = (namespace: string, spec: object = {}) => ({
  apiVersion: "vouchsafe.dev/v1alpha1",
  kind: "Approval",
  metadata: { generateName: "a-", namespace },
  spec: {
    target: { kind: "ModelRelease", name: "v5", digest: DIGEST },
    role: "validator",
    decision: "approve",
    until: new Date(Date.now() + 20 * 86_400_000).toISOString(),
    reason: "fine",
    ...spec,
  },
});

/** Registers the guards for one lane. */
export function describeGuards(lane: () => Lane, mutations: boolean): void {
  describe("approvals", () => {
    test("are judged when they are made", async () => {
      const l = lane();
      const namespace = await l.makeNamespace("apr");
      const [alice, bob, eve, ada] = await Promise.all(
        ["alice", "bob", "eve", "ada"].map((name) => l.person(`${name}-${namespace}`)),
      );
      if (!alice || !bob || !eve || !ada) throw new Error("four people are needed");
      const write = own(["approvals"], ["create", "get", "patch", "update", "delete"]);
      await grant(l, namespace, alice.name, [write, role("validator"), role("cook")]);
      await grant(l, namespace, bob.name, [write, role("validator")]);
      await grant(l, namespace, eve.name, [write]);
      await grant(l, namespace, ada.name, [EVERYTHING]);
      const named = (name: string, spec: object = {}) =>
        toApproval(namespace, mutations ? spec : { approver: { username: name }, ...spec });

      const early = await create(alice.kubectl, named(alice.name));
      expect(early.stderr, "without a Warrant nothing may be approved").toContain("vouchsafe-guard-approvals");
      const warrant = toWarrant(namespace, "approvals", { approvals: entry([bob.name]) });
      await demand(l.operator, ["create", "-f", "-"], JSON.stringify(warrant));
      await eventually("alice may approve", async () => {
        const answer = await create(alice.kubectl, named(alice.name));
        return answer.code === 0 ? true : undefined;
      });
      const cases: [string, Promise<{ stderr: string }>][] = [
        ["ApproverIsAuthor", create(bob.kubectl, named(bob.name))],
        ["ApproverUnentitled", create(eve.kubectl, named(eve.name))],
        ["ApproverUnentitled", create(ada.kubectl, named(ada.name))],
        ["ApproverUnentitled", create(l.kubectl, named("admin"))],
        ["ApproverFalse", create(eve.kubectl, toApproval(namespace, { approver: { username: alice.name } }))],
        [
          "ApprovalDigestUnknown",
          create(alice.kubectl, named(alice.name, { target: { kind: "ModelRelease", name: "v6", digest: DIGEST } })),
        ],
        ["ApprovalRoleNotWanted", create(alice.kubectl, named(alice.name, { role: "cook" }))],
        ["ApprovalTooLong", create(alice.kubectl, named(alice.name, { until: "2030-01-01T00:00:00Z" }))],
        ["ApprovalTooLong", create(alice.kubectl, named(alice.name, { until: "2020-01-01T00:00:00Z" }))],
      ];
      for (const [code, answer] of cases) expect((await answer).stderr, code).toContain(code);
      if (!mutations) expect((await create(alice.kubectl, toApproval(namespace))).stderr).toContain("ApproverFalse");

      const made = await alice.kubectl(["create", "-o", "json", "-f", "-"], JSON.stringify(named(alice.name)));
      const approval = JSON.parse(made.stdout) as {
        metadata: { name: string };
        spec: { approver: { username: string } };
      };
      expect(approval.spec.approver.username).toBe(alice.name);
      const { name } = approval.metadata;
      const edit = (...args: string[]) => alice.kubectl(["patch", "approval", name, "-n", namespace, ...args]);
      const edits = [
        edit("--type=merge", "-p", '{"spec":null}'),
        edit("--type=merge", "-p", '{"spec":{"until":"2027-01-01T00:00:00Z"}}'),
        edit("--type=json", "-p", '[{"op":"remove","path":"/spec"}]'),
        edit(
          "--type=json",
          "-p",
          '[{"op":"remove","path":"/spec/until"},{"op":"add","path":"/spec/until","value":"2027-01-01T00:00:00Z"}]',
        ),
        edit("--type=json", "-p", '[{"op":"replace","path":"/spec/reason","value":"other"}]'),
        alice.kubectl(
          ["apply", "--server-side", "--force-conflicts", "-f", "-"],
          JSON.stringify({
            ...toApproval(namespace, { until: undefined, decision: "reject" }),
            metadata: { name, namespace },
          }),
        ),
      ];
      for (const answer of edits) expect((await answer).code, "a change of an Approval is refused").not.toBe(0);
      expect((await alice.kubectl(["delete", "approval", name, "-n", namespace])).stderr).toContain(
        "RecordDeletionGuarded",
      );
      await demand(l.kubectl, ["delete", "approval", name, "-n", namespace]);
    });
  });

  test("approvals from GitHub are the operator's to write, and no author's", async () => {
    const l = lane();
    const namespace = await l.makeNamespace("ghr");
    const eve = await l.person(`eve-${namespace}`);
    await grant(l, namespace, eve.name, [own(["approvals"], ["create"]), role("validator")]);
    const review = {
      repository: "acme/deploy",
      pullRequest: 7,
      review: 9,
      login: "alice",
      account: 1,
      commit: "a".repeat(40),
      submittedAt: "2026-11-20T00:00:00Z",
      url: "https://github.com/acme/deploy/pull/7",
    };
    const reviewed = (username: string, spec: object = {}) =>
      toApproval(namespace, { source: "GitHub", review, approver: { username }, ...spec });
    const warrant = toWarrant(namespace, "approvals", { approvals: entry(["bob"]) });
    await demand(l.operator, ["create", "-f", "-"], JSON.stringify(warrant));
    await eventually("the operator writes alice's review", async () =>
      (await create(l.operator, reviewed("alice"))).code === 0 ? true : undefined,
    );
    const cases: [string, Promise<{ stderr: string }>][] = [
      ["ApproverFalse", create(eve.kubectl, reviewed("alice"))],
      ["ApproverFalse", create(eve.kubectl, reviewed(eve.name))],
      ["ApproverFalse", create(l.kubectl, reviewed("alice"))],
      ["ApproverFalse", create(l.operator, toApproval(namespace, { approver: { username: "alice" } }))],
      ["ApproverIsAuthor", create(l.operator, reviewed("bob"))],
      ["ApprovalRoleNotWanted", create(l.operator, reviewed("alice", { role: "cook" }))],
      ["ApprovalTooLong", create(l.operator, reviewed("alice", { until: "2030-01-01T00:00:00Z" }))],
      ["set review exactly when", create(l.operator, reviewed("alice", { review: undefined }))],
    ];
    for (const [code, answer] of cases) expect((await answer).stderr, code).toContain(code);
  });

  test("authors accumulate through edits, forgeries and removals of the annotation", async () => {
    const l = lane();
    const namespace = await l.makeNamespace("auth");
    const [bob, mallory] = await Promise.all([l.person(`bob-${namespace}`), l.person(`mallory-${namespace}`)]);
    for (const { name } of [bob, mallory]) await grant(l, namespace, name, [own(["riskassessments"], ["*"])]);
    const toAssessment = (reviewBy: string, annotations?: Record<string, string>) =>
      JSON.stringify({
        apiVersion: "vouchsafe.dev/v1alpha1",
        kind: "RiskAssessment",
        metadata: { name: "r", namespace, ...(annotations === undefined ? {} : { annotations }) },
        spec: {
          system: "voice",
          scenarios: [
            {
              id: "one",
              description: "x",
              inherent: { likelihood: "rare", consequence: "minor" },
              treatment: { option: "accept" },
              residual: { likelihood: "rare", consequence: "minor" },
            },
          ],
          impactAssessment: { individuals: "x", groups: "x", society: "x" },
          assessedOn: "2026-11-01",
          reviewBy,
        },
      });
    const KEY = "vouchsafe.dev/authors";
    const readAuthors = async () =>
      (
        await demand(l.kubectl, [
          "get",
          "ra",
          "r",
          "-n",
          namespace,
          "-o",
          "jsonpath={.metadata.annotations.vouchsafe\\.dev/authors}",
        ])
      ).trim();
    const mine = (names: string) => (mutations ? undefined : { [KEY]: names });
    if (!mutations) {
      expect((await mallory.kubectl(["create", "-f", "-"], toAssessment("2027-01-01"))).stderr).toContain(
        "AuthorsGuarded",
      );
    }
    await demand(mallory.kubectl, ["create", "-f", "-"], toAssessment("2027-01-01", mine(mallory.name)));
    await demand(
      bob.kubectl,
      ["apply", "--server-side", "--force-conflicts", "-f", "-"],
      toAssessment("2027-01-02", mine(`${mallory.name},${bob.name}`)),
    );
    expect(await readAuthors()).toBe(`${mallory.name},${bob.name}`);
    const forged = await bob.kubectl(["annotate", "--overwrite", "ra", "r", "-n", namespace, `${KEY}=nobody`]);
    if (!mutations) expect(forged.stderr).toContain("AuthorsGuarded");
    await bob.kubectl(["annotate", "ra", "r", "-n", namespace, `${KEY}-`]);
    await demand(bob.kubectl, ["label", "ra", "r", "-n", namespace, "x=y"]);
    expect(await readAuthors(), "forgery, removal and a label change nothing").toBe(`${mallory.name},${bob.name}`);
    expect(
      (
        await bob.kubectl([
          "patch",
          "ra",
          "r",
          "-n",
          namespace,
          "--subresource=status",
          "--type=merge",
          "-p",
          '{"status":{"level":"low"}}',
        ])
      ).code,
    ).not.toBe(0);
  });

  test("statuses and Warrants are the operator's", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const edit = (...args: string[]) =>
      l.kubectl(["patch", "warrant", "enforce", "-n", namespace, "--type=merge", ...args]);
    expect((await edit("-p", '{"spec":{"images":{}}}')).stderr).toContain("WarrantGuarded");
    expect((await edit("--subresource=status", "-p", '{"status":{"conditions":[]}}')).stderr).toMatch(
      /WarrantGuarded|StatusGuarded/,
    );
    expect((await l.kubectl(["delete", "warrant", "enforce", "-n", namespace])).stderr).toContain("WarrantGuarded");
    expect((await l.kubectl(["delete", "warrants", "--all", "-n", namespace])).stderr).toContain("WarrantGuarded");
  });

  test("governing labels are loosened by those only who may, through every door", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const ops = await l.person(`ops-${namespace}`);
    const may = {
      apiGroups: [""],
      resources: ["namespaces", "namespaces/status", "namespaces/finalize"],
      verbs: ["*"],
    };
    const bind = (name: string, rules: object[]) =>
      applyObjects(l.kubectl, [
        { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name: `${name}-${namespace}` }, rules },
        {
          apiVersion: `${RBAC}/v1`,
          kind: "ClusterRoleBinding",
          metadata: { name: `${name}-${namespace}` },
          roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: `${name}-${namespace}` },
          subjects: [{ apiGroup: RBAC, kind: "User", name: ops.name }],
        },
      ]);
    await bind("ops", [may]);
    const loosen = JSON.stringify({ metadata: { labels: { "vouchsafe.dev/enforce": null } } });
    for (const sub of [[], ["--subresource=status"]]) {
      const answer = await ops.kubectl(["patch", "namespace", namespace, ...sub, "--type=merge", "-p", loosen]);
      expect(answer.stderr, sub.join("")).toContain("GovernanceLoosened");
    }
    const finalize = JSON.stringify({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace },
      spec: { finalizers: ["kubernetes"] },
    });
    expect(
      (await ops.kubectl(["replace", "--raw", join("/api/v1/namespaces", namespace, "finalize"), "-f", "-"], finalize))
        .stderr,
    ).toContain("GovernanceLoosened");
    expect(
      (await ops.kubectl(["label", "--overwrite", "namespace", namespace, "vouchsafe.dev/enforce=lax"])).stderr,
    ).toContain("GovernanceLoosened");
    await demand(ops.kubectl, ["label", "namespace", namespace, "vouchsafe.dev/audit=standard"]);
    await bind("govern", [{ ...own(["governancemodes"], ["use"]), resourceNames: ["standard"] }]);
    await eventually("the named right lets ops loosen", async () => {
      const answer = await ops.kubectl(["label", "--dry-run=server", "namespace", namespace, "vouchsafe.dev/enforce-"]);
      return answer.code === 0 ? true : undefined;
    });
    await demand(l.kubectl, ["label", "--dry-run=server", "namespace", namespace, "vouchsafe.dev/enforce-"]);
  });

  test("a tool that may do everything loosens nothing: what it writes was put there by others", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const user = `system:serviceaccount:${namespace}:argocd`;
    const tool: typeof l.kubectl = (args, input) => l.kubectl([...args, "--as", user], input);
    await applyObjects(l.kubectl, [
      {
        apiVersion: `${RBAC}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name: `argocd-${namespace}` },
        roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ kind: "ServiceAccount", name: "argocd", namespace }],
      },
    ]);
    const loosen = ["label", "--dry-run=server", "namespace", namespace, "vouchsafe.dev/enforce-"];
    await eventually("the tool may label namespaces", async () => {
      const answer = await tool(["label", "--dry-run=server", "namespace", namespace, "team=voice"]);
      return answer.code === 0 ? true : undefined;
    });
    expect((await tool(loosen)).stderr).toContain("GovernanceLoosened");
    const policy = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "open", namespace },
      spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{}] },
    };
    expect((await create(tool, policy)).stderr).toContain("ForeignPolicyAllows");
    expect((await create(tool, { ...policy, spec: { ...policy.spec, egress: [] } })).stderr).toBe("");
    await demand(l.kubectl, ["delete", "clusterrolebinding", `argocd-${namespace}`]);
    await demand(l.kubectl, ["delete", "namespace", namespace, "--timeout=30s"]);
  });

  test("the fence is the operator's, and no foreign policy may allow anything", async () => {
    const l = lane();
    const namespace = await makeGoverned(l);
    const dev = await l.person(`dev-${namespace}`);
    await grant(l, namespace, dev.name, [
      { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["*"] },
    ]);
    const policy = (name: string, spec: object, labels = {}) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name, namespace, labels },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], ...spec },
    });
    const ours = { "app.kubernetes.io/managed-by": "vouchsafe" };
    await demand(l.operator, ["create", "-f", "-"], JSON.stringify(policy("fence", { ingress: [{}] }, ours)));
    expect((await create(dev.kubectl, policy("mine", {}, ours))).stderr).toContain("FenceGuarded");
    expect(
      (await dev.kubectl(["label", "networkpolicy", "fence", "-n", namespace, "app.kubernetes.io/managed-by-"])).stderr,
    ).toContain("FenceGuarded");
    expect((await dev.kubectl(["delete", "networkpolicy", "--all", "-n", namespace])).stderr).toContain("FenceGuarded");
    expect((await create(dev.kubectl, policy("open", { egress: [{}] }))).stderr).toContain("ForeignPolicyAllows");
    expect((await create(dev.kubectl, policy("shut", {}))).stderr).toBe("");
    await demand(l.kubectl, ["delete", "namespace", namespace, "--timeout=30s"]);
  });

  test("a Revocation names its author truly and is never changed", async () => {
    const l = lane();
    const namespace = await l.makeNamespace("rev");
    const revocation = (spec: object) => ({
      apiVersion: "vouchsafe.dev/v1alpha1",
      kind: "Revocation",
      metadata: { name: "r", namespace },
      spec: { release: "v6", reason: "drops callers", ...spec },
    });
    expect((await create(l.kubectl, revocation({ by: { username: "somebody" } }))).stderr).toContain("RevokerFalse");
    await demand(l.kubectl, ["create", "-f", "-"], JSON.stringify(revocation({})));
    const by = await demand(l.kubectl, [
      "get",
      "revocation",
      "r",
      "-n",
      namespace,
      "-o",
      "jsonpath={.spec.by.username}",
    ]);
    expect(by).toBe(mutations ? "admin" : "");
    expect(
      (
        await l.kubectl([
          "patch",
          "revocation",
          "r",
          "-n",
          namespace,
          "--type=merge",
          "-p",
          '{"spec":{"release":"v5"}}',
        ])
      ).code,
    ).not.toBe(0);
  });
}
