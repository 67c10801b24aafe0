// What a candidate claims to be about, before anybody asks whom it is by.
import { expect, test } from "vitest";
import { readClaim } from "../../../src/adapters/signatures/claim.ts";
import { judgeCandidates } from "../../../src/adapters/signatures/judge-candidates.ts";
import { BY_KEY, toBundle, toEnvelope, toMessage } from "../../corpus/bundles.ts";
import { MODEL, OTHER } from "../../corpus/pack.ts";
import {
  payloadOf,
  stateEvaluated,
  stateFiles,
  stateSigned,
  type Statement,
  STATEMENT_V01,
} from "../../corpus/statements.ts";

const SUBJECT = { digest: MODEL.digest };
const wrap = (statement: Statement) =>
  Buffer.from(toBundle({ dsseEnvelope: toEnvelope(JSON.stringify(statement), [Buffer.from("x")]) }, BY_KEY));
const read = (bundle: Buffer, payload?: string) =>
  readClaim(
    payload === undefined ? { form: "bundle", bundle } : { form: "legacy", bundle, payload: Buffer.from(payload) },
    SUBJECT,
  );
const over = (statement: Statement) => {
  const claim = read(wrap(statement));
  return "broken" in claim ? claim.broken : { over: claim.claim.over, form: claim.signed.form };
};

test("a statement is over the artifact, a model or something that is attested", () => {
  expect(over(stateSigned())).toEqual({ over: "artifact", form: "cosign" });
  expect(over(stateFiles())).toEqual({ over: "model", form: "oms" });
  expect(over(stateEvaluated())).toEqual({ over: "attestation", form: "cosign" });
});

test("a statement about something else is none", () => {
  const OTHERS = "a cosign signature beside it is for another artifact";
  expect(over(stateSigned(OTHER.digest))).toBe(OTHERS);
  const [one] = stateSigned().subject;
  if (one === undefined) throw new Error("one subject");
  expect(over({ ...stateSigned(), subject: [one, one] })).toBe(OTHERS);
  expect(over(stateEvaluated(OTHER.digest))).toBe("an attestation beside it is about another artifact");
  expect(over({ ...stateEvaluated(), subject: [{ digest: { sha256: "0" } }, one] })).toEqual({
    over: "attestation",
    form: "cosign",
  });
});

test("a model has a digest by SHA-256, and a statement v1", () => {
  expect(over({ ...stateFiles(), _type: STATEMENT_V01 })).toBe(
    "a model signature beside it is no in-toto statement v1",
  );
  for (const digest of [{ sha512: "0".repeat(128) }, { sha256: "0" }, {}]) {
    expect(over({ ...stateFiles(), subject: [{ name: "voice", digest: digest as Record<string, string> }] })).toBe(
      "a statement beside it is about no SHA-256 digest",
    );
  }
});

test("a signature over bytes is one over an artifact only by cosign's payload, as it was signed", () => {
  const payload = payloadOf();
  const bundle = (bytes: string) =>
    Buffer.from(toBundle({ messageSignature: toMessage(Buffer.from(bytes), Buffer.from("x")) }, BY_KEY));
  expect(read(bundle(payload), payload)).toMatchObject({
    claim: { over: "artifact" },
    signed: { form: "cosign", signed: Buffer.from(payload) },
  });
  expect(read(bundle(payload))).toEqual({ broken: "a bundle beside it signs bytes instead of a statement" });
  const OTHERS = { broken: "a cosign signature beside it is for another artifact" };
  expect(read(bundle("other"), payload)).toEqual(OTHERS);
  expect(read(bundle(payloadOf(OTHER.digest)), payloadOf(OTHER.digest))).toEqual(OTHERS);
});

test("what is broken is disbelieved before anybody is asked", async () => {
  const candidates = [{ form: "bundle" as const, bundle: Buffer.from("{") }];
  expect(await judgeCandidates({ subject: SUBJECT, candidates, signers: [], now: 0 })).toEqual([
    {
      outcome: "disbelieved",
      over: "unknown",
      code: "SignatureInvalid",
      why: "a bundle beside it is broken: it is no JSON",
    },
  ]);
});
