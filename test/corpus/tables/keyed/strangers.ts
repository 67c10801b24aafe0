// Signatures by others, and about others.
import { createRoot, createSigner } from "../../authorities.ts";
import { BY_KEY, toBundle, toEnvelope } from "../../bundles.ts";
import { createSignatory, type Signatory, signBy } from "../../keys.ts";
import { MODEL, OTHER } from "../../pack.ts";
import { pemOf, signStatement } from "../../sigstore.ts";
import { payloadOf, stateEvaluated, stateFiles, stateSigned, toSigned } from "../../statements.ts";
import { ATTESTED, INVALID, NOTHING, OLD_ARTIFACT, UNKNOWN } from "../facts.ts";
import { attached, attestationLayer, base64, type Bent, bundleOf, envelopeOf, layerOf } from "./parts.ts";

/** Signatures by others, and about others. */
export function listStrangers(by: Signatory): Bent[] {
  const other = createSignatory();
  const payload = payloadOf();
  const statement = JSON.stringify(stateSigned());
  const signed = (what: string) => layerOf(what, signBy(by, Buffer.from(what)));
  const own = signed(payload);
  const certified = createSigner(createRoot(), { keys: by });
  const twoNames = payloadOf().replace(
    '"docker-manifest-digest"',
    `"Docker-manifest-digest":"${OTHER.digest}","docker-manifest-digest"`,
  );
  const capital = payloadOf().replace("docker-manifest-digest", "Docker-manifest-digest");
  const twice = payloadOf().replace(
    '"docker-manifest-digest"',
    `"docker-manifest-digest":"${OTHER.digest}","docker-manifest-digest"`,
  );
  return [
    {
      name: ".sig by another key",
      bent: "the key",
      rule: "it does not verify",
      beside: { sig: [layerOf(payload, signBy(other, Buffer.from(payload)))] },
      ...UNKNOWN,
    },
    {
      name: "bundle by another key",
      bent: "the key",
      rule: "it does not verify",
      beside: attached(bundleOf(other, stateSigned())),
      ...UNKNOWN,
    },
    {
      name: "OMS by another key",
      bent: "the key",
      rule: "it does not verify",
      beside: attached(bundleOf(other, stateFiles())),
      ...UNKNOWN,
      question: NOTHING,
    },
    {
      name: "attestation by another key",
      bent: "the key",
      rule: "whoever else attests is no fault of the artifact",
      beside: attached(bundleOf(other, stateEvaluated())),
      question: ATTESTED,
    },
    {
      name: ".att by another key",
      bent: "the key",
      rule: "whoever else attests is no fault of the artifact",
      beside: { att: [attestationLayer(envelopeOf(other, stateEvaluated()))] },
      question: ATTESTED,
    },
    {
      name: "bundle with its own key",
      bent: "publicKey.rawBytes holds the stranger's key",
      rule: "a key is believed because the policy names it, not because the bundle carries it",
      beside: attached(
        toBundle(
          { dsseEnvelope: envelopeOf(other, stateSigned()) },
          { publicKey: { rawBytes: base64(other.spki), keyDetails: "PKIX_ECDSA_P256_SHA_256", hint: "pipeline" } },
        ),
      ),
      ...UNKNOWN,
    },
    {
      name: ".sig about another image",
      bent: "the digest in the payload",
      rule: "the payload names what is signed",
      beside: { sig: [signed(payloadOf(OTHER.digest))] },
      ...INVALID,
    },
    {
      name: ".sig of another type",
      bent: "critical.type",
      rule: "simple signing: the type is cosign's",
      beside: { sig: [signed(payloadOf(MODEL.digest, "atomic container signature"))] },
      differs: "payload-type",
      ...INVALID,
    },
    {
      name: ".sig with a capital letter",
      bent: "Docker-manifest-digest, as old documents write it",
      rule: "cosign's JSON reads either",
      beside: { sig: [signed(capital)] },
      fact: OLD_ARTIFACT,
    },
    {
      name: ".sig about two digests",
      bent: "two spellings of the digest's name, with two digests",
      rule: "two digests name nothing",
      beside: { sig: [signed(twoNames)] },
      ...INVALID,
      differs: "duplicate-names",
    },
    {
      name: ".sig with a digest twice",
      bent: "docker-manifest-digest twice, with two digests",
      rule: "RFC 8259 §4: names have to be unique, else readers differ",
      beside: { sig: [signed(twice)] },
      ...INVALID,
      differs: "duplicate-names",
    },
    {
      name: ".sig of another payload",
      bent: "the payload, under the signature of another",
      rule: "it does not verify",
      beside: { sig: [layerOf(payload, signBy(by, Buffer.from(`${payload} `)))] },
      ...UNKNOWN,
    },
    {
      name: ".sig with a certificate",
      bent: "signed by the key, with a certificate for it beside it",
      rule: "what names a certificate is judged by it; the key does not vouch for one",
      beside: {
        sig: [{ ...own, annotations: { ...own.annotations, "dev.sigstore.cosign/certificate": pemOf(certified) } }],
      },
      ...UNKNOWN,
      differs: "certificate-beside-key",
    },
    {
      name: ".sig layer of another type",
      bent: "the layer's media type",
      rule: "not said to be a signature",
      beside: { sig: [{ ...signed(payload), mediaType: "text/plain" }] },
      differs: "layer-type",
    },
    {
      name: "bundle about another image",
      bent: "the subject",
      rule: "in-toto: the subject is what is stated about",
      beside: attached(bundleOf(by, stateSigned(OTHER.digest))),
      ...INVALID,
    },
    {
      name: "attestation about another image",
      bent: "the subject",
      rule: "in-toto: the subject is what is stated about",
      beside: attached(bundleOf(by, stateEvaluated(OTHER.digest))),
      ...INVALID,
      question: ATTESTED,
    },
    {
      name: ".att about another image",
      bent: "the subject",
      rule: "in-toto: the subject is what is stated about",
      beside: { att: [attestationLayer(envelopeOf(by, stateEvaluated(OTHER.digest)))] },
      ...INVALID,
      question: ATTESTED,
    },
    {
      name: "OMS of other files",
      bent: "a file's content",
      rule: "OMS: each file has the listed digest",
      beside: attached(
        bundleOf(
          by,
          stateFiles([
            { path: "model.onnx", bytes: Buffer.from("other") },
            { path: "card.md", bytes: Buffer.from("card") },
          ]),
        ),
      ),
      problems: ["ModelMismatch"],
      question: NOTHING,
    },
    {
      name: "bundle of another payload",
      bent: "the payload, under the signature of another",
      rule: "it does not verify",
      beside: attached(toBundle({ dsseEnvelope: toEnvelope(statement, [signStatement(by, `${statement} `)]) }, BY_KEY)),
      ...UNKNOWN,
    },
    {
      name: "envelope signed without its encoding",
      bent: "signed is the payload itself",
      rule: "DSSE: signed is the pre-authentication encoding",
      beside: attached(toBundle({ dsseEnvelope: toEnvelope(statement, [signBy(by, Buffer.from(statement))]) }, BY_KEY)),
      ...UNKNOWN,
    },
    {
      name: "envelope of another type",
      bent: "payloadType",
      rule: "the envelope holds no in-toto statement",
      beside: attached(
        toBundle(
          {
            dsseEnvelope: toEnvelope(
              statement,
              [signBy(by, toSigned(statement, "application/json"))],
              "application/json",
            ),
          },
          BY_KEY,
        ),
      ),
      ...INVALID,
    },
  ];
}
