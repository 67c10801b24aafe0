/**
 * When a signature was there already, as time-stamping authorities vouch for it (RFC 3161). Whoever names authorities has
 * every timestamp that lies beside a signature held to all of this: one that does not hold is no reason to look away.
 */
import { createHash, X509Certificate } from "node:crypto";
import type { Certificate } from "pkijs";
import { findKeyFault } from "../../domain/public-keys.ts";
import { parseCertificate } from "./parsed-certificate.ts";
import { findPath } from "./path.ts";
import { demandSoundPath, demandStamping, isAuthority, TIME_STAMPING } from "./path-rules.ts";
import { CertificateRefusal } from "./refusal.ts";
import { demandUnrevoked } from "./revocation.ts";
import {
  type Digest,
  type Moment,
  parseToken,
  refuseStamp,
  type Stamp,
  type TimestampToken,
} from "./timestamp-token.ts";

/** By how much the clocks of an authority and of this machine may differ. */
const MAX_SKEW_MS = 60_000;
/** More than anybody has a signature stamped. */
const MAX_TOKENS = 4;

/** Timestamps (TimeStampResp in DER), and what they have to be over. Plain data. */
export interface Stamped {
  tokens: readonly Buffer[];
  over: Buffer;
}

/** Whose timestamps count. */
export interface StampTrust {
  /**
   * Certificates in PEM or DER: those that issued themselves are anchors, other authorities may lie between. Where any is no
   * authority, these alone may stamp. Undefined where nobody is named, and timestamps are not looked at.
   */
  authorities?: readonly Buffer[] | undefined;
  /** As for signers. */
  crls?: readonly Buffer[];
  /** Epoch milliseconds. */
  now: number;
}

const isOf = ({ hash, value }: Digest, bytes: Uint8Array) => createHash(hash).update(bytes).digest().equals(value);

function read(bytes: Buffer): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw refuseStamp("a certificate beside it cannot be read");
  }
}

function demandSoundKey(bytes: Buffer): void {
  let fault: string | undefined;
  try {
    fault = findKeyFault(read(bytes).publicKey);
  } catch (error) {
    if (error instanceof CertificateRefusal) throw error;
    fault = "it cannot be read";
  }
  if (fault !== undefined) throw refuseStamp(`the key of its authority may not sign: ${fault}`);
}

/** The certificate that stamped, and those that came with it. By its digest: nobody can put another one in its place. */
function listChain({ certificates, signedBy }: TimestampToken, authorities: readonly Buffer[]): Buffer[] {
  const [own, given] = [certificates, authorities].map((all) => all.map((one) => read(one).raw)) as [
    Buffer[],
    Buffer[],
  ];
  const leaf = [...own, ...given].find((one) => isOf(signedBy, one));
  if (leaf === undefined) throw refuseStamp("neither it nor the policy has the certificate that made it");
  const named = given.filter((one) => !isAuthority(parseCertificate(one).pki));
  if (named.length > 0 && !named.some((one) => one.equals(leaf)))
    throw refuseStamp("it was made by another authority than those that are named");
  return [leaf, ...own.filter((one) => !one.equals(leaf))];
}

/** The certificate that stamped, and when the lists that acquit it and those above it run out. */
async function findAuthority(
  chain: readonly Buffer[],
  moment: Moment,
  trust: StampTrust,
): Promise<{ leaf: Certificate; ends: number[] }> {
  const { authorities = [], crls, now } = trust;
  try {
    const path = await findPath(chain, authorities, moment);
    const [leaf] = path;
    if (leaf === undefined) throw new CertificateRefusal("it carries no certificate");
    demandSoundPath(path, TIME_STAMPING);
    demandStamping(leaf);
    return { leaf, ends: crls === undefined ? [] : await demandUnrevoked(path, crls, now) };
  } catch (error) {
    if (error instanceof CertificateRefusal) throw refuseStamp(`of its authority, ${error.message}`);
    throw error;
  }
}

async function isSignedBy({ signed }: TimestampToken, leaf: Certificate, over: Buffer): Promise<boolean> {
  signed.certificates = [leaf];
  try {
    return await signed.verify({ signer: 0, data: new Uint8Array(over).buffer });
  } catch {
    return false;
  }
}

async function demandToken(token: TimestampToken, over: Buffer, trust: StampTrust): Promise<number[]> {
  if (!isOf(token.imprint, over)) throw refuseStamp("it is over something else");
  if (token.moment.until > trust.now + MAX_SKEW_MS) throw refuseStamp("its time has not come");
  const chain = listChain(token, trust.authorities ?? []);
  const [first = Buffer.alloc(0)] = chain;
  demandSoundKey(first);
  const { leaf, ends } = await findAuthority(chain, token.moment, trust);
  if (!(await isSignedBy(token, leaf, over))) throw refuseStamp("its authority did not make it");
  return ends;
}

/**
 * When the signature was there, from the earliest moment to the latest that its timestamps name; undefined where none lies
 * beside it, or nobody's count. Throws a CertificateRefusal where one of them does not hold.
 */
export async function findStampedMoment({ tokens, over }: Stamped, trust: StampTrust): Promise<Stamp | undefined> {
  if (trust.authorities === undefined || tokens.length === 0) return undefined;
  if (tokens.length > MAX_TOKENS) throw refuseStamp(`there are more than ${MAX_TOKENS}`);
  const moments: Moment[] = [];
  const ends: number[] = [];
  for (const bytes of tokens) {
    const token = parseToken(bytes);
    ends.push(...(await demandToken(token, over, trust)));
    moments.push(token.moment);
  }
  return {
    from: Math.min(...moments.map(({ from }) => from)),
    until: Math.max(...moments.map(({ until }) => until)),
    ends,
  };
}
