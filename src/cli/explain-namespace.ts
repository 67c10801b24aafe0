/** `vouchsafe explain namespace`: what a policy refuses there, also before the namespace is governed. */
import { readPublicGoodRoot } from "../adapters/sigstore/public-good.ts";
import { AIPolicy } from "../api/ai-policy.ts";
import { AISystem } from "../api/ai-system.ts";
import { Approval } from "../api/approval.ts";
import { Incident } from "../api/incident.ts";
import { type KindDefinition } from "../api/kind.ts";
import { MODES, type Mode, modeLabel } from "../api/labels.ts";
import { ModelRelease } from "../api/model-release.ts";
import { ClusterRevocation, Revocation } from "../api/revocation.ts";
import { RiskAssessment } from "../api/risk-assessment.ts";
import { Stop } from "../api/stop.ts";
import { evaluateNamespace } from "../domain/evaluate.ts";
import type { FenceFacts, NamespaceFacts, PolicyFacts, Read } from "../domain/facts.ts";
import { resolveSigner } from "../domain/signers.ts";
import type { WarrantSpec } from "../api/warrant.ts";
import { compileWarrant } from "../gate/compile-warrant.ts";
import { judgePod, type PodLike } from "../gate/judge-pod.ts";
import type { KubeObject } from "../runtime/index.ts";
import { findFault } from "./governance-faults.ts";
import { readAll, readCore, readOne, readWarrants } from "./read.ts";
import { type Answer, type Session, toTable, UsageError } from "./session.ts";

const NAMESPACES = { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false };
const PODS = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

async function readPolicy(session: Session, name: string): Promise<PolicyFacts> {
  const policy = await readOne<AIPolicy>(session, AIPolicy, name);
  if (policy === undefined) return { outcome: "missing", name };
  // ConfigMaps of the operator's namespace are not for everybody to read: verification has joined them before.
  const sources = {
    readConfigMap: () => undefined,
    publicGoodRoot: readPublicGoodRoot(),
    findRootFault: () => undefined,
  };
  const signers = policy.spec.signers.map((signer) => [signer.name, resolveSigner(signer, name, sources)] as const);
  return { outcome: "valid", name, spec: policy.spec, signers: Object.fromEntries(signers) };
}

async function readFacts(session: Session, policy: PolicyFacts): Promise<NamespaceFacts> {
  const all = <O extends Read<unknown>>(kind: KindDefinition) =>
    readAll(session, kind, session.namespace) as unknown as Promise<O[]>;
  const systems = await all<Read<AISystem>>(AISystem);
  // The fence would be built: it is not what keeps a pod from running.
  const fences = new Map<string, FenceFacts>(systems.map(({ metadata }) => [metadata.name, { outcome: "whole" }]));
  return {
    namespace: session.namespace,
    modes: new Map<Mode, PolicyFacts>([["enforce", policy]]),
    systems,
    assessments: await all<Read<RiskAssessment>>(RiskAssessment),
    releases: await all<Read<ModelRelease>>(ModelRelease),
    approvals: await all<Read<Approval>>(Approval),
    revocations: await all<Read<Revocation>>(Revocation),
    clusterRevocations: await all<Read<ClusterRevocation>>(ClusterRevocation).catch(() => []),
    incidents: await all<Read<Incident>>(Incident),
    stops: await all<Read<Stop>>(Stop),
    fences,
    warrants: await readWarrants(session),
  };
}

/** The Warrant that stands, where the policy is in force; else the one that the operator would compile. */
async function judgeUnder(session: Session, policy: string, standing: WarrantSpec | undefined) {
  if (standing !== undefined) {
    const closed = Object.values(standing.systems ?? {}).flatMap(({ why }) => (why === undefined ? [] : [why.text]));
    return { warrant: standing, findings: closed };
  }
  const facts = await readFacts(session, await readPolicy(session, policy));
  const judgement = evaluateNamespace(facts, session.now);
  const [mode] = judgement.modes;
  if (mode === undefined) throw new UsageError(`policy ${policy} could not be judged`);
  const findings = mode.outcome === "unusable" ? [mode.finding] : mode.systems.flatMap((system) => system.findings);
  return { warrant: compileWarrant(mode, facts, judgement).spec, findings: findings.map(({ text }) => text) };
}

/** A slip in a name is not a policy that is missing: the namespace does not rest on it. */
async function demandPolicy(session: Session, name: string): Promise<void> {
  if ((await readOne<AIPolicy>(session, AIPolicy, name)) !== undefined) return;
  const names = (await readAll<AIPolicy>(session, AIPolicy)).map(({ metadata }) => metadata.name);
  throw new UsageError(`there is no AIPolicy ${name}, only: ${names.join(", ") || "none"}`);
}

/** Runs the command for `name`; `policyName` asks what a policy would refuse that the namespace does not name yet. */
export async function explainNamespace(base: Session, name: string, policyName: string | undefined): Promise<Answer> {
  const session = { ...base, namespace: name };
  const namespace = await readCore<KubeObject>(session, NAMESPACES, name);
  if (namespace === undefined) throw new UsageError(`there is no namespace ${name}`);
  if (policyName !== undefined) await demandPolicy(session, policyName);
  const labels = namespace.metadata.labels ?? {};
  const named = MODES.flatMap((mode) =>
    labels[modeLabel(mode)] === undefined ? [] : [`${mode}: ${labels[modeLabel(mode)]}`],
  );
  const chosen = policyName ?? labels[modeLabel("enforce")] ?? labels[modeLabel("warn")] ?? labels[modeLabel("audit")];
  if (chosen === undefined) {
    throw new UsageError(
      `namespace ${name} is not governed; ask what a policy would refuse: vouchsafe explain namespace ${name} --policy NAME`,
    );
  }
  const warrants = await readWarrants(session);
  const inForce = MODES.find((mode) => labels[modeLabel(mode)] === chosen);
  const { warrant, findings } = await judgeUnder(session, chosen, inForce && warrants.get(inForce));
  // Whoever asks of another policy asks of none that stands.
  const standing = policyName === undefined ? MODES.flatMap((mode) => warrants.get(mode) ?? []) : [];
  const faults = new Set([...standing, warrant].flatMap((one) => findFault(one) ?? []));
  const { items: pods } = await session.client.list<KubeObject & PodLike>(PODS, { namespace: name });
  const judged = pods.map((pod) => ({ pod: pod.metadata.name, refused: judgePod(pod, warrant, session.now) }));
  const refused = judged.filter((one) => one.refused !== undefined);
  const granted = Object.entries(warrant.images ?? {}).filter(([, entry]) => entry.grants !== undefined);
  const lines = [
    named.length > 0
      ? `Namespace ${name} is governed (${named.join(", ")}).`
      : `Namespace ${name} is not governed yet.`,
    `AIPolicy ${chosen} lets ${granted.length} of ${Object.keys(warrant.images ?? {}).length} listed images run.`,
    ...new Set([...faults, ...findings]),
    "",
    refused.length === 0
      ? `None of its ${pods.length} pods would be refused.`
      : `${refused.length} of its ${pods.length} pods would be refused if they were created now:`,
    ...toTable(refused.map((one) => [`  ${one.pod}`, one.refused?.text ?? ""])),
  ];
  return {
    exit: refused.length + faults.size === 0 ? 0 : 1,
    json: {
      namespace: name,
      policy: chosen,
      modes: named,
      faults: [...faults],
      granted: granted.map(([digest]) => digest),
      pods: judged,
    },
    lines,
  };
}
