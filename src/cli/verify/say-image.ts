/** What `verify-image` says: what was checked, by whom it was signed, what is missing, and what to do. */
import type { Collected } from "../../adapters/signatures/collect.ts";
import type { VerifiedSignature } from "../../api/model-release.ts";
import type { Signer } from "../../api/signer.ts";
import { listDetails, sayMatter } from "../say-signature.ts";
import { toPlain } from "./plain.ts";
import { IMAGE_REFUSALS } from "./refusals.ts";

/** What has to be signed. */
export type Demand = { over: "artifact" | "model" } | { over: "attestation"; predicateType: string };

function describeSignature(signature: VerifiedSignature) {
  const { signer, identity, issuer, notAfter } = signature;
  const who = identity === undefined ? signer : `${toPlain(identity)} (issuer ${toPlain(issuer ?? "?")})`;
  const more = listDetails(signature).join(", ");
  const until = notAfter === undefined ? "" : `, until ${notAfter}`;
  return `signed by    ${who} over the ${sayMatter(signature)} (${more})${until}`;
}

/** How what is missing comes to be there. The files of a model are signed by other tools than its manifest. */
function adviseMissing(demand: Demand, image: string): string {
  switch (demand.over) {
    case "artifact":
      return `cosign sign [--key KEY] ${image}`;
    case "model":
      return "vouchsafe sign-model (or model_signing) over the model's files, then push model.sig beside them: docs/verifying.md";
    case "attestation":
      return `cosign attest [--key KEY] --type ${toPlain(demand.predicateType)} --predicate FILE ${image}`;
  }
}

/** What to do about a refusal: each step once, those about what is missing first; but nobody is to sign what was changed. */
export function listNext(image: string, missing: readonly Demand[], { problems }: Collected): string[] {
  // A model that was signed, and is another one now, is no model that nobody signed.
  const differs = problems.some(({ code }) => code === "ModelMismatch");
  const lacking = missing.filter(({ over }) => !(over === "model" && differs));
  const signing = lacking.map((demand) => adviseMissing(demand, image));
  const mending = new Set(problems.map(({ code }) => `${code}: ${IMAGE_REFUSALS[code].next}`));
  return differs ? [...mending] : [...signing, ...mending];
}

/** What was checked, by whom it was signed, what is missing, and what to do. */
export function describeImage(name: string, missing: readonly Demand[], found: Collected, signers: Signer[]) {
  const { signatures, problems, model } = found;
  const who = signers.map((one) => one.name).join(" or ");
  return [
    `${missing.length === 0 ? "VERIFIED " : "REFUSED  "}    ${name}`,
    ...signatures.map(describeSignature),
    ...(model === undefined ? [] : [`model        ${model.digest}`, `holds        ${model.formats.join(", ")}`]),
    ...missing.map((demand) => `missing      a signature over the ${sayMatter(demand)} by ${who}`),
    ...problems.map(({ code, why }) => `found        ${code}: ${toPlain(why)}`),
    ...(missing.length === 0
      ? ["not judged   what attestations state beyond their type"]
      : ["mended by    the pipeline that publishes it, or you, where you trust whoever signed it"]),
    ...(missing.length === 0 ? [] : listNext(name, missing, found).map((step) => `next         ${step}`)),
  ];
}
