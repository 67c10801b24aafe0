// What the gate lets in, told by a table: pods and workloads against one Warrant.
import { describe, expect, test } from "vitest";
import { demand } from "../../harness/kubectl.ts";
import { eventually } from "../../harness/wait.ts";
import { create, type Lane, makeGoverned } from "./lane.ts";
import { PODS, UNKNOWN } from "./pods-table.ts";
import { at, MODEL, PENDING, REVOKED, SERVER, SIDECAR, toPod, toWarrant, toWorkload } from "./shapes.ts";

const KINDS = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"];

/** Registers the table for one lane. */
export function describeAdmission(lane: () => Lane, mutations: boolean): void {
  describe("pods in an enforced namespace", () => {
    let shared: Promise<string> | undefined;
    const namespaceOf = () => (shared ??= makeGoverned(lane()));

    test.each(PODS)("%s", async (_, shape, code) => {
      const answer = await create(lane().kubectl, toPod(await namespaceOf(), "p", shape));
      if (code === undefined) expect(answer.stderr, "the pod is admitted").toBe("");
      else expect(answer.stderr, `the pod is refused with ${code}`).toContain(code);
      expect(answer.code, answer.stderr).toBe(code === undefined ? 0 : 1);
    });

    test("a tag that a release pins", async () => {
      const pod = toPod(await namespaceOf(), "p", { image: "registry.example/x:v5" });
      const answer = await lane().kubectl(["create", "--dry-run=server", "-o", "json", "-f", "-"], JSON.stringify(pod));
      if (mutations) expect(answer.stdout).toContain(`"image": "registry.example/x:v5@${MODEL}"`);
      else expect(answer.stderr).toContain(`ImageNotPinned: image registry.example/x:v5 names no digest`);
      if (!mutations)
        expect(answer.stderr, "the refusal names the digest to use").toContain(`registry.example/x:v5@${MODEL}`);
    });

    test.each(KINDS)("a revoked digest is refused as %s, a pending one is warned about", async (kind) => {
      const namespace = await namespaceOf();
      const refused = await create(lane().kubectl, toWorkload(kind, namespace, { image: at(REVOKED) }));
      expect(refused.stderr).toContain("DigestRevoked: it drops callers");
      expect(refused.code).toBe(1);
      const pending = await create(lane().kubectl, toWorkload(kind, namespace, { image: at(PENDING) }));
      expect(pending.stderr).toMatch(/^Warning: .*vouchsafe-workloads-pending.*ApprovalMissing: release v7/);
      expect(pending.code, pending.stderr).toBe(0);
    });

    test("with notYet: Refuse a pending digest is refused as a workload too", async () => {
      const namespace = await makeGoverned(lane(), "enforce", { notYet: "Refuse" });
      const answer = await create(lane().kubectl, toWorkload("Deployment", namespace, { image: at(PENDING) }));
      expect(answer.stderr).toContain("ApprovalMissing");
      expect(answer.code).toBe(1);
    });
  });

  test("a governed namespace without a Warrant admits no pod and lets one that runs be finalised", async () => {
    const { kubectl, makeNamespace } = lane();
    const namespace = await makeNamespace("gate");
    const pod = toPod(namespace, "held");
    await demand(
      kubectl,
      ["create", "-f", "-"],
      JSON.stringify({ ...pod, metadata: { ...pod.metadata, finalizers: ["test.example/held"] } }),
    );
    await demand(kubectl, ["label", "namespace", namespace, "vouchsafe.dev/enforce=standard"]);
    const answer = await eventually("a pod is refused", async () => {
      const tried = await create(kubectl, toPod(namespace, "new"));
      return tried.code === 0 ? undefined : tried;
    });
    expect(answer.stderr).toContain("vouchsafe-pods");
    await demand(kubectl, ["delete", "pod", "held", "-n", namespace, "--wait=false"]);
    await demand(kubectl, [
      "patch",
      "pod",
      "held",
      "-n",
      namespace,
      "--type=json",
      "-p",
      '[{"op":"remove","path":"/metadata/finalizers"}]',
    ]);
    await demand(kubectl, ["wait", "--for=delete", "pod/held", "-n", namespace, "--timeout=20s"]);
  });

  test("a running pod keeps its images and its system, and stays deletable when it is revoked", async () => {
    const { kubectl, operator } = lane();
    const namespace = await makeGoverned(lane());
    await demand(kubectl, ["create", "-f", "-"], JSON.stringify(toPod(namespace, "p")));
    const patch = (args: string[]) => kubectl(["patch", "pod", "p", "-n", namespace, ...args]);
    const image = await patch([
      "--type=json",
      "-p",
      `[{"op":"replace","path":"/spec/containers/0/image","value":"${at(SERVER)}"}]`,
    ]);
    expect(image.stderr).toContain("RunningImageChanged");
    const label = '{"metadata":{"labels":{"vouchsafe.dev/system":"other"}}}';
    for (const sub of [[], ["--subresource=status"]]) {
      expect((await patch([...sub, "-p", label])).stderr, `label through ${sub.join("") || "the pod"}`).toContain(
        "SystemLabelGuarded",
      );
    }
    const warrant = toWarrant(namespace);
    const refused = { refused: { code: "DigestRevoked", text: "DigestRevoked: now" } };
    await demand(
      operator,
      ["replace", "-f", "-"],
      JSON.stringify({ ...warrant, spec: { ...warrant.spec, images: { [MODEL]: refused } } }),
    );
    await demand(kubectl, ["label", "pod", "p", "-n", namespace, "seen=yes"]);
    await demand(kubectl, ["delete", "pod", "p", "-n", namespace, "--grace-period=0", "--force"]);
  });

  test("ephemeral containers may use supporting images only", async () => {
    const { kubectl } = lane();
    const namespace = await makeGoverned(lane());
    await demand(kubectl, ["create", "-f", "-"], JSON.stringify(toPod(namespace, "p")));
    const debug = (image: string) =>
      kubectl([
        "patch",
        "pod",
        "p",
        "-n",
        namespace,
        "--subresource=ephemeralcontainers",
        "-p",
        JSON.stringify({ spec: { ephemeralContainers: [{ name: "e", image, targetContainerName: "c" }] } }),
      ]);
    expect((await debug(at(SERVER))).stderr).toContain("EphemeralImageRefused");
    expect((await debug("busybox")).stderr).toContain("EphemeralImageRefused");
    expect((await debug(at(REVOKED))).stderr).toContain("DigestRevoked");
    expect((await debug(at(SIDECAR))).stderr).toBe("");
  });

  test("warn warns and audit stays silent", async () => {
    const warned = await create(lane().kubectl, toPod(await makeGoverned(lane(), "warn"), "p", { image: UNKNOWN }));
    expect(warned.stderr).toMatch(/^Warning: .*ImageUnknown/);
    expect(warned.code).toBe(0);
    const silent = await create(lane().kubectl, toPod(await makeGoverned(lane(), "audit"), "p", { image: UNKNOWN }));
    expect(silent).toMatchObject({ code: 0, stderr: "" });
  });

  test("an open gate can be closed for one system", async () => {
    const closed = { gate: "Closed", why: { code: "NotFenced", text: "NotFenced: no fence" } };
    const strictest = {
      runAsNonRoot: "Required",
      readOnlyRootFilesystem: "Required",
      hostNetwork: "Forbidden",
      serviceAccountToken: "Forbidden",
    };
    const { operator, kubectl } = lane();
    const namespace = await makeGoverned(lane());
    const warrant = toWarrant(namespace, "enforce", { systems: { voice: { ...strictest, ...closed } } });
    await demand(operator, ["replace", "-f", "-"], JSON.stringify(warrant));
    await eventually("the pod is refused because its system is closed", async () => {
      const answer = await create(kubectl, toPod(namespace, "p"));
      return answer.stderr.includes("NotFenced: no fence") ? true : undefined;
    });
    const demands: [string, object][] = [
      ["RunAsNonRootRequired", {}],
      ["ReadOnlyRootRequired", { securityContext: { runAsNonRoot: true } }],
      [
        "ServiceAccountTokenForbidden",
        {
          securityContext: { runAsNonRoot: true },
          containers: [{ name: "c", image: at(MODEL), securityContext: { readOnlyRootFilesystem: true } }],
        },
      ],
    ];
    const open = toWarrant(namespace, "enforce", { systems: { voice: { ...strictest, gate: "Open" } } });
    await demand(operator, ["replace", "-f", "-"], JSON.stringify(open));
    for (const [code, spec] of demands) {
      await eventually(`the pod is refused with ${code}`, async () => {
        const answer = await create(kubectl, toPod(namespace, "p", { spec }));
        return answer.stderr.includes(code) ? true : undefined;
      });
    }
    const fine = { ...demands[2]?.[1], automountServiceAccountToken: false };
    expect((await create(kubectl, toPod(namespace, "p", { spec: fine }))).stderr).toBe("");
  });

  test("a governed namespace with a Job and Warrants is gone within 30 s", async () => {
    const { kubectl, operator } = lane();
    const namespace = await makeGoverned(lane());
    await demand(operator, ["create", "-f", "-"], JSON.stringify(toWarrant(namespace, "approvals")));
    await demand(kubectl, ["create", "-f", "-"], JSON.stringify(toWorkload("Job", namespace, {})));
    await eventually("the Job has made its pod", async () => {
      const pods = await demand(kubectl, ["get", "pods", "-n", namespace, "-o", "name"]);
      return pods === "" ? undefined : true;
    });
    await demand(kubectl, ["delete", "namespace", namespace, "--timeout=30s"]);
  });
}
