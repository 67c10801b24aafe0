// Judging in other threads gives what judging here gives, and what goes wrong there is an error here.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Case, judgeCandidates } from "../../../src/adapters/signatures/judge-candidates.ts";
import { createJudgePool } from "../../../src/adapters/signatures/judge-pool.ts";
import { createSigstore, type PrivateSigstore } from "../../harness/sigstore.ts";

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

test("a fault is an error, and the next one is judged", async () => {
  const about = ask([await sigstore.signStatement(state(HEX), WHO)]);
  await expect(pool.judge({ ...about, signers: "none" as unknown as Case["signers"] })).rejects.toThrow();
  expect((await pool.judge(about))[0]?.outcome).toBe("believed");
});
