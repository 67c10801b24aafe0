// Bundles, referrers and spellings that are not what they have to be.
import { sign } from "node:crypto";
import { BY_KEY, toBundle, toEnvelope, toMessage, VERSIONS } from "../../bundles.ts";
import { createSignatory, malleate, type Signatory, signBy, signPss } from "../../keys.ts";
import { MODEL, OTHER, packReferrer } from "../../pack.ts";
import { signStatement } from "../../sigstore.ts";
import { payloadOf, stateFiles, stateSigned, toSigned } from "../../statements.ts";
import { ARTIFACT, INVALID, NOTHING, OLD_ARTIFACT, UNKNOWN } from "../facts.ts";
import { attached, base64, type Bent, bundleOf, envelopeOf, layerOf } from "./parts.ts";

/** Signs until the signature's base64 has a letter that the other alphabet has not. */
function signWithSlash(by: Signatory, payload: string): Buffer {
  const signature = signStatement(by, payload);
  return /[+/]/.test(base64(signature)) ? signature : signWithSlash(by, payload);
}

/** Bundles and referrers that are not what they have to be. */
export function listContainers(by: Signatory): Bent[] {
  const good = bundleOf(by, stateSigned());
  const statement = JSON.stringify(stateSigned());
  const signature = signStatement(by, statement);
  const envelope = envelopeOf(by, stateSigned());
  const withSignatures = (...signatures: (Buffer | string)[]) =>
    attached(toBundle({ dsseEnvelope: toEnvelope(statement, signatures) }, BY_KEY));
  const other = createSignatory();
  const bare = { bytes: good, mediaType: "application/octet-stream" };
  const layer = { bytes: good, mediaType: VERSIONS["v0.3"] };
  return [
    {
      name: "bundle whose referrer has another subject",
      bent: "the referrer's subject, listed by the fallback tag",
      rule: "OCI: the subject is what is referred to",
      beside: { listed: [packReferrer(good, { subject: OTHER })] },
      ...INVALID,
      differs: "referrer-subject",
    },
    {
      name: "bundle whose referrer has no subject",
      bent: "the referrer's subject, listed by the fallback tag",
      rule: "OCI: the subject is what is referred to",
      beside: { listed: [packReferrer(good, { subject: undefined })] },
      ...INVALID,
      differs: "referrer-subject",
    },
    {
      name: "bundle as in-toto artifact",
      bent: "artifactType is that of in-toto",
      rule: "some tools write it; the layer decides",
      beside: attached(good, { artifactType: "application/vnd.in-toto+json" }),
      fact: ARTIFACT,
    },
    {
      name: "bundle as another artifact",
      bent: "artifactType is that of an SBOM",
      rule: "cosign's bundle specification: artifactType is the bundle's",
      beside: attached(good, { artifactType: "application/spdx+json" }),
      differs: "artifact-type",
    },
    {
      name: "bundle in a layer of another type",
      bent: "the layer's media type",
      rule: "not said to be a bundle",
      beside: attached(good, { layers: [bare] }),
    },
    {
      name: "bundle in two layers",
      bent: "a second layer",
      rule: "one bundle, one layer",
      beside: attached(good, { layers: [layer, bare] }),
    },
    {
      name: "two signatures in an envelope",
      bent: "a stranger's signature beside the right one",
      rule: "bundle specification: exactly one",
      beside: withSignatures(signature, signStatement(other, statement)),
      ...INVALID,
    },
    {
      name: "no signature in an envelope",
      bent: "no signature",
      rule: "bundle specification: exactly one",
      beside: withSignatures(),
      ...INVALID,
    },
    {
      name: "truncated signature",
      bent: "the last byte is missing",
      rule: "no DER",
      beside: withSignatures(signature.subarray(0, -1)),
      ...UNKNOWN,
    },
    {
      name: "signature with a byte more",
      bent: "a byte after the signature",
      rule: "no DER",
      beside: withSignatures(Buffer.concat([signature, Buffer.from([0])])),
      ...UNKNOWN,
    },
    {
      name: "the other signature",
      bent: "(r, n - s) in place of (r, s)",
      rule: "FIPS 186-5: both verify; nothing here is known by its signature",
      beside: withSignatures(malleate(by.key, toSigned(statement))),
      fact: ARTIFACT,
    },
    {
      name: "signature in IEEE P1363",
      bent: "r and s without DER",
      rule: "cosign writes DER",
      beside: withSignatures(sign("sha256", toSigned(statement), { key: by.key, dsaEncoding: "ieee-p1363" })),
      differs: "p1363",
      ...UNKNOWN,
    },
    {
      name: "url-safe base64",
      bent: "the alphabet of the signature",
      rule: "RFC 4648 §4: one alphabet",
      beside: withSignatures(base64(signWithSlash(by, statement)).replaceAll("+", "-").replaceAll("/", "_")),
      ...INVALID,
      differs: "base64",
    },
    {
      name: "base64 with white space",
      bent: "line breaks in the signature of a bundle",
      rule: "RFC 4648 §3.3: no other characters",
      beside: withSignatures(base64(signature).replace(/^.{20}/, "$&\n\n\n\n")),
      ...INVALID,
      differs: "base64",
    },
    {
      name: ".sig in base64 with white space",
      bent: "a line break in the signature's annotation",
      rule: "RFC 4648 §3.3: no other characters",
      beside: { sig: [layerOf(payloadOf(), `${base64(signBy(by, Buffer.from(payloadOf())))}\n`)] },
      ...INVALID,
      differs: "base64",
    },
    {
      name: ".sig without a signature",
      bent: "the annotation is missing",
      rule: "nothing is signed",
      beside: { sig: [{ bytes: payloadOf(), annotations: {} }] },
      ...INVALID,
    },
    {
      name: "bundle with an envelope twice",
      bent: "dsseEnvelope twice, the first one a stranger's",
      rule: "RFC 8259 §4: names have to be unique, else readers differ",
      beside: attached(good.replace(/}$/, `,"dsseEnvelope":${JSON.stringify(envelope)}}`)),
      ...INVALID,
    },
    {
      name: "bundle with two contents",
      bent: "an envelope, and a signature over bytes",
      rule: "bundle specification: one of them",
      beside: attached(
        toBundle(
          { dsseEnvelope: envelope, messageSignature: toMessage(MODEL.manifest, signBy(by, MODEL.manifest)) },
          BY_KEY,
        ),
      ),
      ...INVALID,
    },
    {
      name: "bundle over the manifest's bytes",
      bent: "messageSignature in place of an envelope",
      rule: "cosign signs images by statements; a signed file is no signed image",
      beside: attached(toBundle({ messageSignature: toMessage(MODEL.manifest, signBy(by, MODEL.manifest)) }, BY_KEY)),
      ...INVALID,
    },
    {
      name: "bundle of a later version",
      bent: "mediaType says v0.4",
      rule: "what is not known is not read",
      beside: attached(toBundle({ dsseEnvelope: envelope }, BY_KEY, "application/vnd.dev.sigstore.bundle.v0.4+json")),
      ...INVALID,
    },
    {
      name: "bundle of no version",
      bent: "mediaType without a version",
      rule: "what is not known is not read",
      beside: attached(toBundle({ dsseEnvelope: envelope }, BY_KEY, "application/vnd.dev.sigstore.bundle")),
      ...INVALID,
    },
    {
      name: "bundle without material",
      bent: "neither key nor certificate is named",
      rule: "bundle specification: one of them",
      beside: attached(toBundle({ dsseEnvelope: envelope }, {})),
      ...INVALID,
    },
    {
      name: "bundle by another hint",
      bent: "the hint",
      rule: "a hint helps to find a key and proves nothing",
      beside: attached(toBundle({ dsseEnvelope: envelope }, { publicKey: { hint: "somebody else" } })),
      fact: ARTIFACT,
    },
    {
      name: "bundle and a broken one",
      bent: "a broken bundle beside the good one",
      rule: "one good signature is enough; what is wrong is told",
      beside: { referrers: [packReferrer(good), packReferrer(`${good}}`)] },
      fact: ARTIFACT,
      ...INVALID,
    },
    {
      name: "bundle and a stranger's",
      bent: "a stranger's bundle beside the good one",
      rule: "one good signature is enough; what is wrong is told",
      beside: { referrers: [packReferrer(good), packReferrer(bundleOf(other, stateSigned()))] },
      fact: ARTIFACT,
      ...UNKNOWN,
    },
  ];
}

/** Hashes and schemes of other kinds of keys. */
export function listSchemes(): Bent[] {
  const [p384, rsa] = [createSignatory("p384"), createSignatory("rsa2048")];
  const statement = JSON.stringify(stateSigned());
  const files = JSON.stringify(stateFiles());
  const withSignature = (payload: string, signature: Buffer) =>
    attached(toBundle({ dsseEnvelope: toEnvelope(payload, [signature]) }, BY_KEY));
  return [
    {
      name: "bundle on P-384 with SHA-256",
      bent: "the hash",
      rule: "cosign took SHA-256 on every curve before version 3",
      beside: withSignature(statement, sign("sha256", toSigned(statement), p384.key)),
      fact: ARTIFACT,
      signatory: p384,
    },
    {
      name: ".sig on P-384 with SHA-256",
      bent: "the hash",
      rule: "cosign took SHA-256 on every curve before version 3",
      beside: { sig: [layerOf(payloadOf(), sign("sha256", Buffer.from(payloadOf()), p384.key))] },
      fact: OLD_ARTIFACT,
      signatory: p384,
    },
    {
      name: "OMS on P-384 with SHA-256",
      bent: "the hash",
      rule: "OMS: the hash goes with the curve",
      beside: withSignature(files, sign("sha256", toSigned(files), p384.key)),
      ...UNKNOWN,
      question: NOTHING,
      signatory: p384,
    },
    {
      name: "bundle by RSA with PSS",
      bent: "the padding",
      rule: "cosign signs by PKCS #1 v1.5",
      beside: withSignature(statement, signPss(rsa, toSigned(statement))),
      ...UNKNOWN,
      signatory: rsa,
    },
    {
      name: "bundle by RSA with SHA-1",
      bent: "the hash",
      rule: "cosign signs with SHA-256",
      beside: withSignature(statement, sign("sha1", toSigned(statement), rsa.key)),
      ...UNKNOWN,
      signatory: rsa,
    },
  ];
}
