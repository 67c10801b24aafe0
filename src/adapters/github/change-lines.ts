/**
 * The minimal change: only references to images, on a branch of its own, made of blobs, a tree and a commit that are
 * the same every time. A branch of that name with anything else on it belongs to somebody else and stays as it is.
 */
import * as z from "zod";
import { swapImages } from "../../domain/governed-text.ts";
import { type RevertCase, toBody, toCommitMessage, toRevertBranch, toTitle } from "../../domain/revert-proposal.ts";
import { dataOf, type GitHub } from "./client.ts";
import { isFailure, toFailure } from "./errors.ts";
import { type GovernedPath, listManifests } from "./manifests.ts";
import type { FileEntry, TreeReader } from "./tree.ts";

const named = z.object({ sha: z.string().regex(/^[a-f0-9]{40}([a-f0-9]{24})?$/) });
const created = z.object({ number: z.int().min(1), html_url: z.string(), created_at: z.string() });
const AUTHOR = { name: "Vouchsafe", email: "noreply@vouchsafe.dev" };

interface ChangedFile {
  entry: FileEntry;
  text: string;
}

async function listChanges(
  reader: TreeReader,
  at: { commit: string; path: string | undefined },
  about: RevertCase,
): Promise<ChangedFile[]> {
  const changes: ChangedFile[] = [];
  for (const entry of await listManifests(reader, at.commit, at.path)) {
    const before = await reader.readFile(entry);
    const text = swapImages(before, about.swaps);
    if (text !== before) changes.push({ entry, text });
  }
  return changes;
}

/** Writes the commit with the changed files on top of `parent`; its name depends on its content alone. */
async function writeCommit(
  { octokit, owner, repo, ask }: GitHub,
  parent: { sha: string; tree: string },
  changes: readonly ChangedFile[],
  about: RevertCase,
): Promise<string> {
  const where = { owner, repo };
  const tree: { path: string; mode: FileEntry["mode"]; type: "blob"; sha: string }[] = [];
  for (const { entry, text } of changes) {
    const content = Buffer.from(text, "latin1").toString("base64");
    const request = () => octokit.rest.git.createBlob({ ...where, content, encoding: "base64" });
    const { sha } = await ask("writing a file", request, dataOf(named));
    tree.push({ path: entry.path, mode: entry.mode, type: "blob", sha });
  }
  const written = await ask(
    "writing a folder",
    () => octokit.rest.git.createTree({ ...where, base_tree: parent.tree, tree }),
    dataOf(named),
  );
  const author = { ...AUTHOR, date: about.detectedAt };
  const commit = await ask(
    "writing a commit",
    () =>
      octokit.rest.git.createCommit({
        ...where,
        message: toCommitMessage(about),
        tree: written.sha,
        parents: [parent.sha],
        author,
        committer: author,
      }),
    dataOf(named),
  );
  return commit.sha;
}

/** Makes the branch point to the commit; one that points anywhere else is left alone. */
async function claimBranch(github: GitHub, reader: TreeReader, branch: string, commit: string): Promise<void> {
  const { octokit, owner, repo, ask } = github;
  const request = () => octokit.rest.git.createRef({ owner, repo, ref: `refs/heads/${branch}`, sha: commit });
  try {
    await ask(`making branch ${branch}`, request, z.unknown());
  } catch (error) {
    if (!isFailure(error, "Conflict") || (await reader.findBranch(branch)) !== commit) throw error;
  }
}

/** The commit that an interrupted proposal was built on, or the end of the branch where there was none. */
async function findBase(
  reader: TreeReader,
  branch: string,
  head: string,
): Promise<{ base: string; standing: string | undefined }> {
  const standing = await reader.findBranch(branch);
  if (standing === undefined) return { base: head, standing };
  const [base, ...more] = (await reader.readCommit(standing)).parents;
  if (base === undefined || more.length > 0) throw toFailure(`branch ${branch}`, { code: "Conflict" });
  return { base, standing };
}

/** Opens the pull request with the minimal change. */
export async function proposeLines(
  github: GitHub,
  reader: TreeReader,
  look: { where: GovernedPath; head: string },
  about: RevertCase,
) {
  const { octokit, owner, repo, ask } = github;
  const branch = toRevertBranch(about);
  const { base, standing } = await findBase(reader, branch, look.head);
  const changes = await listChanges(reader, { commit: base, path: look.where.path }, about);
  const commit = await writeCommit(github, await reader.readCommit(base), changes, about);
  if (standing === undefined) await claimBranch(github, reader, branch, commit);
  else if (standing !== commit) throw toFailure(`branch ${branch}`, { code: "Conflict" });
  const files = changes.map(({ entry }) => entry.path);
  const request = () =>
    octokit.rest.pulls.create({
      owner,
      repo,
      title: toTitle(about),
      head: branch,
      base: look.where.branch,
      body: toBody(about, { kind: "lines", files }),
      draft: false,
    });
  const pull = await ask("opening the pull request", request, dataOf(created));
  return { number: pull.number, url: pull.html_url, createdAt: pull.created_at };
}
