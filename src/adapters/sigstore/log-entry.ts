/**
 * Whether a log entry vouches for the key of the bundle. @sigstore/verify compares signature and digest; without this the
 * entry of one certificate could stand beside another one for the same key.
 */
import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { TransparencyLogEntry } from "@sigstore/bundle";
import * as z from "zod";
import { readDer } from "../certificates/parsed-certificate.ts";
import { parseBoundedJson } from "../decode.ts";
import { Refusal } from "./verdict.ts";

/** Rekor v2: bytes in DER. */
const verifier = z.object({
  publicKey: z.object({ rawBytes: z.string() }).optional(),
  x509Certificate: z.object({ rawBytes: z.string() }).optional(),
});
type Verifier = z.output<typeof verifier>;

/** Many times what any of these has. */
const MAX_BODY_VALUES = 1000;

const pem = (encoded: string) => Buffer.from(encoded, "base64").toString("utf8");

const BODIES = {
  "hashedrekord/0.0.1": z
    .object({ spec: z.object({ signature: z.object({ publicKey: z.object({ content: z.string() }) }) }) })
    .transform(({ spec }) => [pem(spec.signature.publicKey.content)]),
  "dsse/0.0.1": z
    .object({ spec: z.object({ signatures: z.array(z.object({ verifier: z.string() })).min(1) }) })
    .transform(({ spec }) => spec.signatures.map((one) => pem(one.verifier))),
  "intoto/0.0.2": z
    .object({
      spec: z.object({
        content: z.object({
          envelope: z.object({ signatures: z.array(z.object({ publicKey: z.string() })).min(1) }),
        }),
      }),
    })
    .transform(({ spec }) => spec.content.envelope.signatures.map((one) => pem(one.publicKey))),
  "hashedrekord/0.0.2": z
    .object({ spec: z.object({ hashedRekordV002: z.object({ signature: z.object({ verifier }) }) }) })
    .transform(({ spec }) => [spec.hashedRekordV002.signature.verifier]),
  "dsse/0.0.2": z
    .object({ spec: z.object({ dsseV002: z.object({ signatures: z.array(z.object({ verifier })).min(1) }) }) })
    .transform(({ spec }) => spec.dsseV002.signatures.map((one) => one.verifier)),
} as const;
const isKnown = (kind: string): kind is keyof typeof BODIES => Object.hasOwn(BODIES, kind);

/** What the bundle itself says it was signed with. */
export type OwnKey = { certificate: X509Certificate } | { key: KeyObject };

const toSpki = (key: KeyObject) => key.export({ type: "spki", format: "der" });

function isSame(logged: string | Verifier, own: OwnKey): boolean {
  const isCertificate =
    typeof logged === "string" ? logged.includes("BEGIN CERTIFICATE") : logged.x509Certificate !== undefined;
  if (isCertificate) {
    const certificate =
      typeof logged === "string"
        ? new X509Certificate(logged)
        : readDer(Buffer.from(logged.x509Certificate?.rawBytes ?? "", "base64"));
    return "certificate" in own && certificate.raw.equals(own.certificate.raw);
  }
  const key =
    typeof logged === "string"
      ? createPublicKey(logged)
      : createPublicKey({ key: Buffer.from(logged.publicKey?.rawBytes ?? "", "base64"), type: "spki", format: "der" });
  const expected = "key" in own ? own.key : own.certificate.publicKey;
  return toSpki(key).equals(toSpki(expected));
}

/** Holds an entry to the key or certificate of the bundle. Throws a Refusal where it names another. */
export function demandSameKey(
  { kindVersion: { kind, version }, canonicalizedBody }: TransparencyLogEntry,
  own: OwnKey,
): void {
  const form = `${kind}/${version}`;
  if (!isKnown(form)) throw new Refusal("LogEntryMismatch", `log entries of type ${form} are not supported`);
  let isOurs: boolean;
  try {
    const body: unknown = parseBoundedJson(canonicalizedBody, MAX_BODY_VALUES);
    const logged: (string | Verifier)[] = BODIES[form].parse(body);
    isOurs = logged.length === 1 && logged.every((one) => isSame(one, own));
  } catch {
    throw new Refusal("LogEntryMismatch", `its log entry is no ${form}`);
  }
  if (!isOurs) throw new Refusal("LogEntryMismatch", "its log entry is about another key or certificate");
}
