// Certificates that are not for signatures, or of nobody who is trusted.
import { CODE_SIGNING, createKeys, issue, toPurposes } from "../../../harness/sigstore/certificates.ts";
import { constrain, LONG, MAIL } from "../../authorities.ts";
import { byChain, toBundle, toEnvelope, VERSIONS } from "../../bundles.ts";
import { createCertified, createWorld, type SignerWish, type World } from "../../sigstore.ts";
import { INVALID } from "../facts.ts";
import { attached, attachedText, type Parts, type Row, signAs, signFor } from "./parts.ts";

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/** Certificates that are not for this. */
export function listCertificates(world: World): Row[] {
  const certified = (wish: SignerWish) => attached(signFor(world, { wish }));
  const other = createWorld();
  const [two, one] = [createCertified(world), createCertified(world)];
  const mixed = { ...two, certificate: one.certificate };
  const narrow = createWorld([constrain([[MAIL, "voice.example"]])]);
  const elsewhere = createWorld([toPurposes(SERVER_AUTH)]);
  const short = issue({
    common: "last",
    keys: createKeys(),
    issuer: world.root,
    term: LONG,
    isAuthority: false,
    extensions: [toPurposes(CODE_SIGNING)],
  });
  const inBundle = (chain: readonly Buffer[], parts: Parts, version: keyof typeof VERSIONS) =>
    attachedText(
      toBundle(
        { dsseEnvelope: toEnvelope(parts.payload, [parts.signature]) },
        { ...byChain(chain), tlogEntries: parts.entries },
        VERSIONS[version],
      ),
    );
  const good = signFor(world);
  return [
    {
      name: "an unknown authority",
      bent: "certificate, log and all are another instance's",
      rule: "RFC 5280 §6: no path to the trusted root",
      beside: attached(signFor(other)),
      ...INVALID,
    },
    {
      name: "an unknown authority, known logs",
      bent: "the certificate is another instance's",
      rule: "RFC 5280 §6: no path to the trusted root",
      beside: attached(signAs(createCertified(other), world)),
      ...INVALID,
    },
    {
      name: "the certificate of one, the signature of another",
      bent: "certificate",
      rule: "the certificate's key did not sign",
      beside: attached(signAs(mixed, world)),
      ...INVALID,
    },
    {
      name: "a certificate for servers",
      bent: "extended key usage without codeSigning",
      rule: "Fulcio's profile: codeSigning",
      beside: certified({ purposes: [SERVER_AUTH] }),
      ...INVALID,
    },
    {
      name: "a certificate for nothing",
      bent: "no extended key usage",
      rule: "Fulcio's profile: codeSigning",
      beside: certified({ purposes: [] }),
      ...INVALID,
      differs: "key-usage",
    },
    {
      name: "a certificate for keys",
      bent: "key usage is keyEncipherment alone",
      rule: "RFC 5280 §4.2.1.3: digitalSignature",
      beside: certified({ usage: "encrypts keys" }),
      ...INVALID,
      differs: "key-usage",
    },
    {
      name: "a certificate of an authority",
      bent: "CA:TRUE",
      rule: "Fulcio's profile: no authority",
      beside: certified({ isAuthority: true, usage: "signs documents" }),
      ...INVALID,
      differs: "key-usage",
    },
    {
      name: "a certificate by no authority",
      bent: "issued by a signer's certificate",
      rule: "RFC 5280 §6.1.4: the issuer is an authority",
      beside: certified({ issuer: short }),
      ...INVALID,
    },
    {
      name: "a name outside of the constraints",
      bent: "the authority may name only voice.example",
      rule: "RFC 5280 §6.1.3 (b): permitted names",
      beside: attached(signFor(narrow)),
      root: narrow.trustedRoot,
      ...INVALID,
    },
    {
      name: "an authority for servers",
      bent: "extended key usage of the authority",
      rule: "CA/Browser Forum §7.1.2.10: usages of an authority bound those below",
      beside: attached(signFor(elsewhere)),
      root: elsewhere.trustedRoot,
      ...INVALID,
    },
    {
      name: "no certificate log",
      bent: "no signed certificate timestamp",
      rule: "RFC 6962: the certificate has to be logged",
      beside: certified({ isLogged: false }),
      ...INVALID,
    },
    {
      name: "another certificate log",
      bent: "the certificate timestamp is another log's",
      rule: "RFC 6962: a log that is trusted",
      beside: attached(
        signAs(
          createCertified({
            ...other,
            certify: (keys, wish) => other.certify(keys, { ...wish, issuer: world.between }),
          }),
          world,
        ),
      ),
      ...INVALID,
    },
    {
      name: "a chain in a bundle v0.3",
      bent: "x509CertificateChain in place of certificate",
      rule: "bundle specification: v0.3 has one certificate",
      beside: inBundle([good.by.certificate], good, "v0.3"),
      ...INVALID,
    },
    {
      name: "a chain with its root in a bundle v0.2",
      bent: "the root is in the chain",
      rule: "client specification: no root in a bundle",
      beside: inBundle([good.by.certificate, world.between.certificate, world.root.certificate], good, "v0.2"),
      ...INVALID,
    },
  ];
}
