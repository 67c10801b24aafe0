// What the verification core says where it refuses.
import { CertificateRefusal } from "../../src/adapters/certificates/refusal.ts";
import { Refusal } from "../../src/adapters/sigstore/verdict.ts";

/** What is said, after the code where there is one; undefined where nothing is refused. Anything else that is thrown is a fault. */
export function findRefusal(demand: () => unknown): string | undefined {
  try {
    demand();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}: ${error.message}`;
    if (error instanceof CertificateRefusal) return error.message;
    throw error;
  }
}
