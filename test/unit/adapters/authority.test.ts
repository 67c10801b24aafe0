// Ways up from a keyless certificate that a library and we might see differently: hints in certificates decide nothing.
import { describe, expect, test } from "vitest";
import { readLightly } from "../../../src/adapters/certificates/light-certificate.ts";
import { demandAllowed, readAuthorities } from "../../../src/adapters/sigstore/authority.ts";
import { parseTrustedRoot } from "../../../src/adapters/sigstore/trusted-root.ts";
import { recallTrust } from "../../../src/adapters/sigstore/trust.ts";
import { constrain, createBelow, createSigner, LONG, MAIL } from "../../corpus/authorities.ts";
import { createWorld, type SignerWish } from "../../corpus/sigstore.ts";
import { createAuthority, createKeys, type Holder, issue } from "../../harness/sigstore/certificates.ts";

const read = ({ certificate }: { certificate: Buffer }) => readLightly(Buffer.from(certificate));

const narrow = createWorld([constrain([[MAIL, "acme.example"]])]);
const ask =
  (wish: SignerWish, world = narrow) =>
  () =>
    demandAllowed(read(world.certify(createKeys(), wish)), recallTrust(parseTrustedRoot(world.trustedRoot)).chains);

describe("below an authority that may name acme.example alone", () => {
  test("a name there is allowed", () => {
    expect(ask({ names: ["ml@acme.example"] })).not.toThrow();
    expect(ask({ names: ["ml@acme.example"], misleads: true })).not.toThrow();
  });

  test("another name is not, whatever the certificate says of its issuer's serial number", () => {
    expect(ask({ names: ["ml@evil.example"] })).toThrow("may not issue for a name");
    expect(ask({ names: ["ml@evil.example"], misleads: true })).toThrow("may not issue for a name");
  });
});

test("a certificate that no authority of the root issued is not allowed", () => {
  const other = createWorld();
  const certificate = read(other.certify(createKeys(), {}));
  expect(() => demandAllowed(certificate, recallTrust(parseTrustedRoot(narrow.trustedRoot)).chains)).toThrow(
    "by no authority",
  );
});

/** A root with these authorities in one chain. */
const trusting = (...holders: readonly Holder[]) => [
  readAuthorities({
    uri: "https://authority.acme.example",
    operator: "",
    subject: undefined,
    validFor: undefined,
    certChain: { certificates: holders.map(({ certificate: rawBytes }) => ({ rawBytes })) },
  }),
];

describe("each authority on the way up is asked", () => {
  const root = issue({
    common: "narrow root",
    keys: createKeys(),
    issuer: undefined,
    term: LONG,
    isAuthority: true,
    extensions: [constrain([[MAIL, "acme.example"]])],
  });
  const between = createBelow(root);
  const askFor = (name: string) => () =>
    demandAllowed(read(createSigner(between, { names: [name] })), trusting(between, root));

  test("the root as well", () => {
    expect(askFor("ml@acme.example")).not.toThrow();
    expect(askFor("ml@evil.example")).toThrow(expect.objectContaining({ code: "CertificateUnfit" }) as Error);
  });
});

test("an authority of another name issued nothing, whatever its key did", () => {
  const authority = createAuthority("called so", LONG);
  const certificate = read(createSigner({ ...authority, name: createAuthority("called otherwise", LONG).name }));
  expect(() => demandAllowed(certificate, trusting(authority))).toThrow(
    expect.objectContaining({ code: "SignatureInvalid" }) as Error,
  );
});

describe("authorities of one name and key, each of which issued all others", () => {
  const first = createAuthority("one of many", LONG);
  const many = (count: number) => trusting(...Array.from({ length: count }, () => reissue(first)));
  const reissue = (holder: Holder) =>
    issue({ common: "one of many", keys: holder, issuer: undefined, term: LONG, isAuthority: true, extensions: [] });
  const certificate = read(createSigner(first));

  test("are followed where they are few", () => {
    // 1 + 4 + 4 * 3 + 4 * 3 * 2 + 4 * 3 * 2 = 65 steps.
    expect(() => demandAllowed(certificate, many(4))).not.toThrow();
  });
  test("are refused where they are many", () => {
    // 1 + 5 + 5 * 4 + 5 * 4 * 3 + 5 * 4 * 3 * 2 + 5 * 4 * 3 * 2 = 326 steps.
    expect(() => demandAllowed(certificate, many(5))).toThrow(
      expect.objectContaining({ code: "CertificateUnfit", message: "there are too many ways to its root" }) as Error,
    );
  });
});
