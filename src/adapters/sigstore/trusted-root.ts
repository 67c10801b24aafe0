/** Whom verification trusts: certificate authorities, logs and timestamp authorities, as a trusted_root.json names them. */
import { type CertificateAuthority, type TimeRange, TrustedRoot } from "@sigstore/protobuf-specs";
import * as z from "zod";
import { readDer } from "../certificates/parsed-certificate.ts";
import { parseBoundedJson } from "../decode.ts";
import { recallMaterial } from "./trust.ts";

const MEDIA_TYPE = /^application\/vnd\.dev\.sigstore\.trustedroot(\+json;version=0\.\d|\.v0\.\d\+json)$/;
/** Many times what the public-good instance's has. */
const MAX_ROOT_VALUES = 20_000;

/** What has no beginning would count for ever before, too: the library takes it for that. */
function demandTerm(whose: string, term: TimeRange | undefined): void {
  if (term?.start === undefined) throw new Error(`the term of ${whose} has no beginning (validFor.start)`);
  for (const date of [term.start, term.end]) {
    if (date !== undefined && Number.isNaN(date.getTime())) throw new Error(`the term of ${whose} is no date`);
  }
}

function demandCertificates({ uri, certChain, validFor }: CertificateAuthority): void {
  const whose = `authority ${JSON.stringify(uri.slice(0, 80))}`;
  demandTerm(whose, validFor);
  if (certChain === undefined || certChain.certificates.length === 0) throw new Error(`${whose} has no certificate`);
  // The library reads most of a certificate when it needs it, which would then look like a fault of the bundle.
  for (const { rawBytes } of certChain.certificates) readDer(rawBytes);
}

/** Holds a root to what verification reads of it: what is broken is told when it is read, and not at the first bundle. */
function demandReadable(root: TrustedRoot): void {
  for (const authority of [...root.certificateAuthorities, ...root.timestampAuthorities]) demandCertificates(authority);
  for (const { baseUrl, publicKey } of [...root.tlogs, ...root.ctlogs])
    demandTerm(`log ${JSON.stringify(baseUrl.slice(0, 80))}`, publicKey?.validFor);
  if (root.tlogs.length === 0) throw new Error("it names no transparency log, so that nothing would hold under it");
  recallMaterial(root);
}

/** Reads a trusted_root.json. Throws a sentence where it is none, or where a part of it cannot be read. */
export function parseTrustedRoot(text: string): TrustedRoot {
  const json = parseBoundedJson(Buffer.from(text), MAX_ROOT_VALUES);
  const { mediaType } = z.object({ mediaType: z.string() }).parse(json);
  if (!MEDIA_TYPE.test(mediaType))
    throw new Error(`${JSON.stringify(mediaType.slice(0, 80))} is no trusted root's type`);
  const root = TrustedRoot.fromJSON(json);
  demandReadable(root);
  return root;
}

/** Most roots that are kept: a policy has one or two. */
const MAX_KNOWN = 64;
const known = new Map<string, { root: TrustedRoot } | { fault: string }>();

function read(text: string): { root: TrustedRoot } | { fault: string } {
  try {
    const root = parseTrustedRoot(text);
    if (root.certificateAuthorities.length === 0) return { fault: "it names no certificate authority" };
    return root.ctlogs.length === 0 ? { fault: "it names no certificate log" } : { root };
  } catch (error) {
    return {
      fault: error instanceof Error ? error.message.replaceAll(/\s+/g, " ").slice(0, 200) : "it cannot be read",
    };
  }
}

function recall(text: string): { root: TrustedRoot } | { fault: string } {
  const found = known.get(text) ?? read(text);
  if (!known.has(text) && known.size >= MAX_KNOWN) known.clear();
  known.set(text, found);
  return found;
}

/** Why nobody can be verified under a root, or undefined where somebody can. The same text is read once. */
export function findRootFault(text: string): string | undefined {
  const found = recall(text);
  return "fault" in found ? found.fault : undefined;
}

/** A root that was checked before. Throws where it has a fault. */
export function recallTrustedRoot(text: string): TrustedRoot {
  const found = recall(text);
  if ("fault" in found) throw new Error(found.fault);
  return found.root;
}
