/** How commands tell of a signature. Its names come from a certificate, its types from a statement that nobody vouched for yet. */
import type { VerifiedSignature } from "../api/model-release.ts";
import { toPlain } from "./verify/plain.ts";

/** What it is over, such as `artifact` or `attestation https://slsa.dev/provenance/v1`. */
export const sayMatter = ({ over, predicateType }: Pick<VerifiedSignature, "over" | "predicateType">): string =>
  predicateType === undefined ? over : `${over} ${toPlain(predicateType)}`;

/** How it was found, and over how many files of a model. */
export const listDetails = ({ form, files }: VerifiedSignature): string[] => [
  form,
  ...(files === undefined ? [] : [`${files} files`]),
];
