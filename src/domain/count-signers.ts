/** How many different signers signed, and until when that holds. Pure. */
import type { VerifiedSignature } from "../api/model-release.ts";

/** One signature as it counts: the signer it is believed by, whose it is, and until when (epoch milliseconds). */
export interface CountedSignature {
  signer: string;
  who: string;
  until: number;
}

type Marks = Pick<VerifiedSignature, "keyDigest" | "identity">;

/** What tells one who signs from another: the key, and the name, where a certificate gives one. */
const listMarks = ({ keyDigest, identity }: Marks): string[] => [
  `key ${keyDigest}`,
  ...(identity === undefined ? [] : [`name ${identity}`]),
];

/**
 * Whose each signature is: those that share a key or a name are one person's, and so are those that share them with
 * others between them. Gives the people in the order of the signatures.
 */
export function tellPeople(signatures: readonly Marks[]): string[] {
  const leader = new Map<string, string>();
  const find = (mark: string): string => {
    const next = leader.get(mark) ?? mark;
    return next === mark ? mark : find(next);
  };
  for (const signature of signatures) {
    const [first = "", ...others] = listMarks(signature);
    for (const other of others) leader.set(find(other), find(first));
  }
  return signatures.map((signature) => find(listMarks(signature)[0] ?? ""));
}

/** The end of what a signature rests on, epoch milliseconds. */
export const endOfSignature = ({ notAfter }: Pick<VerifiedSignature, "notAfter">): number =>
  notAfter === undefined ? Number.POSITIVE_INFINITY : Date.parse(notAfter);

/**
 * Most pairs of a signer and somebody who signed, each used once: of two signers that take the same name by a pattern,
 * one name counts once, and two names by one signer count once.
 */
export function countSigners(signatures: readonly Pick<CountedSignature, "signer" | "who">[]): number {
  const takers = new Map<string, string>();
  const whoseBy = (signer: string) => signatures.filter((one) => one.signer === signer).map(({ who }) => who);
  const assign = (signer: string, tried: Set<string>): boolean =>
    whoseBy(signer).some((who) => {
      if (tried.has(who)) return false;
      tried.add(who);
      const taker = takers.get(who);
      if (taker !== undefined && !assign(taker, tried)) return false;
      takers.set(who, signer);
      return true;
    });
  return [...new Set(signatures.map(({ signer }) => signer))].filter((signer) => assign(signer, new Set())).length;
}

/** Until when at least `count` different signers stand behind it; undefined where fewer do now. */
export function findEnd(signatures: readonly CountedSignature[], count: number, now: number): number | undefined {
  const ends = [...new Set(signatures.map(({ until }) => until))].toSorted((a, b) => b - a);
  return ends.find((end) => end > now && countSigners(signatures.filter(({ until }) => until >= end)) >= count);
}
