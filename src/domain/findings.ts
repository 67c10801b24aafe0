/**
 * The closed catalogue of findings: every reason for which the product refuses, warns or guards, with who
 * can mend it and the next command. Conditions, Warrants, Events, the evidence log, the admission policies
 * and docs/findings.md all take their words from here, so a code means the same everywhere.
 * `{name}` in a text is filled in once; what is filled in is never read as a text again.
 */

/**
 * What a finding does to a workload. `never`: refused for good, at the workload's own level too.
 * `notYet`: pods are refused until somebody acts. `malformed`: the object itself has to change.
 * `guarded`: only a holder of a right may do this. `advice`: nothing is refused.
 */
export type Standing = "never" | "notYet" | "malformed" | "guarded" | "advice";

/** One entry of the catalogue. */
export interface Finding {
  standing: Standing;
  /** What is wrong. */
  what: string;
  /** Who can mend it. */
  who: string;
  /** What to do or run next. */
  next: string;
}

const explainRelease = "vouchsafe explain release {release} -n {namespace}";
const explainSystem = "vouchsafe explain system {system} -n {namespace}";

export const FINDINGS = {
  // --- What the namespace and its policy lack
  PolicyMissing: {
    standing: "notYet",
    what: "the namespace names AIPolicy {policy}, which does not exist",
    who: "the governance team",
    next: "create the AIPolicy or correct the label: kubectl get aipolicies",
  },
  PolicyInvalid: {
    standing: "notYet",
    what: "AIPolicy {policy} cannot be read: {why}",
    who: "the governance team",
    next: "kubectl describe aipolicy {policy}",
  },
  TrustRootMissing: {
    standing: "notYet",
    what: "what signer {signer} is trusted by is not there: {why}",
    who: "the governance team",
    next: "put the ConfigMap into the operator's namespace, then: kubectl describe aipolicy {policy}",
  },
  TrustRootMismatch: {
    standing: "notYet",
    what: "what signer {signer} is trusted by does not fit the sha256 that AIPolicy {policy} pins",
    who: "the governance team",
    next: "check who changed the ConfigMap, then pin the right sha256: kubectl edit aipolicy {policy}",
  },
  TrustRootMalformed: {
    standing: "notYet",
    what: "what signer {signer} is trusted by cannot be used: {why}",
    who: "the governance team",
    next: "kubectl edit aipolicy {policy}",
  },
  RevocationInvalid: {
    standing: "notYet",
    what: "{revocation} cannot be read, so what it revokes is not known: {why}",
    who: "the platform team",
    next: "kubectl get revocations,clusterrevocations -A",
  },
  NamespaceNotGoverned: {
    standing: "advice",
    what: "namespace {namespace} names no AIPolicy, so nothing is enforced there",
    who: "the platform team",
    next: "kubectl label namespace {namespace} vouchsafe.dev/enforce=POLICY",
  },
  WarrantFull: {
    standing: "notYet",
    what: "the namespace lists more digests than a Warrant holds, so only refusals are in force",
    who: "the product team",
    next: "delete releases that no longer run: kubectl get modelreleases -n {namespace}",
  },

  // --- What the system lacks
  SystemMissing: {
    standing: "notYet",
    what: "{referrer} names AISystem {system}, which does not exist in namespace {namespace}",
    who: "the product team",
    next: "kubectl get aisystems -n {namespace}",
  },
  SystemInvalid: {
    standing: "notYet",
    what: "AISystem {system} cannot be read: {why}",
    who: "the product team",
    next: "kubectl describe aisystem {system} -n {namespace}",
  },
  SystemDeleting: {
    standing: "notYet",
    what: "AISystem {system} is being deleted; its fence stands until its pods are gone",
    who: "the product team",
    next: "kubectl get pods -n {namespace} -l vouchsafe.dev/system={system}",
  },
  SystemRetired: {
    standing: "notYet",
    what: "AISystem {system} is retired",
    who: "the product team",
    next: explainSystem,
  },
  TierMissing: {
    standing: "notYet",
    what: "no tier of AIPolicy {policy} takes the impact {impact} of AISystem {system}",
    who: "the governance team",
    next: "add a tier: kubectl edit aipolicy {policy}",
  },
  UseProhibited: {
    standing: "never",
    what: "AISystem {system} is meant for {use}, which AIPolicy {policy} prohibits",
    who: "nobody",
    next: explainSystem,
  },
  NotFenced: {
    standing: "notYet",
    what: "the network fence of AISystem {system} is not observed yet: {why}",
    who: "the operator",
    next: "kubectl get networkpolicies -n {namespace} -l app.kubernetes.io/managed-by=vouchsafe",
  },

  // --- What the risk assessment lacks
  AssessmentMissing: {
    standing: "notYet",
    what: "AISystem {system} has no RiskAssessment",
    who: "the risk owner",
    next: "kubectl apply a RiskAssessment that names system {system} in namespace {namespace}",
  },
  AssessmentContested: {
    standing: "notYet",
    what: "AISystem {system} has several RiskAssessments: {names}",
    who: "the risk owner",
    next: "keep one: kubectl get riskassessments -n {namespace}",
  },
  AssessmentInvalid: {
    standing: "notYet",
    what: "RiskAssessment {assessment} cannot be read: {why}",
    who: "the risk owner",
    next: "kubectl describe riskassessment {assessment} -n {namespace}",
  },
  AssessmentTooOld: {
    standing: "notYet",
    what: "RiskAssessment {assessment} of {assessedOn} is older than the {days} days that tier {tier} allows",
    who: "the risk owner",
    next: "assess again and set assessedOn: kubectl edit riskassessment {assessment} -n {namespace}",
  },
  ReviewOverdue: {
    standing: "notYet",
    what: "RiskAssessment {assessment} had to be reviewed by {reviewBy}",
    who: "the risk owner",
    next: "review it and set reviewBy: kubectl edit riskassessment {assessment} -n {namespace}",
  },
  RiskNotAccepted: {
    standing: "notYet",
    what: "risk {level} of RiskAssessment {assessment} is above the appetite and lacks acceptance: {missing}",
    who: "holders of the role",
    next: "vouchsafe approve riskassessment {assessment} -n {namespace}",
  },
  AcceptanceStale: {
    standing: "notYet",
    what: "the acceptance of RiskAssessment {assessment} no longer fits: {changes}",
    who: "holders of the role",
    next: "vouchsafe approve riskassessment {assessment} -n {namespace}",
  },
  RiskAboveTolerance: {
    standing: "notYet",
    what: "risk {level} of RiskAssessment {assessment} is above the tolerance {tolerance}",
    who: "the risk owner",
    next: "treat the risk: kubectl edit riskassessment {assessment} -n {namespace}",
  },

  // --- What the release lacks
  NoRelease: {
    standing: "notYet",
    what: "no ModelRelease names AISystem {system} yet",
    who: "the pipeline that publishes releases",
    next: "kubectl apply a ModelRelease that names system {system} in namespace {namespace}",
  },
  VerificationPending: {
    standing: "notYet",
    what: "artifact {artifact} of release {release} is not verified yet",
    who: "the operator",
    next: explainRelease,
  },
  SignatureMissing: {
    standing: "notYet",
    what: "artifact {artifact} of release {release} lacks a valid signature by {signers} over: {over}",
    who: "the pipeline that publishes the release",
    next: `sign it, then: ${explainRelease}`,
  },
  SignatureInvalid: {
    standing: "notYet",
    what: "artifact {artifact} of release {release} carries a signature that does not verify: {why}",
    who: "the pipeline that publishes the release",
    next: explainRelease,
  },
  FormatForbidden: {
    standing: "notYet",
    what: "the model {artifact} of release {release} holds files of formats that AIPolicy {policy} does not allow: {formats}",
    who: "the pipeline that publishes the release",
    next: `publish the model in one of the formats that the tier allows, then: ${explainRelease}`,
  },
  SignatureExpired: {
    standing: "notYet",
    what: "the signatures of artifact {artifact} of release {release} rest on certificates or revocation lists that ran out",
    who: "the pipeline that publishes the release",
    next: `sign it anew, or renew the revocation lists of AIPolicy {policy}, then: ${explainRelease}`,
  },
  SignerUnknown: {
    standing: "notYet",
    what: "artifact {artifact} of release {release} is signed by nobody whom AIPolicy {policy} trusts: {why}",
    who: "the pipeline that publishes the release",
    next: `sign it as one of the policy's signers, then: ${explainRelease}`,
  },
  ModelMismatch: {
    standing: "notYet",
    what: "the model of artifact {artifact} of release {release} is not the one that was signed: {why}",
    who: "the pipeline that publishes the release",
    next: explainRelease,
  },
  VerificationFailed: {
    standing: "notYet",
    what: "artifact {artifact} of release {release} could not be verified: {why}",
    who: "the platform team",
    next: `it is tried again; see the operator's log, then: ${explainRelease}`,
  },
  RegistryFailed: {
    standing: "notYet",
    what: "artifact {artifact} of release {release} could not be read from its registry: {why}",
    who: "the platform team",
    next: `check registry and pull secret; it is tried again by itself. ${explainRelease}`,
  },
  PullSecretUnusable: {
    standing: "notYet",
    what: "artifact {artifact} of release {release} could not be read from its registry ({why}), and {lack}",
    who: "whoever writes Secrets in the namespace, or the platform team",
    next: "{command}; it is tried again by itself",
  },
  TagContested: {
    standing: "advice",
    what: "tag {tag} is claimed by several releases ({names}), so it pins none of them",
    who: "the product team",
    next: "use the digest, or delete one of the releases: kubectl get modelreleases -n {namespace}",
  },
  ApprovalMissing: {
    standing: "notYet",
    what: "release {release} lacks approval: {missing}",
    who: "holders of the role",
    next: "vouchsafe approve modelrelease {release} -n {namespace}",
  },
  ApprovalStale: {
    standing: "notYet",
    what: "the approval of release {release} no longer fits: {changes}",
    who: "holders of the role",
    next: "vouchsafe approve modelrelease {release} -n {namespace}",
  },
  ApprovalRejected: {
    standing: "notYet",
    what: "{target} was rejected by {approver}: {why}",
    who: "whoever rejected it",
    next: "vouchsafe withdraw {approval} -n {namespace}",
  },
  ApprovalExpired: {
    standing: "notYet",
    what: "the approval of release {release} ended on {until}",
    who: "holders of the role",
    next: "vouchsafe approve modelrelease {release} -n {namespace}",
  },
  ApprovalExpiring: {
    standing: "advice",
    what: "pods of release {release} are admitted until {until} only",
    who: "holders of the role",
    next: "vouchsafe approve modelrelease {release} -n {namespace}",
  },

  // --- What is revoked
  DigestRevoked: {
    standing: "never",
    what: "{digest} was revoked: {why}",
    who: "nobody",
    next: "run another release: kubectl get modelreleases -n {namespace}",
  },
  ReleaseRevoked: {
    standing: "never",
    what: "release {release} was revoked: {why}",
    who: "nobody",
    next: "run another release: kubectl get modelreleases -n {namespace}",
  },
  SignerRevoked: {
    standing: "never",
    what: "release {release} rests on signer {signer}, which was revoked: {why}",
    who: "the pipeline that publishes the release",
    next: `sign it with another key, then: ${explainRelease}`,
  },

  HeldBack: {
    standing: "never",
    what: "{digest} is held back by incident {incident}: {why}",
    who: "the people whose vouching it lacks",
    next: "vouchsafe incident show {incident} -n {namespace}",
  },

  ReleaseWithheld: {
    standing: "notYet",
    what: "release {release} may not run any more: {code}",
    who: "the product team",
    next: explainRelease,
  },

  // --- What is stopped or no longer what it was
  SystemStopped: {
    standing: "notYet",
    what: "AISystem {system} was stopped by {by}: {why}",
    who: "holders of its stopAuthority",
    next: "vouchsafe resume {system} -n {namespace}",
  },
  SystemContained: {
    standing: "notYet",
    what: "AISystem {system} is stopped by incident {incident}",
    who: "the people who handle the incident",
    next: "vouchsafe incident show {incident} -n {namespace}",
  },
  MirrorPodRuns: {
    standing: "advice",
    what: "pod {pod} comes from a file on its node, past the gate",
    who: "the platform team",
    next: "remove the manifest from the node: kubectl get pod {pod} -n {namespace} -o wide",
  },
  FenceWidened: {
    standing: "advice",
    what: "NetworkPolicy {policy} opens the fence of AISystem {system}: {why}",
    who: "the author of the NetworkPolicy",
    next: "declare the flow in the AISystem, or: kubectl delete networkpolicy {policy} -n {namespace}",
  },
  GateDamaged: {
    standing: "advice",
    what: "admission policies of the gate are missing or changed: {names}",
    who: "the platform team",
    next: "helm upgrade restores them; the API server's audit log tells who changed them",
  },
  NamespaceReleased: {
    standing: "advice",
    what: "namespace {namespace} named AIPolicy {before} and now names {after}",
    who: "the governance team",
    next: "kubectl get namespace {namespace} --show-labels; the API server's audit log tells who changed it",
  },

  // --- What is wrong with a pod or a workload, told by the API server itself
  WarrantMissing: {
    standing: "notYet",
    what: "the gate of the namespace is not compiled yet",
    who: "the operator",
    next: "kubectl get warrants -n {namespace}",
  },
  ImageNotPinned: {
    standing: "malformed",
    what: "image {image} names no digest",
    who: "the author of the workload",
    next: "name it as repository@sha256:…; vouchsafe explain image shows the digest",
  },
  ImageUnknown: {
    standing: "notYet",
    what: "no release of the namespace lists image {image}",
    who: "the product team",
    next: "publish a ModelRelease that lists it; vouchsafe status -n {namespace} shows what may run",
  },
  SystemLabelMissing: {
    standing: "malformed",
    what: "the pod carries no label vouchsafe.dev/system",
    who: "the author of the workload",
    next: "set the label to the name of its AISystem in the pod template",
  },
  SystemUnknown: {
    standing: "malformed",
    what: "the pod's label vouchsafe.dev/system names {system}, which is no AISystem of the namespace",
    who: "the author of the workload",
    next: "kubectl get aisystems shows the names",
  },
  SystemClosed: {
    standing: "notYet",
    what: "AISystem {system} is closed: {why}",
    who: "the product team",
    next: explainSystem,
  },
  ReleasesMixed: {
    standing: "malformed",
    what: "the images of the pod share no release of AISystem {system} that may run now",
    who: "the author of the workload",
    next: "take all images from one ModelRelease; vouchsafe explain image shows whose each one is",
  },
  GrantExpired: {
    standing: "notYet",
    what: "the time in which image {image} may run for AISystem {system} is over",
    who: "holders of the approving role",
    next: "approve the release anew: vouchsafe approve",
  },
  HostNetworkForbidden: {
    standing: "malformed",
    what: "the pod uses hostNetwork, where no network policy reaches it",
    who: "the author of the workload",
    next: "remove hostNetwork from the pod template",
  },
  RunAsNonRootRequired: {
    standing: "malformed",
    what: "a container of the pod may run as root",
    who: "the author of the workload",
    next: "set securityContext.runAsNonRoot: true on the pod or on every container",
  },
  ReadOnlyRootRequired: {
    standing: "malformed",
    what: "a container of the pod has a writable root file system",
    who: "the author of the workload",
    next: "set securityContext.readOnlyRootFilesystem: true on every container",
  },
  ServiceAccountTokenForbidden: {
    standing: "malformed",
    what: "the pod gets a ServiceAccount token",
    who: "the author of the workload",
    next: "set automountServiceAccountToken: false on the pod",
  },
  EphemeralImageRefused: {
    standing: "malformed",
    what: "ephemeral container image {image} is not among the supportingImages of the policy",
    who: "the governance team",
    next: "debug with an image of supportingImages: kubectl get warrant enforce -o yaml",
  },
  RunningImageChanged: {
    standing: "malformed",
    what: "an image of a running pod cannot be changed in a governed namespace",
    who: "the author of the workload",
    next: "change the image in the workload, so that new pods replace this one",
  },

  // --- What is guarded
  WarrantGuarded: {
    standing: "guarded",
    what: "Warrants are written by the operator alone",
    who: "nobody",
    next: "approve, assess or publish instead: vouchsafe status -n {namespace}",
  },
  StatusGuarded: {
    standing: "guarded",
    what: "the status of Vouchsafe's objects is written by the operator alone",
    who: "nobody",
    next: "change spec instead",
  },
  RecordImmutable: {
    standing: "guarded",
    what: "an Approval or Revocation is never changed",
    who: "nobody",
    next: "withdraw it (vouchsafe withdraw) or create another one",
  },
  RecordDeletionGuarded: {
    standing: "guarded",
    what: "deleting an Approval, Revocation, Stop or Incident takes the right to use governancemodes/records",
    who: "the governance team",
    next: "withdraw an Approval instead: vouchsafe withdraw",
  },
  GovernanceLoosened: {
    standing: "guarded",
    what: "removing or changing a governing label of a namespace takes the right to use governancemodes by the policy's name",
    who: "the governance team",
    next: "vouchsafe whoami shows your rights",
  },
  SystemLabelGuarded: {
    standing: "guarded",
    what: "the label vouchsafe.dev/system of a pod is never changed, since gate and fence rest on it",
    who: "the author of the workload",
    next: "change the pod template, so that new pods replace this one",
  },
  QuarantineGuarded: {
    standing: "guarded",
    what: "label vouchsafe.dev/quarantine, and every label of a pod that has it, is written by the operator alone",
    who: "the people who handle the incident",
    next: "vouchsafe incident list",
  },
  HoldGuarded: {
    standing: "guarded",
    what: "{workload} is held by incident {incident}, so that no tool deletes what was rolled back",
    who: "the people who handle the incident",
    next: "vouchsafe incident show {incident} -n {namespace}",
  },
  RevisionGuarded: {
    standing: "guarded",
    what: "last-known-good and frozen ControllerRevisions are written by the operator alone",
    who: "nobody",
    next: "vouchsafe incident list shows what they are for",
  },
  StopUnentitled: {
    standing: "guarded",
    what: "stopping or resuming AISystem {system} takes an entry of its oversight.stopAuthority and RBAC verb use on stopauthorities by that name",
    who: "the platform team",
    next: "vouchsafe whoami shows your rights",
  },
  StopAuthorFalse: {
    standing: "guarded",
    what: "the Stop has to name the user who creates it",
    who: "the author of the Stop",
    next: "leave by out, or set it to what vouchsafe whoami shows",
  },
  GoUnentitled: {
    standing: "guarded",
    what: "letting a rung go ahead, one at a time, takes an entry of the system's oversight.stopAuthority and RBAC verb use on stopauthorities by that name",
    who: "the platform team",
    next: "vouchsafe whoami shows your rights",
  },
  IncidentGuarded: {
    standing: "guarded",
    what: "breach, type, release, order and digests of an Incident are written by the operator alone",
    who: "nobody",
    next: "leave breach out to report something else; add what people found with vouchsafe incident review",
  },
  FenceGuarded: {
    standing: "guarded",
    what: "NetworkPolicies of the fence are written by the operator alone",
    who: "the product team",
    next: "declare the flow in the AISystem's spec.dataFlows",
  },
  ForeignPolicyAllows: {
    standing: "guarded",
    what: "a NetworkPolicy that allows traffic would widen the fence of the namespace",
    who: "the product team",
    next: "declare the flow in the AISystem's spec.dataFlows",
  },
  AuthorsGuarded: {
    standing: "guarded",
    what: "annotation vouchsafe.dev/authors has to keep its names and to name whoever changes spec",
    who: "the author of the change",
    next: "set the annotation to its present names and your own, separated by commas",
  },
  ApproverFalse: {
    standing: "guarded",
    what: "the Approval has to name the user who creates it",
    who: "the approver",
    next: "leave approver out, or set it to what vouchsafe whoami shows",
  },
  ApproverUnentitled: {
    standing: "guarded",
    what: "the user may not approve in role {role}",
    who: "the platform team",
    next: "grant RBAC verb use on approvalroles by this name (not by *); vouchsafe whoami shows your roles",
  },
  ApproverIsAuthor: {
    standing: "guarded",
    what: "the user wrote what is to be approved",
    who: "another holder of the role",
    next: "ask somebody who did not change it",
  },
  ApprovalDigestUnknown: {
    standing: "guarded",
    what: "the digest is not what {target} asks approval for now",
    who: "the approver",
    next: "read it again: kubectl get modelreleases,riskassessments -o wide",
  },
  ApprovalRoleNotWanted: {
    standing: "guarded",
    what: "the policy wants no approval of {target} in role {role}",
    who: "the approver",
    next: "vouchsafe explain system shows the roles that are wanted",
  },
  ApprovalTooLong: {
    standing: "guarded",
    what: "the Approval has to end in the future and within the days the policy allows for role {role}",
    who: "the approver",
    next: "set an earlier until",
  },
  RevokerFalse: {
    standing: "guarded",
    what: "the Revocation has to name the user who creates it",
    who: "the author of the Revocation",
    next: "leave by out, or set it to what vouchsafe whoami shows",
  },
} as const satisfies Record<string, Finding>;

/** A code of the catalogue. */
export type FindingCode = keyof typeof FINDINGS;

/** Longest sentence that an admission message and a Warrant carry. */
const MAX_SENTENCE = 512;

/** Makes one bounded line of text that came from outside. */
export function flatten(text: string, max = MAX_SENTENCE): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`;
}

/** A finding as people read it: code, what, who can mend it, what to do next. */
export interface Stated {
  code: FindingCode;
  text: string;
}

/** The whole sentence of a finding, before anything is filled in. */
export function toTemplate(code: FindingCode): string {
  const { what, who, next } = FINDINGS[code];
  return `${code}: ${what}. ${who === "nobody" ? "Nobody can lift this" : `To be mended by ${who}`}. Next: ${next}`;
}

/** States a finding; `values` fills in the names of the template, once. An unknown namespace is no argument of a command. */
export function stateFinding(code: FindingCode, values: Readonly<Record<string, string>>): Stated {
  const template = toTemplate(code);
  const known = values.namespace === undefined ? template.replaceAll(" -n {namespace}", "") : template;
  const text = known.replace(/\{([a-zA-Z]+)\}(\.?)/g, (_, name: string, stop: string) => {
    const value = flatten(values[name] ?? "?", 160);
    // People end a reason with a full stop; the sentence brings its own.
    return stop === "" ? value : `${value.replace(/\.$/, "")}${stop}`;
  });
  return { code, text: flatten(text) };
}
