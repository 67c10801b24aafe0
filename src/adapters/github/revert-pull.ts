/**
 * Reverts a merged pull request by GitHub's own revert, where it fits: it touched nothing but the governed path, that
 * has not changed since, no record goes with it, and what comes back may run. Decided before GitHub is asked to.
 */
import * as z from "zod";
import { holdsRecord, listGovernedDigests } from "../../domain/governed-text.ts";
import { type RevertCase, toBody, toTitle } from "../../domain/revert-proposal.ts";
import type { GitHub } from "./client.ts";
import type { Culprit } from "./find-culprit.ts";
import { type GovernedPath, isBelow, isManifest } from "./manifests.ts";
import { listPullFiles, type Pull } from "./pulls.ts";
import type { FileEntry, TreeReader } from "./tree.ts";

type Files = ReadonlyMap<string, FileEntry>;

const toFiles = (entries: readonly FileEntry[]): Files => new Map(entries.map((entry) => [entry.path, entry]));
const isSame = (a: FileEntry | undefined, b: FileEntry | undefined) => a?.sha === b?.sha && a?.mode === b?.mode;

function listChanged(before: Files, after: Files): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => !isSame(before.get(path), after.get(path)));
}

const isEqualSet = (a: ReadonlySet<string>, b: readonly string[]) =>
  a.size === b.length && b.every((one) => a.has(one));

/** Whether the manifests that come back bring nothing that may not run, and take no record along. */
async function isGoodReturn(
  reader: TreeReader,
  versions: { before: Files; after: Files; changed: readonly string[]; path: string | undefined },
  about: RevertCase,
): Promise<boolean> {
  const { before, after, changed, path } = versions;
  const gone = new Set<string>();
  const back = new Set<string>();
  for (const file of changed.filter((one) => isManifest(one, path))) {
    const [old, now] = [before.get(file), after.get(file)];
    const oldText = old === undefined ? "" : await reader.readFile(old);
    const newText = now === undefined ? "" : await reader.readFile(now);
    if (holdsRecord(oldText) || holdsRecord(newText)) return false;
    for (const digest of listGovernedDigests(oldText)) back.add(digest);
    for (const digest of listGovernedDigests(newText)) gone.add(digest);
  }
  const incoming = [...back].filter((digest) => !gone.has(digest));
  return incoming.every((digest) => about.vouched.has(digest)) && about.condemned.every((digest) => !back.has(digest));
}

/** Whether condemned digests stay in manifests that the revert does not touch. */
async function isLeftOver(
  reader: TreeReader,
  now: { files: Files; changed: readonly string[]; path: string | undefined },
  about: RevertCase,
): Promise<boolean> {
  for (const [path, entry] of now.files) {
    if (now.changed.includes(path) || !isManifest(path, now.path)) continue;
    const digests = listGovernedDigests(await reader.readFile(entry));
    if (about.condemned.some((digest) => digests.has(digest))) return true;
  }
  return false;
}

/** The pull request whose revert fits the breach; undefined where none does. */
export async function findRevertible(
  github: GitHub,
  reader: TreeReader,
  look: { where: GovernedPath; culprit: Culprit },
  about: RevertCase,
): Promise<Pull | undefined> {
  const { where, culprit } = look;
  const { pull, head } = culprit;
  if (pull === undefined || typeof pull.merge_commit_sha !== "string") return undefined;
  const files = await listPullFiles(github, pull.number);
  if ([...files].some((file) => !isBelow(file, where.path))) return undefined;
  const [parent] = (await reader.readCommit(pull.merge_commit_sha)).parents;
  if (parent === undefined) return undefined;
  const before = toFiles(await reader.listFiles(parent, where.path));
  const after = toFiles(await reader.listFiles(pull.merge_commit_sha, where.path));
  const now = toFiles(await reader.listFiles(head, where.path));
  const changed = listChanged(before, after);
  // Merged by rebasing, or with more in it than the files tell: its own commit is not the whole of it.
  if (!isEqualSet(files, changed)) return undefined;
  if (changed.some((path) => !isSame(after.get(path), now.get(path)))) return undefined;
  if (!(await isGoodReturn(reader, { before, after, changed, path: where.path }, about))) return undefined;
  return (await isLeftOver(reader, { files: now, changed, path: where.path }, about)) ? undefined : pull;
}

const REVERT = `mutation ($input: RevertPullRequestInput!) {
  revertPullRequest(input: $input) { revertPullRequest { number url createdAt } }
}`;
const reverted = z.object({
  revertPullRequest: z.object({
    revertPullRequest: z.object({ number: z.int().min(1), url: z.string(), createdAt: z.string() }),
  }),
});

/** Asks GitHub to open the revert. */
export async function revertPull({ octokit, ask }: GitHub, pull: Pull, about: RevertCase) {
  const body = toBody(about, { kind: "revert", pull: pull.number });
  const input = { pullRequestId: pull.node_id, title: toTitle(about), body, draft: false };
  const answer = await ask("reverting the pull request", () => octokit.graphql(REVERT, { input }), reverted);
  return answer.revertPullRequest.revertPullRequest;
}
