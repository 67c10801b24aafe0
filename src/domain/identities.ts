/** Which names a certificate may carry: one name letter by letter, or a regular expression over the whole of it. Pure. */
import { RE2JS } from "@bufbuild/re2";
import type { IdentityRule } from "../api/signer.ts";

/** Why a rule cannot be used, or undefined where it can. */
export function findRuleFault({ exact, pattern }: IdentityRule): string | undefined {
  if ((exact === undefined) === (pattern === undefined)) return "give the identity either as exact or as pattern";
  try {
    if (pattern !== undefined) RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return `the pattern does not compile: ${error instanceof Error ? error.message : "no reason is given"}`;
  }
}

/** Whether the rule takes the name. RE2 takes time in proportion to the name's length, whatever the pattern. */
export function takesName({ exact, pattern }: IdentityRule, name: string): boolean {
  if (name === "") return false;
  if (exact !== undefined) return name === exact;
  return pattern !== undefined && RE2JS.matches(pattern, name);
}
