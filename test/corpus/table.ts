// Gathers the rows of a table of cases, and the texts that their policies pin.
import { createHash } from "node:crypto";
import type { IdentityRule, PinnedText, Signer } from "../../src/api/signer.ts";
import type { Case, Corpus } from "./case.ts";
import { type Beside, store } from "./pack.ts";

/** A case before it is stored. The artifact is what cosign is asked about where nothing else is said. */
export type Row = Omit<Case, "content" | "problems" | "question"> & {
  beside: Beside;
  problems?: Case["problems"];
  question?: Case["question"];
};

export interface Table {
  add(...rows: Row[]): void;
  /** Makes the text one of a ConfigMap. */
  pin(text: string): PinnedText;
  finish(): Corpus;
}

export function createTable(): Table {
  const cases: Case[] = [];
  const trust: Record<string, string> = {};
  return {
    add: (...rows) => {
      for (const { beside, problems = [], question, ...row } of rows) {
        cases.push({ ...row, content: store(beside), problems, question: question ?? { about: "artifact" } });
      }
    },
    pin: (text) => {
      const sha256 = createHash("sha256").update(text).digest("hex");
      trust[sha256] = text;
      return { configMap: "trust", key: sha256, sha256 };
    },
    finish: () => ({ cases, trust }),
  };
}

export const byKey = (name: string, { pem }: { pem: string }): Signer => ({ name, publicKey: { pem } });

export const bySigstore = (name: string, trustedRoot: PinnedText, issuer: string, identity: IdentityRule): Signer => ({
  name,
  sigstore: { trustedRoot, issuer, identity },
});

export const byAuthorities = (
  name: string,
  roots: PinnedText,
  more: { identity?: IdentityRule; crls?: PinnedText; timestampAuthorities?: PinnedText } = {},
): Signer => ({ name, x509: { roots, ...more } });
