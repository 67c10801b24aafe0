// A private Sigstore whose certificates and entries are as wrong as one wishes. Its times stand still, years before those
// at which its cases are looked at: a keyless signature is judged by the time of its log.
import { createHash } from "node:crypto";
import { describeRoot, toPem } from "../harness/sigstore.ts";
import {
  CODE_SIGNING,
  createAuthority,
  createCertificateLog,
  createKeys,
  createTimestamper,
  type Holder,
  issue,
  type Keys,
  type Term,
  toIssuer,
  toNames,
  toPurposes,
  type Wish,
} from "../harness/sigstore/certificates.ts";
import { createTransparencyLog, type Entry, type Witness } from "../harness/sigstore/log.ts";
import { answerTimestamp } from "../harness/sigstore/timestamp.ts";
import { toEnvelope } from "./bundles.ts";
import { createSignatory, type KeyKind, type Signatory, signBy } from "./keys.ts";
import { IN_TOTO, toSigned } from "./statements.ts";

export const PERSON = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
export const WORKFLOW = {
  identity: "https://github.com/acme/models/.github/workflows/release.yml@refs/heads/main",
  issuer: "https://token.actions.githubusercontent.com",
};

const MINUTE = 60_000;
export const SIGNED_AT = Date.parse("2026-03-02T10:00:00Z");
const OF_AUTHORITIES: Term = { from: Date.parse("2026-01-01T00:00:00Z"), until: Date.parse("2049-12-31T00:00:00Z") };
const OF_SIGNERS: Term = { from: SIGNED_AT - MINUTE, until: SIGNED_AT + 9 * MINUTE };

/** An entry of a log as a bundle has it. */
export interface LogEntry {
  logIndex: string;
  logId: { keyId: string };
  integratedTime: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: { checkpoint: { envelope: string }; [more: string]: unknown };
  canonicalizedBody: string;
  kindVersion: { kind: string; version: string };
}

export interface World {
  trustedRoot: string;
  root: Holder;
  between: Holder;
  /** Takes an entry in. */
  enter(entry: Entry, witness?: Witness, at?: number): LogEntry;
  /** A timestamp over a signature. */
  stamp(signature: Buffer, at?: number): Buffer;
  /** A certificate that its certificate log knows; `wish` changes what is usual. */
  certify(keys: Keys, wish?: SignerWish): Holder;
}

/** What is unusual about a signer's certificate. */
export interface SignerWish extends Partial<Omit<Wish, "extensions" | "keys">> {
  names?: readonly (string | Buffer)[];
  /** Undefined where nobody vouches. */
  vouchedBy?: string | Buffer | undefined;
  purposes?: readonly string[];
  /** Whether the certificate log knows it. */
  isLogged?: boolean;
}

const toExtensions = (wish: SignerWish) => {
  const { names = [PERSON.identity], purposes = [CODE_SIGNING] } = wish;
  const vouchedBy = "vouchedBy" in wish ? wish.vouchedBy : PERSON.issuer;
  return [
    ...(purposes.length === 0 ? [] : [toPurposes(...purposes)]),
    ...(names.length === 0 ? [] : [toNames(names)]),
    ...(vouchedBy === undefined ? [] : toIssuer(vouchedBy)),
  ];
};

/** `constraints`: extensions of its intermediate authority. */
export function createWorld(constraints: readonly Buffer[] = []): World {
  const root = createAuthority("private root", OF_AUTHORITIES);
  const between = issue({
    common: "private intermediate",
    keys: createKeys(),
    issuer: root,
    term: OF_AUTHORITIES,
    isAuthority: true,
    extensions: constraints,
  });
  const stampingRoot = createAuthority("private timestamp root", OF_AUTHORITIES);
  const stamper = createTimestamper("private timestamps", OF_AUTHORITIES, stampingRoot);
  const [certificates, entries] = [createKeys(), createKeys()];
  const logCertificate = createCertificateLog(certificates);
  const logEntry = createTransparencyLog(entries);
  const parties = { signing: [between, root], stamping: [stamper, stampingRoot], certificates, entries };
  return {
    trustedRoot: JSON.stringify(describeRoot(parties, OF_AUTHORITIES.from)),
    root,
    between,
    enter: (entry, witness = "promise and proof", at = SIGNED_AT) => logEntry(entry, at, witness) as LogEntry,
    stamp: (signature, at = SIGNED_AT) => answerTimestamp(stamper, signature, at),
    certify: (keys, wish = {}) => {
      const { isLogged = true, names: _, vouchedBy: _by, purposes: _for, ...rest } = wish;
      const usual = { common: "", keys, issuer: between, term: OF_SIGNERS, isAuthority: false };
      return issue({ ...usual, ...rest, extensions: toExtensions(wish) }, isLogged ? logCertificate : undefined);
    },
  };
}

/** Somebody who signs with a certificate of a Sigstore. */
export interface Certified extends Signatory {
  certificate: Buffer;
}

export function createCertified(world: World, wish: SignerWish = {}, kind: KeyKind = "p256"): Certified {
  const signatory = createSignatory(kind);
  return { ...signatory, certificate: world.certify(signatory, wish).certificate };
}

const hex = (bytes: Buffer) => ({ algorithm: "sha256", value: createHash("sha256").update(bytes).digest("hex") });
const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString("base64");
export const pemOf = ({ certificate }: { certificate: Buffer }) => toPem(certificate);

/** What a log says of a signature over bytes as they are. */
export const toBlobEntry = (by: Certified, message: Buffer, signature: Buffer): Entry => ({
  kind: "hashedrekord",
  spec: {
    data: { hash: hex(message) },
    signature: { content: base64(signature), publicKey: { content: base64(pemOf(by)) } },
  },
});

/** What a log says of an envelope. */
export const toEnvelopeEntry = (by: Certified, payload: string, signature: Buffer): Entry => ({
  kind: "dsse",
  spec: {
    envelopeHash: hex(Buffer.from(JSON.stringify(toEnvelope(payload, [signature])))),
    payloadHash: hex(Buffer.from(payload)),
    signatures: [{ signature: base64(signature), verifier: base64(pemOf(by)) }],
  },
});

/** What a log said of an envelope before it had entries of kind dsse: first its hash and the signer's key or certificate. */
export const toFirstEnvelopeEntry = (by: Certified, payload: string, signature: Buffer): Entry => ({
  kind: "intoto",
  spec: {
    content: {
      hash: hex(Buffer.from(JSON.stringify(toEnvelope(payload, [signature])))),
      payloadHash: hex(Buffer.from(payload)),
    },
    publicKey: base64(pemOf(by)),
  },
});

/** Then the envelope without its payload, its signature in base64 twice. */
export const toSecondEnvelopeEntry = (by: Certified, payload: string, signature: Buffer): Entry => ({
  kind: "intoto",
  version: "0.0.2",
  spec: {
    content: {
      envelope: {
        payloadType: IN_TOTO,
        signatures: [{ publicKey: base64(pemOf(by)), sig: base64(base64(signature)) }],
      },
      hash: hex(Buffer.from(JSON.stringify(toEnvelope(payload, [signature])))),
      payloadHash: hex(Buffer.from(payload)),
    },
  },
});

/** Signs a statement. */
export const signStatement = (by: Pick<Signatory, "key" | "kind">, payload: string): Buffer =>
  signBy(by, toSigned(payload));
