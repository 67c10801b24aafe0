// Ways up from a keyless certificate that a library and we might see differently: hints in certificates decide nothing.
import { describe, expect, test } from "vitest";
import { demandAllowed } from "../../../src/adapters/sigstore/authority.ts";
import { parseTrustedRoot } from "../../../src/adapters/sigstore/trusted-root.ts";
import { recallTrust } from "../../../src/adapters/sigstore/trust.ts";
import { constrain, MAIL } from "../../corpus/authorities.ts";
import { createWorld, type SignerWish } from "../../corpus/sigstore.ts";
import { createKeys } from "../../harness/sigstore/certificates.ts";

const narrow = createWorld([constrain([[MAIL, "acme.example"]])]);
const ask =
  (wish: SignerWish, world = narrow) =>
  () =>
    demandAllowed(
      world.certify(createKeys(), wish).certificate,
      recallTrust(parseTrustedRoot(world.trustedRoot)).chains,
    );

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
  const { certificate } = other.certify(createKeys(), {});
  expect(() => demandAllowed(certificate, recallTrust(parseTrustedRoot(narrow.trustedRoot)).chains)).toThrow(
    "by no authority",
  );
});
