// Time-stamping authorities of a company, and signatures that they stamped.
import { createTimestamper, type Holder } from "../../../harness/sigstore/certificates.ts";
import { answerTimestamp, type StampWish } from "../../../harness/sigstore/timestamp.ts";
import { createBelow, createRoot, createSigner, LONG, OVER, type SignerWish } from "../../authorities.ts";
import { signBy } from "../../keys.ts";
import type { Beside } from "../../pack.ts";
import type { Certified } from "../../sigstore.ts";
import { payloadOf } from "../../statements.ts";
import { attached, old, type Row as CertifiedRow } from "../certified/parts.ts";

const HOUR = 60 * 60 * 1000;
/** While a certificate that is over was valid. */
export const IN_TIME = OVER.from + 24 * HOUR;
export const TOO_LATE = OVER.until + HOUR;

export interface Row extends CertifiedRow {
  /** Whose timestamps the policy takes; the usual ones where it is left out. */
  authorities?: readonly Holder[];
}

/** Everybody who takes part. */
export function createCompany() {
  const root = createRoot();
  const between = createBelow(root);
  const stampRoot = createRoot("Acme time");
  const stamper = createTimestamper("Acme stamps", LONG, stampRoot);
  return {
    root,
    between,
    stampRoot,
    stamper,
    /** Somebody whose certificate is over. */
    over: createSigner(between, { term: OVER }),
    sign: (wish: SignerWish) => createSigner(between, wish),
  };
}
export type Company = ReturnType<typeof createCompany>;

/** A bundle whose signature was stamped. */
export const stamped = (by: Certified, stamper: Holder, at = IN_TIME, wish: StampWish = {}): Beside =>
  attached(by, { stamp: (signature) => [answerTimestamp(stamper, signature, at, wish)] });

/** A legacy signature that was stamped. */
export function stampedOld(by: Certified, stamper: Holder, at = IN_TIME): Beside {
  const signature = signBy(by, Buffer.from(payloadOf()));
  return old(by, { signature, stamp: answerTimestamp(stamper, signature, at) });
}
