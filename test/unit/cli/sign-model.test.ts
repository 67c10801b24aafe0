// `sign-model` and what `verify-model` makes of it, as people type them; keys and certificates are made by openssl.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CURVES, makeSigners } from "../../interop/signers.ts";
import { hashResources, sha256, toResources, writeModel } from "../../harness/models.ts";
import { askLocally } from "./ask-locally.ts";

const FILES = { "config.json": "{}", "weights.bin": "weights" };
/** OMS v1.0: SHA-256 over the digests' bytes in the order of their names. */
const DIGEST = `sha256:${hashResources(toResources(FILES))}`;

let dir = "";
let model = "";
const at = (name: string) => join(dir, name);
const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: dir, stdio: ["ignore", "pipe", "pipe"] });
beforeAll(async () => {
  [dir, model] = await Promise.all([mkdtemp(join(tmpdir(), "sign-")), writeModel(FILES)]);
  makeSigners(dir);
}, 60_000);
afterAll(() => Promise.all([dir, model].map((one) => rm(one, { recursive: true, force: true }))));

const [CURVE] = CURVES;
const sign = (method: string, ...more: string[]) =>
  askLocally(
    ["sign-model", "--method", method, "--model-path", model, "--output-bundle", at("model.sig")].concat(
      ["--private-key", at(`${CURVE}.key`)],
      more,
    ),
  );
const signByKey = (...more: string[]) => sign("key", ...more);
const signByCertificate = (leaf = `${CURVE}.pem`, chain = ["between.pem"], ...more: string[]) =>
  sign("certificate", "--signing-cert", at(leaf), ...chain.flatMap((one) => ["--cert-chain", at(one)]), ...more);
const verify = (method: string, ...more: string[]) =>
  askLocally(["verify-model", "--method", method, "--model-path", model, "--bundle", at("model.sig"), ...more]);
/** SHA-256 of the key as openssl writes it. */
const digestKey = () =>
  `sha256:${createHash("sha256")
    .update(openssl("pkey", "-pubin", "-in", `${CURVE}.pub`, "-outform", "DER"))
    .digest("hex")}`;

describe("what is told", () => {
  test("of a signature by key: how many files, which digest, by which key, and how it is verified", async () => {
    const signed = await signByKey();
    expect(signed.text.split("\n")).toEqual([
      `SIGNED       ${model}`,
      `signed by    key ${digestKey()}`,
      `digest       ${DIGEST}`,
      "files        2, 9 bytes, each by its SHA-256",
      `signature    ${at("model.sig")}`,
      `next         vouchsafe verify-model --method key --model-path ${model} --bundle ${at("model.sig")} --public-key PUBLIC-KEY`,
    ]);
    expect(signed).toMatchObject({ code: 0, warnings: [], json: { files: 2, bytes: 9, digest: DIGEST } });
    const verified = await verify("key", "--public-key", at(`${CURVE}.pub`));
    expect(verified.text.split("\n")).toEqual([
      `VERIFIED     ${model}`,
      "method       key",
      `signed by    key ${digestKey()}`,
      `digest       ${DIGEST}`,
      "files        2, 9 bytes",
    ]);
  });

  test("of one by certificate: whose it is, who issued it, and until when it is good", async () => {
    expect((await signByCertificate()).code).toBe(0);
    const verified = await verify("certificate", "--cert-chain", at("root.pem"));
    // The root was issued first, for as long as the others.
    const end = openssl("x509", "-in", "root.pem", "-noout", "-enddate", "-dateopt", "iso_8601");
    const until = /notAfter=(\S+) (\S+)Z/.exec(end.toString()) ?? [];
    expect(verified.text.split("\n")).toEqual(
      expect.arrayContaining([
        `signed by    CN=${CURVE}`,
        "issued by    CN=between",
        "not asked    whether a certificate was revoked",
      ]),
    );
    expect(verified.json).toMatchObject({ signer: { notAfter: `${until[1]}T${until[2]}Z` } });
  });

  test("of a refusal: what, who can mend it, and the next step", async () => {
    await signByKey();
    const refused = await verify("key", "--public-key", at("secp384r1.pub"));
    expect(refused.code).toBe(1);
    expect(refused.text).toMatch(/^REFUSED .*\nSignatureInvalid: .*\nsignature .*\nmended by {4}\S.*\nnext {9}\S.*$/);
    expect(refused.json).toMatchObject({ code: "SignatureInvalid", who: expect.stringContaining("you") });
  });
});

test("without a key it is told what the method takes", async () => {
  const sign = (method: string) =>
    askLocally(["sign-model", "--method", method, "--model-path", model, "--output-bundle", at("model.sig")]);
  expect(await sign("key")).toEqual({ code: 2, text: "--method key needs --private-key" });
  expect(await sign("sigstore")).toEqual({ code: 2, text: expect.stringContaining("model_signing sign sigstore") });
});

test("a certificate of another key is not signed with", async () => {
  await rm(at("model.sig"), { force: true });
  expect(await signByCertificate("secp384r1.pem")).toEqual({
    code: 2,
    text: expect.stringContaining("is not the certificate of --private-key"),
  });
  expect(existsSync(at("model.sig")), "nothing was written").toBe(false);
});

// The conformance tests of model signing make signatures so, and ask whether verifying refuses them.
describe("a certificate that verifiers refuse is signed with, told of, and refused:", () => {
  /** A certificate by the root for some days from now. */
  const issue = (name: string, extensions: string, term: string[]) => {
    execFileSync("sh", ["-c", `printf '${extensions}' > extensions`], { cwd: dir });
    openssl("req", "-new", "-key", `${CURVE}.key`, "-subj", `/CN=${name}`, "-out", "request");
    const by = ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-extfile", "extensions"];
    openssl("x509", "-req", "-in", "request", ...by, ...term, "-out", `${name}.pem`);
  };
  const SIGNING = "keyUsage=critical,digitalSignature\\nextendedKeyUsage=codeSigning\\n";

  test.each<[string, string, string[], RegExp]>([
    ["one that ran out", SIGNING, ["-days", "-1"], /^the certificate of CN=made ran out on \d{4}-\d{2}-\d{2}: /],
    ["one for TLS servers", "extendedKeyUsage=serverAuth\\n", ["-days", "2"], /^of --signing-cert, .*codeSigning/],
    ["one for nothing", "keyUsage=digitalSignature\\n", ["-days", "2"], /^of --signing-cert, .*codeSigning/],
  ])("%s", async (_, extensions, term, warning) => {
    issue("made", extensions, term);
    const signed = await signByCertificate("made.pem", []);
    expect(signed).toMatchObject({ code: 0, warnings: [expect.stringMatching(warning)] });
    expect(await verify("certificate", "--cert-chain", at("root.pem"))).toMatchObject({ code: 1 });
  });

  test("one below an authority that ran out", async () => {
    issue("old", SIGNING, ["-days", "-1"]);
    const signed = await signByCertificate(undefined, ["between.pem", "old.pem"]);
    expect(signed).toMatchObject({
      code: 0,
      warnings: [expect.stringMatching(/^the certificate of CN=old ran out on /)],
    });
  });
});

describe("what has no effect is told, and refuses nothing:", () => {
  test("options of another method", async () => {
    const signed = await signByKey("--signing-cert", at(`${CURVE}.pem`), "--cert-chain", at("root.pem"));
    expect(signed.code).toBe(0);
    expect(signed.warnings).toEqual([
      "--signing-cert goes with --method certificate: with --method key nobody looks at it",
      "--cert-chain goes with --method certificate: with --method key nobody looks at it",
    ]);
    await signByCertificate();
    const verified = await verify(
      ...(["certificate", "--cert-chain", at("root.pem"), "--public-key", at("nonesuch"), "--identity", "x"] as const),
    );
    expect(verified).toMatchObject({
      code: 0,
      warnings: [
        "--public-key goes with --method key: with --method certificate nobody looks at it",
        "--identity goes with --method sigstore: with --method certificate nobody looks at it",
      ],
    });
  });

  test("paths to be left out that are not there, or lie outside", async () => {
    const ignore = ["--ignore-paths", join(model, "wieghts.bin"), "--ignore-paths", dir];
    const warnings = [
      `--ignore-paths ${join(model, "wieghts.bin")} is not there, so that nothing is left out by it`,
      `--ignore-paths ${dir} lies outside of the model, so that nothing is left out by it`,
    ];
    expect(await signByKey(...ignore)).toMatchObject({ code: 0, warnings, json: { files: 2 } });
    expect(await verify("key", "--public-key", at(`${CURVE}.pub`), ...ignore)).toMatchObject({ code: 0, warnings });
  });

  test("a path that is there is left out without a word", async () => {
    const ignore = ["--ignore-paths", join(model, "config.json")];
    const signed = await signByKey(...ignore);
    expect(signed).toMatchObject({ code: 0, warnings: [], json: { files: 1, ignored: ["config.json"] } });
    expect(signed.text).toContain("left out     config.json");
    const digest = `sha256:${sha256(Buffer.from(sha256("weights"), "hex"))}`;
    expect(await verify("key", "--public-key", at(`${CURVE}.pub`))).toMatchObject({ code: 0, json: { digest } });
  });
});

test("what of Git lies in a model is left out by both, and told by both", async () => {
  await mkdir(join(model, ".git"));
  await writeFile(join(model, ".git", "hook.py"), "x");
  await writeFile(join(model, ".gitignore"), "x");
  try {
    const told = { code: 0, json: { files: 2, ignored: [".git", ".gitignore"] } };
    const signed = await signByKey();
    expect(signed).toMatchObject(told);
    const verified = await verify("key", "--public-key", at(`${CURVE}.pub`));
    expect(verified).toMatchObject(told);
    for (const { text } of [signed, verified]) expect(text).toMatch(/^left out {5}\.git, \.gitignore$/m);
  } finally {
    await Promise.all([".git", ".gitignore"].map((one) => rm(join(model, one), { recursive: true })));
  }
  expect(await verify("key", "--public-key", at(`${CURVE}.pub`)), "nothing of it is there").toMatchObject({
    code: 0,
    json: { ignored: [] },
  });
});

test("a name that is asked for by another method than certificate is a fault of usage", async () => {
  const name = ["--certificate-identity", "ml@acme.example"];
  expect(await verify("key", "--public-key", at(`${CURVE}.pub`), ...name)).toMatchObject({
    code: 2,
    text: expect.stringContaining("--certificate-identity goes with --method certificate"),
  });
});

test("a key that cosign encrypted is told with the way to one key for both", async () => {
  const pem =
    "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\neyJrZGYiOnt9fQ==\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n";
  await writeFile(at("cosign.key"), pem);
  const said = await signByKey("--private-key", at("cosign.key"));
  expect(said).toMatchObject({ code: 2, text: expect.stringContaining("cosign import-key-pair --key FILE") });
});

test("a folder for the signature that is not there is told before anything is hashed", async () => {
  const said = await signByKey("--output-bundle", at("none/model.sig"));
  expect(said).toEqual({ code: 2, text: `the folder ${at("none")} for the signature is not there` });
});

test("what cannot be signed is told with the next step, and nothing is written", async () => {
  openssl("genpkey", "-algorithm", "ed25519", "-out", "ed25519.key");
  const said = await signByKey("--private-key", at("ed25519.key"), "--output-bundle", at("none.sig"));
  expect(said).toMatchObject({ code: 1, json: { code: "MethodMismatch" } });
  expect(said.text).toMatch(
    /^NOT SIGNED .*\nMethodMismatch: .*\nmended by .*\nnext .*openssl ecparam -name prime256v1$/,
  );
  expect(existsSync(at("none.sig"))).toBe(false);
});
