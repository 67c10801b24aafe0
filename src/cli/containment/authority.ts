/** Finds the entry of a system's stopAuthority in whose name the user may act. */
import { AISystem } from "../../api/ai-system.ts";
import { readOne } from "../read.ts";
import { type Held, holdsByName } from "../rights.ts";
import { type Answer, type Session, UsageError } from "../session.ts";

export type Chosen = { outcome: "held"; authority: string } | { outcome: "refused"; answer: Answer };

/** The authorities that the system names; empty where there is no such system. */
export async function listAuthorities(session: Session, system: string): Promise<string[] | undefined> {
  return (await readOne<AISystem>(session, AISystem, system))?.spec.oversight.stopAuthority;
}

const SAY: Record<Held, string> = {
  yes: "held",
  no: "not held",
  wildcard: 'held by "*" only, which counts for nothing',
};

/** Takes the first authority that RBAC grants by name, or the one that is asked for where it is. */
export async function chooseAuthority(
  session: Session,
  system: string,
  named: readonly string[],
  asked: string | undefined,
): Promise<Chosen> {
  const candidates = asked === undefined ? named : named.filter((name) => name === asked);
  if (candidates.length === 0)
    throw new UsageError(`AISystem ${system} names no stopAuthority ${asked ?? ""}, only: ${named.join(", ")}`);
  const found: [string, Held][] = [];
  for (const authority of candidates) {
    const held = await holdsByName(session, "stopauthorities", authority, session.namespace);
    if (held === "yes") return { outcome: "held", authority };
    found.push([authority, held]);
  }
  const lines = [
    `You may not act for AISystem ${system}: it takes one of its oversight.stopAuthority.`,
    ...found.map(([authority, held]) => `  ${authority}: ${SAY[held]}`),
    `Whoever may write Roles in namespace ${session.namespace}, such as the platform team, can grant one: verb use on`,
    "stopauthorities in group vouchsafe.dev, by this name and not by *. docs/containment.md has the Role.",
  ];
  return { outcome: "refused", answer: { exit: 1, json: { refused: "unentitled", authorities: found }, lines } };
}
