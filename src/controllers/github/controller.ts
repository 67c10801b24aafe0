/**
 * Follows Incidents and opens the pull request that makes Git true again, where the AISystem wants one. It writes
 * `status.pullRequest` and nothing else; a GitHub that is away is asked again less and less often.
 */
import type { GitHub } from "../../adapters/github/client.ts";
import { GitHubError } from "../../adapters/github/errors.ts";
import { proposeRevert } from "../../adapters/github/propose-revert.ts";
import type { SystemGitHub } from "../../api/github.ts";
import { Incident } from "../../api/incident.ts";
import { toResource } from "../../api/kind.ts";
import { toCanonicalText } from "../../domain/canonical.ts";
import { listValid } from "../../domain/facts.ts";
import type { RevertCase, RevertOutcome } from "../../domain/revert-proposal.ts";
import { type Controller, createController, fromStore, isApiError, type Result } from "../../runtime/index.ts";
import { toObserver } from "../governance/controller.ts";
import { applyStatus, type FieldManager, OPERATOR_ACTOR, type Toolbox, toSubject } from "../toolbox.ts";
import {
  decideRevert,
  decideStatus,
  findNextLook,
  isSettled,
  type PullRequestStatus,
  type RevertFacts,
} from "./decide.ts";

/** Opens GitHub for one repository with the credential as it is now; undefined where the operator has none. */
export type OpenGitHub = (repository: string, access: "read" | "write") => Promise<GitHub | undefined>;

/** As `open`, and nothing is opened where the Secret is not there or may not be read. */
export const openWhereAllowed =
  (open: OpenGitHub): OpenGitHub =>
  (repository, access) =>
    open(repository, access).catch((error: unknown) => {
      if (isApiError(error, "NotFound", "Forbidden")) return undefined;
      throw error;
    });

/** Who writes what is known from GitHub. */
export const GITHUB_MANAGER: FieldManager = "vouchsafe-github";

const NO_CREDENTIAL: RevertOutcome = {
  outcome: "failed",
  failure: { code: "Forbidden" },
  message: "the operator has no Secret with a credential for GitHub (setting VOUCHSAFE_GITHUB_SECRET)",
};

async function ask(open: OpenGitHub, where: SystemGitHub, about: RevertCase): Promise<RevertOutcome> {
  try {
    const github = await openWhereAllowed(open)(where.repository, "write");
    if (github === undefined) return NO_CREDENTIAL;
    try {
      return await proposeRevert(github, { branch: where.branch, path: where.path }, about);
    } finally {
      await github.close();
    }
  } catch (error) {
    if (error instanceof GitHubError) return { outcome: "failed", failure: error.failure, message: error.message };
    throw error;
  }
}

/** Makes the controller; its keys are `namespace/name` of Incidents. */
export function createRevertController(tools: Toolbox, openGitHub: OpenGitHub): Controller {
  const { world, now } = tools;
  const notBefore = new Map<string, number>();

  const observe = (key: string, incident: Incident): RevertFacts => {
    const { namespace = "" } = incident.metadata;
    const system = world.systems.get(`${namespace}/${incident.spec.system ?? ""}`);
    const warrant = world.warrants.get(`${namespace}/enforce`);
    return {
      incident,
      system: system?.outcome === "valid" ? system.object : undefined,
      releases: listValid(world.releases.byIndex("namespace", namespace)),
      warrant: warrant?.outcome === "valid" ? warrant.object.spec : undefined,
      notBefore: notBefore.get(key) ?? 0,
      now: now(),
    };
  };

  const announce = async (incident: Incident, status: PullRequestStatus, about: RevertCase) => {
    tools.evidence.record({
      kind: "action",
      actor: OPERATOR_ACTOR,
      object: toSubject(incident),
      what: `pullRequest${status.state}`,
      inputs: about.condemned,
      codes: [],
      text: status.url ?? status.message,
    });
    await tools.events.record(incident, {
      type: isSettled(status) ? "Normal" : "Warning",
      reason: `Revert${status.state}`,
      note: status.url === undefined ? status.message : `${status.url}: ${status.message}`,
      action: "Revert",
    });
  };

  const reconcile = async (key: string): Promise<Result> => {
    const read = world.incidents.get(key);
    if (read === undefined) notBefore.delete(key);
    if (read?.outcome !== "valid") return { kind: "done" };
    const incident = read.object;
    const decision = decideRevert(observe(key, incident));
    if (decision.act === "none") return { kind: "done" };
    if (decision.act === "wait") return { kind: "requeueAfter", ms: decision.ms };
    const outcome = await ask(openGitHub, decision.where, decision.about);
    const before = incident.status?.pullRequest;
    const status = decideStatus(outcome, before, now());
    const next = findNextLook(status, outcome, now());
    if (next === undefined) notBefore.delete(key);
    else notBefore.set(key, next);
    if (before === undefined || toCanonicalText(before) !== toCanonicalText(status)) {
      const value = { pullRequest: status };
      await applyStatus(tools, toResource(Incident), incident, { fieldManager: GITHUB_MANAGER, value });
      if (before?.state !== status.state) await announce(incident, status, decision.about);
    }
    return next === undefined ? { kind: "done" } : { kind: "requeueAfter", ms: next - now() };
  };

  return createController({
    name: "revert",
    sources: [
      fromStore(world.incidents, ({ metadata }) => [`${metadata.namespace ?? ""}/${metadata.name}`]),
      fromStore(world.systems, ({ metadata: { namespace = "", name } }) =>
        listValid(world.incidents.byIndex("namespace", namespace))
          .filter(({ spec }) => spec.system === name)
          .map(({ metadata }) => `${namespace}/${metadata.name}`),
      ),
    ],
    reconcile,
    logger: tools.logger,
    observer: toObserver(tools),
    // One talk with GitHub at a time: its secondary limits count what is asked at once.
    concurrency: 1,
  });
}
