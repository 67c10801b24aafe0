// What most cases ask and expect.
import type { ProblemCode, Question } from "../case.ts";
import { EVALUATION } from "../statements.ts";

export const ATTESTED: Question = { about: "attestation", predicateType: EVALUATION };
/** cosign knows no model signatures. */
export const NOTHING: Question = { about: "nothing" };

export const ARTIFACT = { over: "artifact", form: "cosign-bundle" } as const;
export const OLD_ARTIFACT = { over: "artifact", form: "cosign-legacy" } as const;
export const ATTESTATION = { over: "attestation", form: "cosign-bundle", predicateType: EVALUATION } as const;
export const FILES_SIGNED = { over: "model", form: "oms", files: 2 } as const;

/** It does not hold. */
export const INVALID: { problems: ProblemCode[] } = { problems: ["SignatureInvalid"] };
/** It holds, or may, and is by nobody whom the policy names. */
export const UNKNOWN: { problems: ProblemCode[] } = { problems: ["SignerUnknown"] };

export const NOT_EXACTLY = "the name is compared letter by letter";
