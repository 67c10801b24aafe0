/**
 * The words of a revert pull request: its branch, marker, title, commit message and body. The same incident always
 * gives the same words, so that a proposal that was interrupted is found again. No secrets, no payload.
 */
import { createHash } from "node:crypto";
import { flatten } from "./findings.ts";
import type { GitHubFailure } from "./github.ts";
import type { ImageSwap } from "./governed-text.ts";

/** A breach as far as its pull request tells of it. */
export interface RevertCase {
  incident: { namespace: string; name: string; uid: string };
  system: string;
  /** The release that is in breach, where one is concerned. */
  release?: string;
  /** The release that runs instead, where one does. */
  restored?: string;
  severity: string;
  summary: string;
  /** RFC 3339. */
  detectedAt: string;
  /** What was done, each with the moment it was done. */
  steps: readonly { what: string; at: string }[];
  /** Digests that may not run any more. */
  condemned: readonly string[];
  /** What took their place in the cluster. */
  swaps: readonly ImageSwap[];
  /** Digests that may run now: nothing else is ever brought back. */
  vouched: ReadonlySet<string>;
}

/** How proposing it ended. `standing` is what people made of a pull request that was there already. */
export type RevertOutcome =
  | { outcome: "proposed"; number: number; url: string; createdAt: string; standing: "open" | "closed" | "merged" }
  /** Git makes none of it run. */
  | { outcome: "notNeeded" }
  /** There is nothing vouched to put in its place. */
  | { outcome: "impossible"; digests: string[] }
  | { outcome: "failed"; failure: GitHubFailure; message: string };

/** What a pull request changes. */
export type RevertChange = { kind: "revert"; pull: number } | { kind: "lines"; files: readonly string[] };

const MAX_FILES_SHOWN = 50;
const MAX_NAME_IN_BRANCH = 60;

/** The line by which the pull request of an incident is found again. */
export const toMarker = ({ incident: { namespace, name, uid } }: RevertCase) =>
  `Vouchsafe-Incident: ${namespace}/${name} ${uid}`;

/** Whether a text carries the incident's marker as a line of its own. */
export const hasMarker = (text: string, about: RevertCase) =>
  text.split(/\r?\n/).some((line) => line.trim() === toMarker(about));

/** The branch of a minimal change: one per incident and target, with only what Git allows in a name. */
export function toRevertBranch(about: RevertCase): string {
  const { namespace, name, uid } = about.incident;
  const swaps = about.swaps.map(({ from, to }) => `${from} ${to}`).toSorted();
  const hash = createHash("sha256")
    .update([uid, ...swaps].join("\n"))
    .digest("hex")
    .slice(0, 12);
  const readable = `${namespace}-${name}`.replaceAll(".", "-").slice(0, MAX_NAME_IN_BRANCH).replace(/-+$/, "");
  return `vouchsafe/revert-${readable}-${hash}`;
}

/** The title. */
export function toTitle({ system, release, restored }: RevertCase): string {
  const what = release === undefined ? "what may not run any more" : release;
  return `Take ${what} of ${system} out of Git${restored === undefined ? "" : `: back to ${restored}`}`;
}

/** The message of the commit of a minimal change. */
export const toCommitMessage = (about: RevertCase) =>
  `${toTitle(about)}\n\nIncident ${about.incident.namespace}/${about.incident.name}.\n\n${toMarker(about)}\n`;

/** Text of others, so that nothing in it mentions, links or closes anything. */
const quote = (text: string) => ["```text", flatten(text).replaceAll("`", "'"), "```"];
const code = (text: string) => `\`${text.replaceAll("`", "'")}\``;

function describeChange(change: RevertChange): string[] {
  switch (change.kind) {
    case "revert":
      return [`It reverts #${change.pull}, which brought what may not run any more and changed nothing else since.`];
    case "lines": {
      const shown = change.files.slice(0, MAX_FILES_SHOWN).map((file) => `- ${code(file)}`);
      const rest = change.files.length - shown.length;
      return [
        "It changes references to images and nothing else. A tag that stands in a line of its own is left as it is.",
        "",
        ...shown,
        ...(rest > 0 ? [`- and ${rest} more`] : []),
      ];
    }
  }
}

/** The body. */
export function toBody(about: RevertCase, change: RevertChange): string {
  const { namespace, name } = about.incident;
  const { system, release, restored } = about;
  const runs = restored === undefined ? "Nothing of it runs now." : `The cluster is back on ${code(restored)}.`;
  return [
    `${release === undefined ? "An image" : `Release ${code(release)}`} of AISystem ${code(`${namespace}/${system}`)} may not run any more. ${runs}`,
    "The cluster refuses it, whatever Git says; this pull request makes Git say the same.",
    "",
    ...quote(about.summary),
    "",
    `| | |`,
    `|---|---|`,
    `| Incident | ${code(`${namespace}/${name}`)} (${about.severity}) |`,
    `| Noticed | ${about.detectedAt} |`,
    ...about.steps.map(({ what, at }) => `| ${what} | ${at} |`),
    "",
    "| may not run | runs instead |",
    "|---|---|",
    ...listSwaps(about).map(([from, to]) => `| ${code(from)} | ${to === undefined ? "nothing" : code(to)} |`),
    "",
    "### What it changes",
    ...describeChange(change),
    "",
    "### How to check",
    "```sh",
    `kubectl get incident ${name} -n ${namespace} -o yaml`,
    ...(release === undefined ? [] : [`vouchsafe explain release ${release} -n ${namespace}`]),
    ...(restored === undefined ? [] : [`vouchsafe explain release ${restored} -n ${namespace}`]),
    "```",
    "",
    "Merge it after a look, or close it; it is neither merged nor opened again for you.",
    "",
    toMarker(about),
    "",
  ].join("\n");
}

function listSwaps({ condemned, swaps }: RevertCase): (readonly [string, string | undefined])[] {
  const swapped = swaps.map(({ from, to }) => [from, to] as const);
  const rest = condemned.filter((digest) => !swaps.some(({ from }) => from.endsWith(digest)));
  return [...swapped, ...rest.map((digest) => [digest, undefined] as const)].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
