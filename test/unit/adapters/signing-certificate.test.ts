// What a keyless signer's own certificate has to be (RFC 5280 §4.2.1.3, .6, .9 and .12; Fulcio's profile), and the code with
// which whatever else is refused.
import type { Bundle } from "@sigstore/bundle";
import { expect, test } from "vitest";
import { readSigningCertificate, listCertificates } from "../../../src/adapters/sigstore/certificate.ts";
import { createWorld, PERSON, type SignerWish } from "../../corpus/sigstore.ts";
import { findRefusal } from "../../harness/refusals.ts";
import { createKeys } from "../../harness/sigstore/certificates.ts";

const world = createWorld();
const certify = (wish: SignerWish = {}) => Buffer.from(world.certify(createKeys(), wish).certificate);
const toOwn = (bytes: Buffer) => Buffer.from(bytes);

const findFault = (chain: readonly Buffer[]) => findRefusal(() => readSigningCertificate(chain.map(toOwn)));

const withByte = (text: string, byte: number) => Buffer.concat([Buffer.from(text), Buffer.from([byte])]);

test.each<[string, SignerWish]>([
  ["as Fulcio issues it", {}],
  ["for a workflow", { names: ["https://github.com/acme/models/.github/workflows/release.yml@refs/heads/main"] }],
  ["for more than signing code", { purposes: ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3"] }],
  ["whose name ends in the last character of ASCII", { names: [withByte(PERSON.identity, 0x7f)] }],
  ["whose issuer ends in the last character of ASCII", { vouchedBy: withByte(PERSON.issuer, 0x7f) }],
  ["for whom nobody vouches, which is for others to judge", { vouchedBy: undefined }],
  ["without a name, which is for others to judge", { names: [] }],
])("a certificate %s may sign", (_, wish) => {
  expect(findFault([certify(wish)])).toBeUndefined();
  expect(findFault([certify(wish), world.between.certificate])).toBeUndefined();
});

test.each<[string, SignerWish, string]>([
  ["for servers", { purposes: ["1.3.6.1.5.5.7.3.1"] }, "its certificate is not for signing code"],
  ["for nothing", { purposes: [] }, "its certificate is not for signing code"],
  ["that encrypts keys", { usage: "encrypts keys" }, "its certificate is not for digital signatures"],
  ["without usages", { usage: "none" }, "its certificate is not for digital signatures"],
  ["of an authority", { isAuthority: true }, "its certificate is that of an authority"],
  [
    "of an authority that may issue nothing",
    { isAuthority: true, usage: "signs documents" },
    "its certificate is that of an authority",
  ],
  ["with two names", { names: [PERSON.identity, "eve@acme.example"] }, "its certificate carries more than one name"],
  [
    "whose name has the first byte beyond ASCII",
    { names: [withByte(PERSON.identity, 0x80)] },
    "the name in its certificate is not in ASCII",
  ],
  [
    "whose issuer has the first byte beyond ASCII",
    { vouchedBy: withByte(PERSON.issuer, 0x80) },
    "the issuer in its certificate is not in ASCII",
  ],
])("a certificate %s may not", (_, wish, why) => {
  expect(findFault([certify(wish)])).toBe(`CertificateUnfit: ${why}`);
});

test("a chain that carries a root, wherever, may not", () => {
  const { root, between } = world;
  expect(findFault([certify(), between.certificate, root.certificate])).toBe(
    "CertificateUnfit: its chain carries a root",
  );
  expect(findFault([root.certificate])).toBe("CertificateUnfit: its chain carries a root");
});

test("no certificate at all may not", () => {
  expect(findFault([])).toBe("BundleBroken: it carries no certificate");
});

test("the certificates of a bundle come leaf first, and a key comes with none", () => {
  const of = (content: object) => listCertificates({ verificationMaterial: { content } } as Bundle);
  const [leaf, above] = [Buffer.from("leaf"), Buffer.from("above")];
  expect(of({ $case: "publicKey", publicKey: { hint: "" } })).toEqual([]);
  expect(of({ $case: "certificate", certificate: { rawBytes: leaf } })).toEqual([leaf]);
  const certificates = [{ rawBytes: leaf }, { rawBytes: above }];
  expect(of({ $case: "x509CertificateChain", x509CertificateChain: { certificates } })).toEqual([leaf, above]);
});
