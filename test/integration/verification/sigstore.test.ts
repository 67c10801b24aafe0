// The public sigstore-conformance cases, by the command line that the suite speaks. The cases are kept outside of this
// project; where they are not there, each is skipped by name.
import { createPublicKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readArtifact } from "../../../src/adapters/sigstore/artifact.ts";
import { readPublicGoodRoot } from "../../../src/adapters/sigstore/public-good.ts";
import { parseTrustedRoot } from "../../../src/adapters/sigstore/trusted-root.ts";
import { type Expected, verifyBundle } from "../../../src/adapters/sigstore/verify-bundle.ts";
import { runLocally } from "../../harness/command.ts";
import { spoilBundle } from "./spoil.ts";

const ROOT = fileURLToPath(new URL("../../../../shared/conformance/sigstore/", import.meta.url));
const IDENTITY =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER = "https://token.actions.githubusercontent.com";
/** As the suite had them when this was written; each has to be there, or be seen to be skipped. */
const CASES = [
  "bundle-empty-certificate-chain_fail",
  "bundle-invalid-base64-signature_fail",
  "bundle-negative-log-index_fail",
  "bundle-with-root-cert_fail",
  "checkpoint-bad-keyhint_fail",
  "dsse-invalid-sig_fail",
  "dsse-mismatch-sig_fail",
  "happy-path-v0.1",
  "happy-path-v0.3",
  "inclusion-proof-corrupted-hash_fail",
  "integrated-time-in-future_fail",
  "intoto-log-entry-mismatch_fail",
  "intoto-set-outside-signing-cert-validity_fail",
  "intoto-with-custom-trust-root",
  "invalid-ct-key_fail",
  "managed-key-and-trusted-root",
  "managed-key-no-key_fail",
  "message-digest-mismatch_fail",
  "rekor2-checkpoint-missing-log-signature_fail",
  "rekor2-checkpoint-missing-root-hash_fail",
  "rekor2-checkpoint-multiple-cosigs",
  "rekor2-checkpoint-origin-not-first",
  "rekor2-checkpoint-two-sigs-from-origin",
  "rekor2-dsse-invalid-sig_fail",
  "rekor2-dsse-mismatch-sig_fail",
  "rekor2-no-inclusion-proof_fail",
  "rekor2-timestamp-outside-trust-root-tsa-validity_fail",
  "rekor2-timestamp-payload-mismatch_fail",
  "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail",
  "rekor2-timestamp-with-expired-cert-chain",
  "rekor2-timestamp-without-embedded-cert",
  "signature-mismatch_fail",
  "trust-root-tlog-validity-end-inclusive",
  "wrong-hashedrekord-artifact_fail",
  "wrong-hashedrekord-entry_fail",
];
const found = existsSync(ROOT) ? readdirSync(`${ROOT}cases`) : [];
const names = [...new Set([...CASES, ...found])].toSorted();

/** The suite's options, in its order. */
function listOptions(name: string, artifact = "artifact"): string[] {
  const at = (file: string) => `${ROOT}cases/${name}/${file}`;
  const read = (file: string, otherwise: string) =>
    existsSync(at(file)) ? readFileSync(at(file), "utf8").trim() : otherwise;
  const signer = existsSync(at("key.pub"))
    ? ["--key", at("key.pub")]
    : ["--certificate-identity", read("identity", IDENTITY), "--certificate-oidc-issuer", read("issuer", ISSUER)];
  const root = existsSync(at("trusted_root.json")) ? ["--trusted-root", at("trusted_root.json")] : [];
  return [
    "verify-bundle",
    "--bundle",
    at("bundle.sigstore.json"),
    ...signer,
    ...root,
    existsSync(at(artifact)) ? at(artifact) : `${ROOT}a.txt`,
  ];
}

describe.concurrent("sigstore-conformance", () => {
  test.for(names)("%s", async (name, { skip, expect: expectHere }) => {
    if (!found.includes(name)) skip("the cases of the suite are not here");
    const answer = await runLocally(listOptions(name));
    expectHere(answer.code, `${answer.stdout}${answer.stderr}`).toBe(name.endsWith("_fail") ? 1 : 0);
  });
});

/** Values that nobody signed, or whose signer is nobody that is trusted: helps to find a key, other witnesses, certificates. */
const UNSIGNED = new Set([
  "dsseEnvelope.signatures.keyid",
  "verificationMaterial.publicKey.hint",
  "verificationMaterial.timestampVerificationData.rfc3161Timestamps.signedTimestamp",
  "verificationMaterial.tlogEntries.inclusionProof.checkpoint.envelope",
]);

describe("a good bundle of which one value is another one", () => {
  const good = names.filter((name) => !name.endsWith("_fail"));
  test.for(good)("%s", async (name, { skip }) => {
    if (!found.includes(name)) skip("the cases of the suite are not here");
    const at = (file: string) => `${ROOT}cases/${name}/${file}`;
    const artifact = await readArtifact(existsSync(at("artifact")) ? at("artifact") : `${ROOT}a.txt`);
    const root = existsSync(at("trusted_root.json"))
      ? parseTrustedRoot(readFileSync(at("trusted_root.json"), "utf8"))
      : parseTrustedRoot(readPublicGoodRoot());
    const expected: Expected = existsSync(at("key.pub"))
      ? { by: "key", key: createPublicKey(readFileSync(at("key.pub"))) }
      : { by: "certificate", identity: { exact: IDENTITY }, issuer: ISSUER };
    const text = readFileSync(at("bundle.sigstore.json"), "utf8");
    const judge = (json: unknown) =>
      verifyBundle({ bundle: Buffer.from(JSON.stringify(json)), artifact, root, expected });
    expect(judge(JSON.parse(text)).verdict, "the bundle itself").toBe("verified");
    const passed = new Set<string>();
    for (const { where, json } of spoilBundle(text)) if (judge(json).verdict === "verified") passed.add(where);
    expect([...passed].filter((where) => !UNSIGNED.has(where))).toEqual([]);
  });
});

describe("what the suite does not ask", () => {
  const isHere = found.includes("happy-path-v0.3");
  const [command = "", ...options] = listOptions("happy-path-v0.3");
  const replace = (name: string, value: string) => options.map((one, at) => (options[at - 1] === name ? value : one));

  test.skipIf(!isHere).for<[string, string[], RegExp]>([
    ["another identity", replace("--certificate-identity", `${IDENTITY}x`), /IdentityMismatch: it was signed by https/],
    ["a pattern that would match", replace("--certificate-identity", "https://.*"), /IdentityMismatch/],
    [
      "another issuer",
      replace("--certificate-oidc-issuer", "https://issuer.example"),
      /IdentityMismatch: https:\/\/token/,
    ],
    ["another artifact", [...options.slice(0, -1), fileURLToPath(import.meta.url)], /ArtifactMismatch/],
    ["another digest", [...options.slice(0, -1), `sha256:${"0".repeat(64)}`], /ArtifactMismatch/],
  ])("%s is refused, with the reason", async ([, changed, why]) => {
    const answer = await runLocally([command, ...changed]);
    expect(answer).toMatchObject({ code: 1, stdout: expect.stringMatching(why) as string });
  });

  test.skipIf(!isHere)("a digest alone is enough, and machines read who signed", async () => {
    const digest = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";
    const answer = await runLocally([command, ...options.slice(0, -1), digest, "-o", "json"]);
    expect(answer, answer.stderr).toMatchObject({ code: 0 });
    // What openssl makes of the key in the bundle's certificate.
    const keyDigest = "sha256:392b86a3e7fc2910fe9b678fe215f479d5705ee906cb6db72cf28a176be931d8";
    expect(JSON.parse(answer.stdout)).toEqual({
      artifact: digest,
      verdict: "verified",
      signer: { by: "certificate", identity: IDENTITY, issuer: ISSUER, keyDigest },
      over: { form: "artifact" },
    });
  });

  test.for<[string, string[], RegExp]>([
    ["nobody named", ["--bundle", "x", "y"], /say who has to have signed/],
    ["half a name", ["--bundle", "x", "--certificate-identity", "a", "y"], /say who has to have signed/],
    [
      "a bundle that is not there",
      ["--bundle", "/nonesuch", "--key", fileURLToPath(import.meta.url), "y"],
      /no public key in PEM/,
    ],
    [
      "staging without its root",
      ["--staging", "--bundle", "x", "--certificate-identity", "a", "--certificate-oidc-issuer", "b", "y"],
      /--trusted-root/,
    ],
    ["no bundle", ["y"], /required option '--bundle/],
  ])("%s is a fault of usage", async ([, args, why]) => {
    const answer = await runLocally(["verify-bundle", ...args]);
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringMatching(why) as string });
  });
});
