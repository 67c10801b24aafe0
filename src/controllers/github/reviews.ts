/**
 * Looks on GitHub for reviews of what may be approved now, and writes the Approvals that they amount to, with their
 * evidence. Reviews have no watch, so it looks again and again, at as little as it can.
 */
import type { GitHub } from "../../adapters/github/client.ts";
import { GitHubError } from "../../adapters/github/errors.ts";
import { type KnownReading, readReviews, type ReviewReading } from "../../adapters/github/read-reviews.ts";
import { Approval } from "../../api/approval.ts";
import { toResource } from "../../api/kind.ts";
import { APPROVALS_WARRANT } from "../../api/labels.ts";
import { ModelRelease } from "../../api/model-release.ts";
import { RiskAssessment } from "../../api/risk-assessment.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import { listValid } from "../../domain/facts.ts";
import { decideReviewApprovals, type ReviewDecision, type ReviewFacts } from "../../domain/github.ts";
import { type Controller, createController, fromStore, isApiError, type Result } from "../../runtime/index.ts";
import { toObserver } from "../governance/controller.ts";
import { observeModes } from "../governance/observe.ts";
import { applyStatus, OPERATOR_ACTOR, type Toolbox, toSubject } from "../toolbox.ts";
import { GITHUB_MANAGER, type OpenGitHub, openWhereAllowed } from "./controller.ts";
import {
  createDigesting,
  findPause,
  listLooks,
  listWrites,
  type ReviewedFacts,
  type ReviewedObject,
  type ReviewLook,
  toForm,
  toOrigin,
  type Written,
} from "./decide-reviews.ts";

const APPROVALS = toResource(Approval);
/** What cannot be asked since the operator has no credential may have one later. */
const NO_CREDENTIAL_MS = 600_000;

export interface ReviewsOptions {
  operatorNamespace: string;
  openGitHub: OpenGitHub;
}

/** Makes the controller; its keys are `Kind/namespace/name` of releases and assessments. */
export function createReviewsController(tools: Toolbox, { operatorNamespace, openGitHub }: ReviewsOptions): Controller {
  const { world, now } = tools;
  /** By key and digest: what Git said last, and when to ask again. */
  const known = new Map<string, { reading: KnownReading | undefined; next: number }>();

  const observe = (object: ReviewedObject): ReviewedFacts => {
    const { namespace = "" } = object.metadata;
    const system = world.systems.get(`${namespace}/${object.spec.system}`);
    const warrant = world.warrants.get(`${namespace}/${APPROVALS_WARRANT}`);
    return {
      object,
      system: system?.outcome === "valid" ? system.object : undefined,
      warrant: warrant?.outcome === "valid" ? warrant.object.spec : undefined,
      modes: observeModes(world, operatorNamespace, namespace),
    };
  };

  const ask = async (look: ReviewLook, modes: ReviewedFacts["modes"], before: KnownReading | undefined) => {
    const { repository, branch, path } = look.where;
    let github: GitHub | undefined;
    try {
      github = await openWhereAllowed(openGitHub)(repository, "read");
      if (github === undefined) return undefined;
      const { kind, name, digest } = look.target;
      const { namespace = "" } = look.object.metadata;
      const toDigest = createDigesting(look, modes);
      const target = { kind, name, namespace, digest, system: look.object.spec.system, toForm, toDigest };
      return await readReviews(github, { branch, path }, target, before);
    } catch (error) {
      if (!(error instanceof GitHubError)) throw error;
      return { outcome: "failed", failure: error.failure, message: error.message } satisfies ReviewReading;
    } finally {
      await github?.close();
    }
  };

  const create = async (approval: Written) => {
    try {
      await tools.client.create(APPROVALS, approval);
    } catch (error) {
      // Written before, by a run whose echo has not arrived yet.
      if (!isApiError(error, "AlreadyExists")) throw error;
      return;
    }
    const { spec } = approval;
    tools.evidence.record({
      kind: "approval",
      actor: spec.approver?.username ?? OPERATOR_ACTOR,
      object: toSubject(approval),
      what: spec.decision === "withdraw" ? "lapsed" : "reviewed",
      digest: spec.target.digest,
      inputs: spec.review === undefined ? [] : [spec.review.commit, String(spec.review.review)],
      codes: [],
      text: spec.review?.url ?? spec.reason,
    });
  };

  const writeOrigin = async (look: ReviewLook, facts: ReviewFacts, decision: ReviewDecision) => {
    const { object } = look;
    const origin = toOrigin(look, facts, decision);
    const before = object.status?.origin;
    if (before !== undefined && toCanonicalText(before) === toCanonicalText(origin)) return;
    const kind = look.target.kind === "ModelRelease" ? ModelRelease : RiskAssessment;
    await applyStatus(tools, toResource(kind), object, { fieldManager: GITHUB_MANAGER, value: { origin } });
  };

  const carryOut = async (look: ReviewLook, facts: ReviewFacts) => {
    const { namespace = "" } = look.object.metadata;
    const approvals = listValid(world.approvals.byIndex("namespace", namespace));
    const decision = decideReviewApprovals({ ...look, facts, approvals, now: now() });
    await writeOrigin(look, facts, decision);
    const existing = new Set(approvals.map(({ metadata }) => metadata.name));
    for (const approval of listWrites(look, decision, existing)) await create(approval);
  };

  /** One look at one digest; gives when to look again, epoch milliseconds. */
  const work = async (key: string, look: ReviewLook, modes: ReviewedFacts["modes"]): Promise<number> => {
    const id = `${key} ${look.target.digest}`;
    const before = known.get(id);
    if (before !== undefined && before.next > now()) return before.next;
    const reading = await ask(look, modes, before?.reading);
    if (reading?.outcome === "read") await carryOut(look, reading.facts);
    const failure = reading?.outcome === "failed" ? reading.failure : undefined;
    const next = now() + (reading === undefined ? NO_CREDENTIAL_MS : findPause(look, failure, now()));
    const kept = reading === undefined || reading.outcome === "failed" ? before?.reading : reading;
    known.set(id, { reading: kept, next });
    return next;
  };

  const findObject = (key: string): ReviewedObject | undefined => {
    const [kind = "", ...name] = key.split("/");
    const read = (kind === "ModelRelease" ? world.releases : world.assessments).get(name.join("/"));
    return read?.outcome === "valid" ? read.object : undefined;
  };

  const reconcile = async (key: string): Promise<Result> => {
    const object = findObject(key);
    const facts = object === undefined ? undefined : observe(object);
    const looks = facts === undefined ? [] : listLooks(facts);
    const wanted = new Set(looks.map(({ target }) => `${key} ${target.digest}`));
    for (const id of known.keys()) if (id.startsWith(`${key} `) && !wanted.has(id)) known.delete(id);
    if (facts === undefined || looks.length === 0) return { kind: "done" };
    const next: number[] = [];
    for (const look of looks) next.push(await work(key, look, facts.modes));
    return { kind: "requeueAfter", ms: Math.max(0, Math.min(...next) - now()) };
  };

  const keysOf = (namespace: string) => [
    ...world.releases
      .byIndex("namespace", namespace)
      .map(({ metadata }) => `ModelRelease/${namespace}/${metadata.name}`),
    ...world.assessments
      .byIndex("namespace", namespace)
      .map(({ metadata }) => `RiskAssessment/${namespace}/${metadata.name}`),
  ];
  const ofObject =
    (kind: "ModelRelease" | "RiskAssessment") =>
    ({ metadata }: { metadata: { namespace?: string; name: string } }) => [
      `${kind}/${metadata.namespace ?? ""}/${metadata.name}`,
    ];
  const ofNamespace = ({ metadata }: { metadata: { namespace?: string } }) => keysOf(metadata.namespace ?? "");
  return createController({
    name: "reviews",
    sources: [
      fromStore(world.warrants, ofNamespace),
      fromStore(world.systems, ofNamespace),
      // At the start these may be listed after the Warrants that name them.
      fromStore(world.releases, ofObject("ModelRelease")),
      fromStore(world.assessments, ofObject("RiskAssessment")),
    ],
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
    concurrency: 1,
  });
}
