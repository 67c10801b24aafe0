/**
 * Who wrote one object, by everything that ever changed its approved form. Where the history does not lead back to
 * the object's first line, it is not complete, and somebody unknown has to be assumed behind it.
 */
import type { Account, Authorship, CommitFact } from "../../domain/github.ts";
import type { GitHub } from "./client.ts";
import { findObject, type ObjectName, readHolding } from "./documents.ts";
import { listCommits, type ListedCommit, toCommitFact } from "./history.ts";
import type { GovernedPath } from "./manifests.ts";
import { listMergedPulls, listPullCommits, type Pull } from "./pulls.ts";
import type { TreeReader } from "./tree.ts";

/** The approved form of a spec as text; undefined where it is none. */
export type ToForm = (kind: string, spec: unknown) => string | undefined;

export interface Written {
  authorship: Authorship;
  /** The commit that brought the present form, and the pull request that brought the commit. */
  commit?: string;
  pull?: Pull;
}

/** The object, and the file that holds it at the end of the branch. */
export interface Located extends ObjectName {
  file: string;
}

const MAX_COMMITS = 100;
/** Most commits whose pull requests are looked at. */
const MAX_CHANGES = 20;

type Form = { form: string } | "none" | "unclear";

const isSame = (a: Form, b: Form) => (typeof a === "object" && typeof b === "object" ? a.form === b.form : a === b);

async function readForm(reader: TreeReader, commit: string, object: Located, toForm: ToForm): Promise<Form> {
  const [file] = await reader.listFiles(commit, object.file);
  if (file === undefined) return "none";
  const holding = await readHolding(reader, file, object);
  if (holding.holds !== "one") return holding.holds;
  const form = toForm(object.kind, holding.spec);
  return form === undefined ? "unclear" : { form };
}

interface Change {
  commit: ListedCommit;
  form: Form;
  /** Whether what was there before is known: the same object in this file, or certainly nothing. */
  isTraceable: boolean;
}

/** What a commit made of the object; undefined where it left it as one of its parents had it. */
async function readChange(
  reader: TreeReader,
  commit: ListedCommit,
  object: Located,
  look: { path: string | undefined; toForm: ToForm },
): Promise<Change | undefined> {
  const form = await readForm(reader, commit.sha, object, look.toForm);
  let isTraceable = form !== "unclear";
  for (const { sha } of commit.parents) {
    const before = await readForm(reader, sha, object, look.toForm);
    if (isSame(form, before)) return undefined;
    if (before !== "none") continue;
    const elsewhere = await findObject(reader, { commit: sha, path: look.path }, object);
    if (elsewhere.lies !== "nowhere") isTraceable = false;
  }
  return { commit, form, isTraceable };
}

/** Reads who wrote the object. */
export async function readAuthorship(
  github: GitHub,
  reader: TreeReader,
  look: { where: GovernedPath; head: string; toForm: ToForm },
  object: Located,
): Promise<Written> {
  const { where, head, toForm } = look;
  const present = await readForm(reader, head, object, toForm);
  const { commits, isWhole } = await listCommits(github, { sha: head, path: object.file }, MAX_COMMITS);
  const changes: Change[] = [];
  for (const commit of commits) {
    const change = await readChange(reader, commit, object, { path: where.path, toForm });
    if (change !== undefined) changes.push(change);
  }
  const facts: CommitFact[] = [];
  const openers: (Account | undefined)[] = [];
  let brought: Omit<Written, "authorship"> = {};
  for (const { commit, form } of changes.slice(0, MAX_CHANGES)) {
    facts.push(toCommitFact(commit));
    const pulls = await listMergedPulls(github, commit.sha, where.branch);
    for (const { number, user } of pulls) {
      openers.push(user);
      facts.push(...(await listPullCommits(github, number)).map(toCommitFact));
    }
    const [pull] = pulls;
    if (brought.commit === undefined && isSame(form, present)) {
      brought = { commit: commit.sha, ...(pull === undefined ? {} : { pull }) };
    }
  }
  const isComplete = isWhole && changes.length <= MAX_CHANGES && changes.every(({ isTraceable }) => isTraceable);
  return { authorship: { isComplete, commits: facts, openers }, ...brought };
}
