// Certificates that keep what was asked of them: it is what it was, it is computed once, and a changed copy has its own.
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, type TrustMaterial } from "@sigstore/verify";
import { beforeAll, expect, test } from "vitest";
import { keepAnswers, keepSigner } from "../../../src/adapters/sigstore/compute-once.ts";
import { createSigstore } from "../../harness/sigstore.ts";

const WHO = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };

interface Encoded {
  whose: string;
  given: Buffer;
  certificate: { root: { toDER(): Buffer }; clone(): Encoded["certificate"]; extensions: unknown[] };
}

let encoded: Encoded[];
let material: TrustMaterial;
beforeAll(async () => {
  const sigstore = await createSigstore();
  const bundle = bundleFromJSON(JSON.parse(await sigstore.signBlob(Buffer.from("x"), WHO)));
  const root = TrustedRoot.fromJSON(JSON.parse(sigstore.trustedRoot));
  material = toTrustMaterial(root);
  for (const { certChain } of [...material.certificateAuthorities, ...material.timestampAuthorities])
    keepAnswers(certChain);
  const entity = toSignedEntity(bundle, Buffer.from("x"));
  const { content } = bundle.verificationMaterial;
  if (entity.key.$case !== "certificate" || content.$case !== "certificate") throw new Error("expected a certificate");
  keepSigner(entity.key.certificate, Buffer.from(content.certificate.rawBytes));
  encoded = [{ whose: "the signer's", given: content.certificate.rawBytes, certificate: entity.key.certificate }];
  for (const party of ["certificateAuthorities", "timestampAuthorities"] as const) {
    for (const [at, { certChain }] of material[party].entries()) {
      for (const [index, certificate] of certChain.entries()) {
        const given = root[party][at]?.certChain?.certificates[index]?.rawBytes ?? Buffer.alloc(0);
        encoded.push({ whose: `${party} ${index}`, given, certificate });
      }
    }
  }
});

test("each is encoded as it was given", () => {
  expect(encoded.map(({ whose }) => whose)).toEqual([
    "the signer's",
    "certificateAuthorities 0",
    "certificateAuthorities 1",
    "timestampAuthorities 0",
    "timestampAuthorities 1",
  ]);
  for (const { whose, given, certificate } of encoded) {
    expect(certificate.root.toDER().toString("hex"), whose).toBe(given.toString("hex"));
  }
});

test("it is computed once", () => {
  for (const { whose, certificate } of encoded) {
    expect(certificate.root.toDER(), whose).toBe(certificate.root.toDER());
  }
});

test("a copy from which an extension is taken has an encoding of its own", () => {
  for (const { whose, given, certificate } of encoded) {
    const copy = certificate.clone();
    copy.extensions.splice(0, 1);
    expect(copy.root.toDER().length, whose).toBeLessThan(given.length);
    expect(certificate.root.toDER().equals(given), `${whose}, afterwards`).toBe(true);
  }
});

test("who issued whom is what it was, however often it is asked", () => {
  const [intermediate, root] = material.certificateAuthorities[0]?.certChain ?? [];
  const [stamper] = material.timestampAuthorities[0]?.certChain ?? [];
  if (intermediate === undefined || root === undefined || stamper === undefined)
    throw new Error("expected chains of two");
  for (const time of ["first", "second"]) {
    expect(intermediate.verify(root), `${time}: the root issued the intermediate`).toBe(true);
    expect(root.verify(), `${time}: the root issued itself`).toBe(true);
    expect(root.verify(root), `${time}: the root issued itself, named`).toBe(true);
    expect(intermediate.verify(stamper), `${time}: a stranger did not issue the intermediate`).toBe(false);
    expect(intermediate.verify(), `${time}: the intermediate did not issue itself`).toBe(false);
  }
});
