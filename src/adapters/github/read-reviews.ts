/**
 * Reads what GitHub knows of one object: who wrote it, and who reviewed the commit that holds it together with its
 * AISystem, both in the content that is to be approved now. Facts only; what they are worth is decided elsewhere.
 */
import type { GitHubFailure, ReviewFacts } from "../../domain/github.ts";
import { readAuthorship, type ToForm } from "./authorship.ts";
import type { GitHub } from "./client.ts";
import { findObject, type ObjectName } from "./documents.ts";
import { GitHubError } from "./errors.ts";
import type { GovernedPath } from "./manifests.ts";
import { listReviews } from "./pulls.ts";
import { createTreeReader, type TreeReader } from "./tree.ts";

/** What is looked for. */
export interface ReviewTarget extends ObjectName {
  kind: "ModelRelease" | "RiskAssessment";
  system: string;
  /** The digest that is to be approved now. */
  digest: string;
  toForm: ToForm;
  /** The digest that an approval of these two specs would name; undefined where they are none. */
  toDigest: (spec: unknown, systemSpec: unknown) => string | undefined;
}

/** `head`: the end of the branch that it was read at. */
export type ReviewReading =
  | { outcome: "read"; head: string; facts: ReviewFacts }
  /** Git does not hold this content, or not where it can be found. */
  | { outcome: "absent"; head: string | undefined }
  | { outcome: "failed"; failure: GitHubFailure; message: string };

/** What an earlier look at the same target found. */
export type KnownReading = Exclude<ReviewReading, { outcome: "failed" }>;

/** Both objects at a commit, where they have the wanted content. */
async function findContent(reader: TreeReader, commit: string, path: string | undefined, target: ReviewTarget) {
  const at = { commit, path };
  const object = await findObject(reader, at, target);
  if (object.lies !== "here") return undefined;
  const system = await findObject(reader, at, { ...target, kind: "AISystem", name: target.system });
  if (system.lies !== "here" || target.toDigest(object.spec, system.spec) !== target.digest) return undefined;
  return { object, system };
}

async function read(
  github: GitHub,
  where: GovernedPath,
  target: ReviewTarget,
  known: KnownReading | undefined,
): Promise<ReviewReading> {
  const reader = createTreeReader(github);
  const head = await reader.findBranch(where.branch);
  if (head === undefined) return { outcome: "absent", head };
  if (known?.head === head) return refresh(github, known);
  const content = await findContent(reader, head, where.path, target);
  if (content === undefined) return { outcome: "absent", head };
  const { kind, namespace, name, toForm } = target;
  const look = { where, head, toForm };
  const written = await readAuthorship(github, reader, look, { kind, namespace, name, file: content.object.file });
  if (written.commit === undefined) return { outcome: "absent", head };
  const { authorship: system } = await readAuthorship(github, reader, look, {
    kind: "AISystem",
    namespace,
    name: target.system,
    file: content.system.file,
  });
  const { pull } = written;
  const isSeen = pull !== undefined && (await findContent(reader, pull.head.sha, where.path, target)) !== undefined;
  return {
    outcome: "read",
    head,
    facts: {
      repository: `${github.owner}/${github.repo}`,
      commit: written.commit,
      ...(isSeen
        ? { pull: { number: pull.number, head: pull.head.sha, reviews: await listReviews(github, pull.number) } }
        : {}),
      target: written.authorship,
      system,
    },
  };
}

/** Reads anew what can change while Git stays the same: reviews are given, and dismissed, after a merge too. */
async function refresh(github: GitHub, known: KnownReading): Promise<ReviewReading> {
  if (known.outcome === "absent" || known.facts.pull === undefined) return known;
  const reviews = await listReviews(github, known.facts.pull.number);
  return { ...known, facts: { ...known.facts, pull: { ...known.facts.pull, reviews } } };
}

/** Reads the reviews of one object; `known` saves reading again what Git still says. It always ends in an outcome. */
export async function readReviews(
  github: GitHub,
  where: GovernedPath,
  target: ReviewTarget,
  known?: KnownReading,
): Promise<ReviewReading> {
  try {
    return await read(github, where, target, known);
  } catch (error) {
    if (error instanceof GitHubError) return { outcome: "failed", failure: error.failure, message: error.message };
    throw error;
  }
}
