/** cosign's signatures over an image: what they are about, in the bundle's form and in the legacy one. */
import * as z from "zod";
import { parseDistinctJson } from "../decode.ts";
import type { Statement } from "./bundle.ts";

export const COSIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1";

/** Whether a statement is about exactly this digest. */
export function isAbout(statement: Statement, digest: string): boolean {
  return statement.subject.length === 1 && isAmong(statement, digest);
}

/** Whether this digest is one of those that a statement is about. */
export function isAmong({ subject }: Statement, digest: string): boolean {
  return subject.some((one) => `sha256:${one.digest.sha256 ?? ""}` === digest);
}

const image = z.object({
  "docker-manifest-digest": z.string().optional(),
  // Old documents write it with a capital letter.
  "Docker-manifest-digest": z.string().optional(),
});
const simpleSigning = z.object({
  critical: z.object({ type: z.literal("cosign container image signature"), image }),
});

/** The digest that a legacy payload is about; undefined where it is no such payload. */
export function readSimpleSigning(payload: Buffer): string | undefined {
  try {
    const parsed = simpleSigning.safeParse(parseDistinctJson(payload));
    if (!parsed.success) return undefined;
    const { image: named } = parsed.data.critical;
    const lower = named["docker-manifest-digest"];
    const capital = named["Docker-manifest-digest"];
    // Two names that say different things say nothing.
    return lower !== undefined && capital !== undefined && lower !== capital ? undefined : (lower ?? capital);
  } catch {
    return undefined;
  }
}
