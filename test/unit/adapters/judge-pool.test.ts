// Judging in other threads gives what judging here gives, and what goes wrong there is an error here.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Case, judgeCandidates } from "../../../src/adapters/signatures/judge-candidates.ts";
import { createJudgePool } from "../../../src/adapters/signatures/judge-pool.ts";
import { readLegacyAttestation } from "../../../src/adapters/signatures/candidate.ts";
import { MODEL } from "../../corpus/pack.ts";
import { oldAttestation } from "../../corpus/tables/certified/parts.ts";
import { createCompany, IN_TIME } from "../../corpus/tables/stamped/parts.ts";
import { createSigstore, type PrivateSigstore, toPem } from "../../harness/sigstore.ts";
import type { Holder } from "../../harness/sigstore/certificates.ts";
import { answerTimestamp } from "../../harness/sigstore/timestamp.ts";

const WHO = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
const HEX = "a".repeat(64);
const DIGEST = `sha256:${HEX}`;
const state = (sha256: string) => ({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "", digest: { sha256 } }],
  predicateType: "https://sigstore.dev/cosign/sign/v1",
  predicate: {},
});

let sigstore: PrivateSigstore;
const pool = createJudgePool();
beforeAll(async () => {
  sigstore = await createSigstore();
});
afterAll(() => pool.close());

const ask = (bundles: string[], root = sigstore.trustedRoot): Case => ({
  subject: { digest: DIGEST },
  candidates: bundles.map((bundle) => ({ form: "bundle", bundle: Buffer.from(bundle) })),
  signers: [
    {
      signer: "ml",
      digest: DIGEST,
      anchor: { by: "sigstore", root, issuer: WHO.issuer, identity: { exact: WHO.identity } },
    },
  ],
  now: Date.now(),
});

test("the same verdicts, in the same order", async () => {
  const stranger = await sigstore.signStatement(state(HEX), { ...WHO, identity: "stranger@acme.example" });
  const about = ask([
    await sigstore.signStatement(state(HEX), WHO),
    stranger,
    "{",
    await sigstore.signStatement(state("b".repeat(64)), WHO),
  ]);
  const judged = await pool.judge(about);
  expect(judged.map((one) => (one.outcome === "believed" ? one.by.map(({ identity }) => identity) : one.code))).toEqual(
    [[WHO.identity], "SignerUnknown", "SignatureInvalid", "SignatureInvalid"],
  );
  expect(judged).toEqual(await judgeCandidates(about));
});

test("what was stamped is believed there, too", async () => {
  const { root, between, stampRoot, stamper, over } = createCompany();
  const toPems = (holders: Holder[]) => holders.map(({ certificate }) => toPem(certificate)).join("");
  const { att = [] } = oldAttestation(over, [between, root], (envelope) => answerTimestamp(stamper, envelope, IN_TIME));
  const [layer] = att;
  const read = readLegacyAttestation(Buffer.from(layer?.bytes ?? ""), layer?.annotations ?? {});
  const anchor = {
    by: "x509" as const,
    roots: toPems([root]),
    crls: undefined,
    timestampAuthorities: toPems([stamper, stampRoot]),
    identity: undefined,
  };
  const about: Case = {
    subject: { digest: MODEL.digest },
    candidates: "candidate" in read ? [read.candidate] : [],
    signers: [{ signer: "acme", digest: DIGEST, anchor }],
    now: Date.now(),
  };
  const judged = await pool.judge(about);
  expect(judged).toMatchObject([{ outcome: "believed", by: [{ signer: "acme" }] }]);
  expect(judged).toEqual(await judgeCandidates(about));
});

test("a fault is an error, and the next one is judged", async () => {
  const about = ask([await sigstore.signStatement(state(HEX), WHO)]);
  await expect(pool.judge({ ...about, signers: "none" as unknown as Case["signers"] })).rejects.toThrow();
  expect((await pool.judge(about))[0]?.outcome).toBe("believed");
});
