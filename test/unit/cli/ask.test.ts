// What the commands say where nothing is as the user thinks: a slip in a name, a breach, an edit, a right that is lacking.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { AIPolicy } from "../../../src/api/ai-policy.ts";
import { AISystem } from "../../../src/api/ai-system.ts";
import { Incident } from "../../../src/api/incident.ts";
import { ModelRelease } from "../../../src/api/model-release.ts";
import { revokeSigner } from "../../../src/cli/containment/revoke.ts";
import { explainRelease, explainSystem } from "../../../src/cli/explain.ts";
import { explainNamespace } from "../../../src/cli/explain-namespace.ts";
import { adviseGrant } from "../../../src/cli/forbidden.ts";
import { status } from "../../../src/cli/status.ts";
import { Warrant } from "../../../src/api/warrant.ts";
import { VERSION } from "../../../src/cli/version.ts";
import { whoami } from "../../../src/cli/whoami.ts";
import { make, MODEL, POLICY_SPEC, SYSTEM_SPEC, toReleaseSpec } from "../domain/voice.ts";
import { after, warrantOf } from "../gate/breach-scene.ts";
import { toSession } from "./fake-session.ts";

const POLICY = make<AIPolicy>(AIPolicy, "standard", POLICY_SPEC);

const condition = (type: string, is: "True" | "False", message: string) => ({
  type,
  status: is,
  reason: "X",
  message,
  lastTransitionTime: "2026-11-24T00:00:00Z",
});

test("a signer or a policy that is not there is told with those that are", async () => {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "voice" } };
  const session = toSession({ objects: [POLICY, namespace] });
  await expect(revokeSigner(session, "pipelin", { reason: "x" })).rejects.toThrow(
    "no AIPolicy names a signer pipelin, only: model-pipeline, release-pipeline; --force",
  );
  await expect(explainNamespace(session, "voice", "standrd")).rejects.toThrow(
    "there is no AIPolicy standrd, only: standard",
  );
});

describe("a namespace whose label names an AIPolicy that is not there", () => {
  const namespace = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "voice", labels: { "vouchsafe.dev/enforce": "nowhere" } },
  };
  const facts = after({ modes: new Map([["enforce", { outcome: "missing" as const, name: "nowhere" }]]) });
  const warrant = make<Warrant>(Warrant, "enforce", warrantOf(facts));
  const MISSING = /PolicyMissing: .*nowhere/;

  test.each<[string, object[]]>([
    ["the operator has looked at", [namespace, warrant]],
    ["the operator has not looked at yet", [namespace]],
  ])("is a fault to explain namespace, also where nothing runs in it: one that %s", async (_, objects) => {
    const { exit, lines } = await explainNamespace(toSession({ objects }), "voice", undefined);
    expect(lines.join("\n")).toMatch(MISSING);
    expect(exit).toBe(1);
  });

  test.each<[string, object[]]>([
    ["with no AISystem", [warrant]],
    ["with one", [warrant, make<AISystem>(AISystem, "gate", SYSTEM_SPEC)]],
  ])("and to status, %s", async (_, objects) => {
    const { exit, warnings } = await status(toSession({ objects }), false);
    expect(warnings).toEqual([expect.stringMatching(/^namespace voice: PolicyMissing: .*nowhere/)]);
    expect(exit).toBe(1);
  });

  test("but not to whoever asks what another policy would refuse", async () => {
    const objects = [namespace, warrant, POLICY];
    const { exit, lines } = await explainNamespace(toSession({ objects }), "voice", "standard");
    expect(lines.join("\n")).not.toContain("PolicyMissing");
    expect(exit).toBe(0);
  });

  test("a sound one is none", async () => {
    const sound = make<Warrant>(Warrant, "enforce", warrantOf(after({})));
    const { exit } = await explainNamespace(toSession({ objects: [namespace, sound] }), "voice", undefined);
    expect(exit).toBe(0);
  });
});

describe("after a breach", () => {
  const system = make<AISystem>(AISystem, "gate", SYSTEM_SPEC, {
    status: { conditions: [condition("Ready", "False", "release v4 lacks approval")] },
  });
  const toIncident = (name: string, state: string) =>
    make<Incident>(Incident, name, {
      system: "gate",
      type: "breach",
      breach: "ReleaseRevoked",
      severity: "major",
      summary: "It drops callers.",
      detectedAt: "2026-11-24T00:00:00Z",
      state,
      review: { cause: "x", action: "y", check: { due: "2027-01-01", result: "z" } },
    });
  const session = toSession({ objects: [system, toIncident("gate-1", "Open"), toIncident("gate-0", "Closed")] });
  const OPEN = "Incident gate-1 is open: vouchsafe incident show gate-1 -n voice";

  test("status names the open Incident before what else is lacking", async () => {
    const { lines } = await status(session, false);
    expect(lines.slice(-2)).toEqual([`gate: ${OPEN}`, "gate: release v4 lacks approval"]);
  });

  test("so does explain system", async () => {
    const { lines } = await explainSystem(session, "gate");
    expect(lines[1]).toBe(`  ${OPEN}`);
    expect(lines.join("\n")).not.toContain("gate-0");
  });
});

describe("explain release", () => {
  const explain = async (status: object) => {
    const release = make<ModelRelease>(ModelRelease, "v5", toReleaseSpec(MODEL), { status });
    return (await explainRelease(toSession({ objects: [release] }), "v5")).lines;
  };

  test("an approval in force by the grace for edits counts, and says until when", async () => {
    const approval = { name: "v5-a", role: "validator", approver: "alice", until: "2026-12-01T00:00:00Z" };
    const why = "it was given for earlier content (edit grace)";
    expect(await explain({ approvals: [{ ...approval, counts: "Yes", why }] })).toContain(
      `v5-a by alice as validator counts until 2026-12-01T00:00:00Z: ${why}`,
    );
  });

  test("an artifact that is being read is told apart from one that nobody looked at", async () => {
    const share = { layers: { done: 2, all: 5 }, bytes: { done: 3 * 2 ** 30, all: 12 * 2 ** 30 } };
    const lines = await explain({ reading: [{ name: "model", digest: MODEL, ...share }] });
    const [model = "", server = ""] = ["model", "server"].map(
      (name) => lines[lines.findIndex((line) => line.startsWith(`${name}: `)) + 1],
    );
    expect([model, server]).toEqual(["  being read: 2 of 5 layers, 3.0 of 12.0 GiB", "  not looked at yet"]);
  });

  test("there is nothing to approve of a revoked one", async () => {
    const lines = await explain({ conditions: [condition("Revoked", "True", "revoked")] });
    expect(lines.join("\n")).not.toContain("digest to approve");
    expect((await explain({})).at(-1)).toBe("digest to approve: not known yet");
  });
});

describe("whoami tells who governs as the API server decides it", () => {
  const ask = async (username: string) => {
    const session = toSession({
      objects: [POLICY],
      reviews: {
        selfsubjectreviews: () => ({ status: { userInfo: { username } } }),
        selfsubjectaccessreviews: () => ({ status: { allowed: true } }),
      },
    });
    return (await whoami(session)).lines.join("\n");
  };

  test("an administrator of everything", async () => {
    expect(await ask("admin")).toMatch(/^standard +yes: administrator of everything$/m);
  });

  test("but no ServiceAccount, whatever it may do", async () => {
    expect(await ask("system:serviceaccount:flux-system:flux")).toMatch(/^standard +no$/m);
  });
});

test("a right that is lacking is told with who can grant it", () => {
  const lacking =
    'stops.vouchsafe.dev is forbidden: User "eve" cannot create resource "stops" in API group "vouchsafe.dev"';
  expect(adviseGrant(`${lacking} in the namespace "voice"`)).toMatch(
    /\nWhoever may write Roles in namespace voice can grant create on stops; examples\/voice\/people\.yaml shows Roles\.$/,
  );
  expect(adviseGrant(`${lacking} at the cluster scope`)).toContain("\nWhoever may write ClusterRoles");
  expect(adviseGrant("GoUnentitled: no")).toBe("GoUnentitled: no");
});

test("the command has the version of the package", () => {
  const { version } = JSON.parse(
    readFileSync(fileURLToPath(new URL("../../../package.json", import.meta.url)), "utf8"),
  ) as { version: string };
  expect(VERSION).toBe(version);
});
