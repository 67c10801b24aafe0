/** SEQUENCE in ASN.1, which certificates, timestamps and most of their parts are. */
import type { ASN1Obj } from "@sigstore/core";

const SEQUENCE = 0x10;

/** Whether it is one by its tag. */
export const isSequence = ({ tag }: ASN1Obj): boolean => tag.isUniversal() && tag.number === SEQUENCE;
