// Certificates that are not for signatures, or no longer, or of nobody who is trusted.
import { generateKeyPairSync } from "node:crypto";
import { createKeys, extension, toPurposes } from "../../../harness/sigstore/certificates.ts";
import { octets } from "../../../harness/sigstore/der.ts";
import { createBelow, createRoot, createSigner, OVER, type SignerWish } from "../../authorities.ts";
import { byCertificate, toBundle, toEnvelope } from "../../bundles.ts";
import { signBy } from "../../keys.ts";
import { OTHER, packReferrer } from "../../pack.ts";
import { createWorld, signStatement } from "../../sigstore.ts";
import { payloadOf, stateSigned } from "../../statements.ts";
import { ARTIFACT, INVALID } from "../facts.ts";
import { attached, type Company, old, type Row } from "./parts.ts";

const [SERVER_AUTH, CODE_SIGNING] = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3"];

/** Certificates that are not for this, or no longer. */
export function listPaths({ root, between }: Company): Row[] {
  const signed = (wish: SignerWish) => attached(createSigner(between, wish));
  const by = createSigner(between);
  const stranger = createSigner(createBelow(createRoot(), "Acme signing"));
  const other = createSigner(between);
  const world = createWorld();
  const over = createSigner(between, { term: OVER });
  const [payload, statement] = [payloadOf(), JSON.stringify(stateSigned())];
  const inTime = OVER.from + 60_000;
  const overBelow = createBelow(root, "Acme old", { term: OVER });
  const short = createBelow(root, "Acme last", { pathLength: 0 });
  const tooDeep = createBelow(short, "Acme too deep");
  const forServers = createBelow(root, "Acme servers", { extensions: [toPurposes(SERVER_AUTH)] });
  const forBoth = createBelow(root, "Acme both", { extensions: [toPurposes(SERVER_AUTH, CODE_SIGNING)] });
  const forDocuments = createBelow(root, "Acme documents", { usage: "signs documents" });
  const notByAuthority = createBelow(root, "Acme clerk", { isAuthority: false, usage: "signs certificates and lists" });
  const weak = createKeys(generateKeyPairSync("rsa", { modulusLength: 1024 }));
  const critical = extension("1.3.6.1.4.1.57264.99", octets(Buffer.from("x")), true);
  const weakBelow = createBelow(root, "Acme weak", { sha1: true });
  const mixed = toEnvelope(statement, [signStatement(other, statement)]);
  return [
    {
      name: "an unknown authority",
      bent: "another root with the same names",
      rule: "RFC 5280 §6: no path to a trusted root",
      beside: attached(stranger),
      ...INVALID,
    },
    {
      name: "a chain that carries its own root",
      bent: "another root, in the bundle's chain",
      rule: "what a bundle carries is not trusted by that",
      beside: attached(stranger, { version: "v0.2", chain: [createRoot()] }),
      ...INVALID,
    },
    {
      name: "no intermediate",
      bent: "neither bundle nor policy has the intermediate",
      rule: "RFC 5280 §6: no path to a trusted root",
      beside: attached(by),
      roots: [root],
      ...INVALID,
    },
    {
      name: "the certificate of one, the signature of another",
      bent: "certificate",
      rule: "the certificate's key did not sign",
      beside: {
        referrers: [
          packReferrer(toBundle({ dsseEnvelope: mixed }, { ...byCertificate(by.certificate), tlogEntries: [] })),
        ],
      },
      ...INVALID,
    },
    {
      name: "legacy, the certificate of one, the signature of another",
      bent: "certificate",
      rule: "the certificate's key did not sign",
      beside: old(by, { signature: signBy(other, Buffer.from(payload)) }),
      ...INVALID,
    },
    {
      name: "legacy about another image",
      bent: "the digest in the payload",
      rule: "the payload names what is signed",
      beside: old(by, { payload: payloadOf(OTHER.digest) }),
      ...INVALID,
    },
    {
      name: "a bundle about another image",
      bent: "the subject",
      rule: "in-toto: the subject is what is stated about",
      beside: attached(by, { statement: stateSigned(OTHER.digest) }),
      ...INVALID,
    },
    {
      name: "a certificate that ran out",
      bent: "notAfter",
      rule: "RFC 5280 §6.1.3 (a): now counts",
      beside: attached(over),
      ...INVALID,
    },
    {
      name: "legacy, a certificate that ran out",
      bent: "notAfter",
      rule: "RFC 5280 §6.1.3 (a): now counts",
      beside: old(over),
      ...INVALID,
    },
    {
      name: "legacy, a certificate that ran out, stamped before",
      bent: "notAfter, and a timestamp of an authority that cosign is told to trust",
      rule: "a policy's authorities have no timestamp authority: now counts",
      beside: old(over, { stamp: world.stamp(signBy(over, Buffer.from(payload)), inTime) }),
      ...INVALID,
    },
    {
      name: "an intermediate that ran out",
      bent: "notAfter of the intermediate",
      rule: "RFC 5280 §6.1.3 (a): now counts",
      beside: attached(createSigner(overBelow)),
      roots: [overBelow, root],
      ...INVALID,
    },
    {
      name: "a certificate that has not begun",
      bent: "notBefore",
      rule: "RFC 5280 §6.1.3 (a): now counts",
      beside: signed({ term: { from: Date.parse("2048-01-01"), until: Date.parse("2049-01-01") } }),
      ...INVALID,
    },
    {
      name: "a certificate for servers",
      bent: "extended key usage without codeSigning",
      rule: "RFC 5280 §4.2.1.12: codeSigning",
      beside: signed({ purposes: [SERVER_AUTH] }),
      ...INVALID,
    },
    {
      name: "a certificate for signatures of any kind",
      bent: "no extended key usage, digitalSignature",
      rule: "codeSigning has to be named: one for anything cannot be told from one for TLS clients or mail",
      beside: signed({ purposes: [] }),
      ...INVALID,
      differs: "key-usage",
    },
    {
      name: "a certificate for nothing",
      bent: "neither usage nor extended usage",
      rule: "one of the two has to be named",
      beside: signed({ purposes: [], usage: "none" }),
      ...INVALID,
      differs: "key-usage",
    },
    {
      name: "a certificate for keys",
      bent: "key usage is keyEncipherment alone",
      rule: "RFC 5280 §4.2.1.3: digitalSignature",
      beside: signed({ usage: "encrypts keys" }),
      ...INVALID,
      differs: "key-usage",
    },
    {
      name: "a certificate of an authority that may not issue",
      bent: "CA:TRUE, and key usage lacks keyCertSign",
      rule: "RFC 5280 §4.2.1.9: an authority may issue",
      beside: signed({ isAuthority: true, usage: "signs documents" }),
      fact: ARTIFACT,
    },
    {
      name: "a certificate by a signer",
      bent: "issued by a certificate that is no authority's",
      rule: "RFC 5280 §6.1.4 (k): an authority",
      beside: attached(createSigner(notByAuthority)),
      roots: [notByAuthority, root],
      ...INVALID,
    },
    {
      name: "a certificate by an authority for documents",
      bent: "key usage of the authority lacks keyCertSign",
      rule: "RFC 5280 §6.1.4 (n): keyCertSign",
      beside: attached(createSigner(forDocuments)),
      roots: [forDocuments, root],
      ...INVALID,
    },
    {
      name: "a path that is too long",
      bent: "an authority below one with pathLenConstraint 0",
      rule: "RFC 5280 §6.1.4 (m)",
      beside: attached(createSigner(tooDeep)),
      roots: [tooDeep, short, root],
      ...INVALID,
    },
    {
      name: "an authority for servers",
      bent: "extended key usage of the intermediate",
      rule: "CA/Browser Forum §7.1.2.10: usages of an authority bound those below",
      beside: attached(createSigner(forServers)),
      roots: [forServers, root],
      ...INVALID,
    },
    {
      name: "an authority for servers and code",
      bent: "nothing: codeSigning is among its extended usages",
      rule: "CA/Browser Forum §7.1.2.10: usages of an authority bound those below",
      beside: attached(createSigner(forBoth)),
      roots: [forBoth, root],
      fact: ARTIFACT,
    },
    {
      name: "an extension that is critical and unknown",
      bent: "an extension of the signer's certificate",
      rule: "RFC 5280 §4.2: refuse",
      beside: signed({ extensions: [critical] }),
      ...INVALID,
    },
    {
      name: "a certificate signed with SHA-1",
      bent: "the hash under the signer's certificate",
      rule: "SHA-1 has collisions: two certificates, one signature",
      beside: signed({ sha1: true }),
      ...INVALID,
    },
    {
      name: "an intermediate signed with SHA-1",
      bent: "the hash under the intermediate",
      rule: "SHA-1 has collisions: two certificates, one signature",
      beside: attached(createSigner(weakBelow)),
      roots: [weakBelow, root],
      ...INVALID,
    },
    {
      name: "a short RSA key",
      bent: "1024 bits in the signer's certificate",
      rule: "an RSA key has 2048 bits at least, as one in a policy has",
      beside: signed({ keys: weak, kind: "rsa2048" }),
      ...INVALID,
    },
  ];
}
