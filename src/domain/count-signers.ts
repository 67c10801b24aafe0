/** How many different signers signed, and until when that holds. Pure. */
import type { VerifiedSignature } from "../api/model-release.ts";

/** One signature as it counts: the signer it is believed by, whose it is, and until when (epoch milliseconds). */
export interface CountedSignature {
  signer: string;
  who: string;
  until: number;
}

/** Whose signature it is: two signers of a policy that take the same key, or the same name, are one. */
export const whoseIs = ({ signerDigest, identity, issuer }: VerifiedSignature): string =>
  identity === undefined ? signerDigest : `${issuer ?? ""} ${identity}`;

/** The end of what a signature rests on, epoch milliseconds. */
export const endOfSignature = ({ notAfter }: VerifiedSignature): number =>
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
