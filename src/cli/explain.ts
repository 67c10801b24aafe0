/** `vouchsafe explain system|release|image|pod`: why something may run or not, and what to do next. */
import { AISystem } from "../api/ai-system.ts";
import type { CountedApproval } from "../api/approval-count.ts";
import type { Condition } from "../api/fields.ts";
import { ModelRelease, type VerifiedSignature } from "../api/model-release.ts";
import { RiskAssessment } from "../api/risk-assessment.ts";
import type { WarrantSpec } from "../api/warrant.ts";
import { sayReading } from "../domain/describe-reading.ts";
import { listValid } from "../domain/facts.ts";
import { findReading } from "../domain/verified-artifacts.ts";
import { judgeImage, judgePod, type PodLike, readDigest } from "../gate/judge-pod.ts";
import type { KubeObject } from "../runtime/index.ts";
import { describeOpen, listOpen } from "./containment/read-incidents.ts";
import { readAll, readCore, readOne, readWarrants } from "./read.ts";
import { listDetails, sayMatter } from "./say-signature.ts";
import { type Answer, type Session, UsageError } from "./session.ts";
import { toPlain } from "./verify/plain.ts";

const isReady = (conditions: readonly Condition[] | undefined) =>
  conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

const showConditions = (conditions: readonly Condition[] | undefined) =>
  (conditions ?? []).map(({ type, status, message }) => `  ${type.padEnd(10)} ${status.padEnd(8)} ${message}`);

const missing = (kind: string, name: string, { namespace }: Session) =>
  new UsageError(`there is no ${kind} ${name} in namespace ${namespace}`);

/** Explains an AISystem: its state, its risk, its releases. */
export async function explainSystem(session: Session, name: string): Promise<Answer> {
  const system = await readOne<AISystem>(session, AISystem, name);
  if (system === undefined) throw missing("AISystem", name, session);
  const { namespace } = session;
  const assessments = listValid(await readAll<RiskAssessment>(session, RiskAssessment, namespace)).filter(
    ({ spec }) => spec.system === name,
  );
  const releases = listValid(await readAll<ModelRelease>(session, ModelRelease, namespace)).filter(
    ({ spec }) => spec.system === name,
  );
  const incidents = (await listOpen(session, namespace)).filter(({ spec }) => spec.system === name);
  const wanted = Object.values((await readWarrants(session)).get("approvals")?.approvals ?? {});
  const rolesOf = (kind: string, of: string) => {
    const entry = wanted.find((one) => one.kind === kind && one.name === of);
    return entry === undefined
      ? ""
      : `  wanted roles: ${Object.keys(entry.roles).join(", ")}; authors: ${entry.authors.join(", ")}`;
  };
  const lines = [
    `AISystem ${name}: ${system.spec.purpose}`,
    ...incidents.map((incident) => `  ${describeOpen(incident)}`),
    ...showConditions(system.status?.conditions),
    ...assessments.flatMap(({ metadata, status }) => [
      "",
      `RiskAssessment ${metadata.name}: ${status?.level ?? "?"}, ${status?.verdict ?? "not judged yet"}`,
      ...showConditions(status?.conditions),
      ...(status?.staleBecause ?? []).map((text) => `  changed since it was accepted: ${text}`),
      rolesOf("RiskAssessment", metadata.name),
    ]),
    ...releases.flatMap(({ metadata, status }) => [
      "",
      `ModelRelease ${metadata.name}`,
      ...showConditions(status?.conditions),
      rolesOf("ModelRelease", metadata.name),
    ]),
  ].filter((line, index, all) => line !== "" || all[index - 1] !== "");
  return {
    exit: isReady(system.status?.conditions) ? 0 : 1,
    json: { system, incidents, assessments, releases },
    lines,
  };
}

function describeApproval({ name, approver, role, until, counts, why }: CountedApproval): string {
  const who = `by ${approver} as ${role}`;
  if (counts === "No") return `${name} ${who} does not count: ${why ?? "?"}`;
  if (why !== undefined) return `${name} ${who} counts until ${until ?? "?"}: ${why}`;
  return `approved ${who} until ${until ?? "?"} (${name})`;
}

function describeSignature(signature: VerifiedSignature) {
  const { signer, identity, issuer, notAfter } = signature;
  const who = identity === undefined ? signer : `${signer}, ${toPlain(identity)} as ${toPlain(issuer ?? "?")} vouches,`;
  const details = [...listDetails(signature), ...(notAfter === undefined ? [] : [`until ${notAfter}`])];
  return `  signed by ${who} over the ${sayMatter(signature)} (${details.join(", ")})`;
}

/** Explains a ModelRelease: what was verified, who approved, until when. */
export async function explainRelease(session: Session, name: string): Promise<Answer> {
  const release = await readOne<ModelRelease>(session, ModelRelease, name);
  if (release === undefined) throw missing("ModelRelease", name, session);
  const { status } = release;
  // Nothing that is approved makes it run again.
  const isRevoked = status?.conditions?.some((one) => one.type === "Revoked" && one.status === "True") === true;
  const lines = [
    `ModelRelease ${name}, version ${release.spec.version} of ${release.spec.system}`,
    ...showConditions(status?.conditions),
    "",
    ...release.spec.artifacts.flatMap((artifact) => {
      const found = status?.artifacts?.find((one) => one.name === artifact.name);
      const reading = findReading(release, artifact);
      return [
        `${artifact.name}: ${artifact.image}`,
        ...(found?.signatures ?? []).map(describeSignature),
        ...(found?.problems ?? []).map(({ text }) => `  ${text}`),
        ...(reading === undefined ? [] : [`  being read: ${sayReading([reading])}`]),
        ...(found === undefined && reading === undefined ? ["  not looked at yet"] : []),
      ];
    }),
    "",
    ...(status?.approvals ?? []).map(describeApproval),
    ...(isRevoked ? [] : [`digest to approve: ${status?.digest ?? "not known yet"}`]),
  ];
  return { exit: isReady(status?.conditions) ? 0 : 1, json: release, lines };
}

function describeImage(image: string, name: string, warrant: WarrantSpec): { lines: string[]; isGranted: boolean } {
  const pinned = readDigest(image) === undefined ? warrant.pins?.[image] : undefined;
  const asked = pinned === undefined ? image : `${image}@${pinned}`;
  const fault = judgeImage(asked, warrant);
  const head = pinned === undefined ? [] : [`${name}: the tag is pinned to ${pinned}`];
  if (fault !== undefined) return { lines: [...head, `${name}: ${fault.text}`], isGranted: false };
  const grants = warrant.images?.[readDigest(asked) ?? ""]?.grants ?? [];
  if (grants.length === 0)
    return { lines: [...head, `${name}: may run beside any model (supporting image)`], isGranted: true };
  const texts = grants.map(
    ({ system, release, artifact, notAfter }) =>
      `${name}: may run for ${system} as ${artifact} of ${release} until ${notAfter}`,
  );
  return { lines: [...head, ...texts], isGranted: true };
}

/** The Warrants that judge workloads. */
async function readGates(session: Session): Promise<[string, WarrantSpec][]> {
  const gates = [...(await readWarrants(session))].filter(([name]) => name !== "approvals");
  if (gates.length === 0)
    throw new UsageError(
      `namespace ${session.namespace} is not governed: see vouchsafe explain namespace ${session.namespace}`,
    );
  return gates;
}

/** Explains how each Warrant of the namespace judges an image. */
export async function explainImage(session: Session, image: string): Promise<Answer> {
  const judged = (await readGates(session)).map(([name, warrant]) => ({
    mode: name,
    ...describeImage(image, name, warrant),
  }));
  return {
    exit: judged.every(({ isGranted }) => isGranted) ? 0 : 1,
    json: judged,
    lines: judged.flatMap(({ lines }) => lines),
  };
}

const PODS = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

/** Explains how the Warrants judge a pod as it stands. */
export async function explainPod(session: Session, name: string): Promise<Answer> {
  const pod = await readCore<KubeObject & PodLike>(session, PODS, name);
  if (pod === undefined) throw missing("Pod", name, session);
  const judged = (await readGates(session)).map(([mode, warrant]) => ({
    mode,
    refused: judgePod(pod, warrant, session.now),
  }));
  const lines = judged.map(({ mode, refused }) =>
    refused === undefined ? `${mode}: the pod may run` : `${mode}: would be refused now: ${refused.text}`,
  );
  return { exit: judged.every(({ refused }) => refused === undefined) ? 0 : 1, json: judged, lines };
}
