// A private Sigstore in this process: an authority that issues for names, its certificate log, a transparency log and a
// timestamp authority. It asks nobody who they are, and nothing of the network.
import { createHash, sign, X509Certificate } from "node:crypto";
import { toPae } from "../../src/adapters/in-toto.ts";
import {
  createAuthority,
  createCertificateLog,
  createKeys,
  createTimestamper,
  type Holder,
  issueSigner,
  type Keys,
} from "./sigstore/certificates.ts";
import { createTransparencyLog, type Entry, LOG_URL, type Witness } from "./sigstore/log.ts";
import { answerTimestamp } from "./sigstore/timestamp.ts";

export interface SigstoreOptions {
  /** What the log gives with an entry; both where it is left out. A promise alone makes a bundle v0.1. */
  witness?: Witness;
  /** Whether bundles carry an RFC 3161 timestamp; they do where it is left out. */
  timestamp?: boolean;
  /** How long after its certificate began a signature is made, in milliseconds; a certificate lasts for ten minutes. */
  late?: number;
}

/** Who signs: a URI or an e-mail address, and the OpenID Connect issuer that vouches for it. */
export interface Who {
  identity: string;
  issuer: string;
}

export interface PrivateSigstore {
  /** trusted_root.json text that @sigstore/protobuf-specs' TrustedRoot.fromJSON reads. */
  trustedRoot: string;
  /** Bundle v0.3 JSON text (messageSignature over bytes) by a short-lived certificate for identity and issuer. */
  signBlob(bytes: Buffer, who: Who): Promise<string>;
  /** Bundle v0.3 JSON text, DSSE envelope of an in-toto statement. */
  signStatement(statement: object, who: Who): Promise<string>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const SIGNER_MS = 10 * 60 * 1000;
const STATEMENT_TYPE = "application/vnd.in-toto+json";

const base64 = (bytes: Buffer) => bytes.toString("base64");
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
const hex = (bytes: Buffer) => ({ algorithm: "sha256", value: sha256(bytes).toString("hex") });
export const toPem = (der: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${base64(der).replaceAll(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;

/** A trusted_root.json of these parties; an authority's own certificate comes before those above it. */
export function describeRoot(
  parties: { signing: Holder[]; stamping: Holder[]; certificates: Keys; entries: Keys },
  from: number,
) {
  const validFor = { start: new Date(from).toISOString() };
  const log = (baseUrl: string, { spki, id }: Keys) => ({
    baseUrl,
    hashAlgorithm: "SHA2_256",
    publicKey: { rawBytes: base64(spki), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
    logId: { keyId: base64(id) },
  });
  const authority = (uri: string, chain: readonly Holder[]) => ({
    subject: { organization: "private.example", commonName: "private" },
    uri,
    certChain: { certificates: chain.map(({ certificate }) => ({ rawBytes: base64(certificate) })) },
    validFor,
  });
  return {
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [log(LOG_URL, parties.entries)],
    certificateAuthorities: [authority("https://fulcio.private.example", parties.signing)],
    ctlogs: [log("https://ctfe.private.example", parties.certificates)],
    timestampAuthorities: [authority("https://timestamp.private.example", parties.stamping)],
  };
}

/** Sets one up, with keys of its own: two of them do not trust each other. */
export async function createSigstore(options: SigstoreOptions = {}): Promise<PrivateSigstore> {
  const { witness = "promise and proof", timestamp = true, late = 0 } = options;
  const term = { from: Date.now() - DAY_MS, until: Date.now() + 365 * DAY_MS };
  const root = createAuthority("private root", term);
  const between = createAuthority("private intermediate", term, root);
  const stampingRoot = createAuthority("private timestamp root", term);
  const stamper = createTimestamper("private timestamps", term, stampingRoot);
  const [certificates, entries] = [createKeys(), createKeys()];
  const logCertificate = createCertificateLog(certificates);
  const logEntry = createTransparencyLog(entries);

  /** Has a certificate issued, signs, and puts together what the world says about it. */
  function witnessed(
    who: Who,
    message: Buffer,
    toEntry: (signature: string, certificate: string) => Entry,
    toContent: (signature: string) => object,
  ): string {
    const now = Math.floor(Date.now() / 1000) * 1000;
    const from = now - late;
    const signer = issueSigner(who, { from, until: from + SIGNER_MS }, between, logCertificate);
    const signature = sign("sha256", message, signer.key);
    const entry = toEntry(base64(signature), base64(Buffer.from(toPem(signer.certificate))));
    const isOld = witness === "promise";
    const certificate = { rawBytes: base64(signer.certificate) };
    return JSON.stringify({
      mediaType: isOld
        ? "application/vnd.dev.sigstore.bundle+json;version=0.1"
        : "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: {
        ...(isOld ? { x509CertificateChain: { certificates: [certificate] } } : { certificate }),
        tlogEntries: [logEntry(entry, now, witness)],
        ...(timestamp
          ? {
              timestampVerificationData: {
                rfc3161Timestamps: [{ signedTimestamp: base64(answerTimestamp(stamper, signature, now)) }],
              },
            }
          : {}),
      },
      ...toContent(base64(signature)),
    });
  }

  return {
    trustedRoot: JSON.stringify(
      describeRoot({ signing: [between, root], stamping: [stamper, stampingRoot], certificates, entries }, term.from),
    ),
    async signBlob(bytes, who) {
      return witnessed(
        who,
        bytes,
        (content, certificate) => ({
          kind: "hashedrekord",
          spec: { data: { hash: hex(bytes) }, signature: { content, publicKey: { content: certificate } } },
        }),
        (signature) => ({
          messageSignature: { messageDigest: { algorithm: "SHA2_256", digest: base64(sha256(bytes)) }, signature },
        }),
      );
    },
    async signStatement(statement, who) {
      const payload = Buffer.from(JSON.stringify(statement));
      const envelope = (sig: string) => ({
        payload: base64(payload),
        payloadType: STATEMENT_TYPE,
        signatures: [{ sig }],
      });
      return witnessed(
        who,
        toPae(STATEMENT_TYPE, payload),
        (signature, verifier) => ({
          kind: "dsse",
          spec: {
            envelopeHash: hex(Buffer.from(JSON.stringify(envelope(signature)))),
            payloadHash: hex(payload),
            signatures: [{ signature, verifier }],
          },
        }),
        (signature) => ({ dsseEnvelope: envelope(signature) }),
      );
    },
  };
}

/** What a bundle's certificate says its key is: SHA-256 of the SubjectPublicKeyInfo. */
export function digestSigningKey(bundle: string): string {
  const { verificationMaterial } = JSON.parse(bundle) as {
    verificationMaterial: { certificate: { rawBytes: string } };
  };
  const { publicKey } = new X509Certificate(Buffer.from(verificationMaterial.certificate.rawBytes, "base64"));
  const spki = publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(spki).digest("hex")}`;
}
