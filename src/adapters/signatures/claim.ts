/** What a candidate claims to be: a signature over this artifact, over the model in it, or a statement about it. */
import { createHash } from "node:crypto";
import { STATEMENT_V1 } from "../in-toto.ts";
import { PREDICATE_TYPE } from "../model-signing/manifest.ts";
import { type Artifact, parseDigest, toArtifact } from "../sigstore/artifact.ts";
import type { Signed } from "./believe.ts";
import { type Bundle, parseBundle, type Statement } from "./bundle.ts";
import type { Candidate } from "./candidate.ts";
import { COSIGN_PREDICATE, isAbout, isAmong, readSimpleSigning } from "./cosign.ts";

/** What is signed. `statement` of a model still has to be held to the artifact's layers. */
export type Over =
  | { over: "artifact" }
  | { over: "model"; statement: Statement }
  | { over: "attestation"; predicateType: string };

export type Claim = { claim: Over; signed: Signed } | { broken: string };

/** The artifact that candidates lie beside. Plain data. */
export interface Subject {
  digest: string;
}

const OTHER = "a cosign signature beside it is for another artifact";

/** What a model signature is about: the digest over the digests of its files. */
const findRoot = ({ subject }: Statement) => parseDigest(`sha256:${subject[0]?.digest.sha256 ?? ""}`);

function readStatement(
  bundle: Extract<Bundle, { content: "statement" }>,
  { bundle: bytes, envelope }: Candidate,
  subject: Subject,
): Claim {
  const { statement, stamps, ...rest } = bundle;
  const stamped =
    envelope === undefined
      ? { tokens: stamps, over: bundle.signature }
      : { tokens: [...stamps, envelope.stamp], over: envelope.bytes };
  const own = parseDigest(subject.digest);
  const claim = (over: Over, form: Signed["form"], artifact: Artifact | undefined): Claim =>
    artifact === undefined
      ? { broken: "a statement beside it is about no SHA-256 digest" }
      : { claim: over, signed: { ...rest, stamped, form, bundle: bytes, artifact } };
  switch (statement.predicateType) {
    case COSIGN_PREDICATE:
      return isAbout(statement, subject.digest) ? claim({ over: "artifact" }, "cosign", own) : { broken: OTHER };
    case PREDICATE_TYPE:
      return statement._type === STATEMENT_V1
        ? claim({ over: "model", statement }, "oms", findRoot(statement))
        : { broken: "a model signature beside it is no in-toto statement v1" };
    default:
      return isAmong(statement, subject.digest)
        ? claim({ over: "attestation", predicateType: statement.predicateType }, "cosign", own)
        : { broken: "an attestation beside it is about another artifact" };
  }
}

/** Reads a candidate. Nothing is verified yet but that it is about the artifact. */
export function readClaim(candidate: Candidate, subject: Subject): Claim {
  const bundle = parseBundle(candidate.bundle);
  switch (bundle.content) {
    case "broken":
      return { broken: `a bundle beside it is broken: ${bundle.why}` };
    case "statement":
      return readStatement(bundle, candidate, subject);
    case "message": {
      const { payload: signed } = candidate;
      // Whoever signs a file that happens to be a manifest has not said that it is an image to run.
      if (signed === undefined) return { broken: "a bundle beside it signs bytes instead of a statement" };
      const isSame = createHash("sha256").update(signed).digest().equals(bundle.digest);
      if (!isSame || readSimpleSigning(signed) !== subject.digest) return { broken: OTHER };
      const { signature, material } = bundle;
      const artifact = toArtifact(subject.digest, signed);
      const stamped = { tokens: bundle.stamps, over: signature };
      return {
        claim: { over: "artifact" },
        signed: { material, stamped, form: "cosign", signed, signature, bundle: candidate.bundle, artifact },
      };
    }
  }
}
