/** Whom verification trusts: certificate authorities, logs and timestamp authorities, as a trusted_root.json names them. */
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { z } from "zod";

const MEDIA_TYPE = /^application\/vnd\.dev\.sigstore\.trustedroot(\+json;version=0\.\d|\.v0\.\d\+json)$/;

/** Reads a trusted_root.json. Throws a sentence where it is none. */
export function parseTrustedRoot(text: string): TrustedRoot {
  const json: unknown = JSON.parse(text);
  const { mediaType } = z.object({ mediaType: z.string() }).parse(json);
  if (!MEDIA_TYPE.test(mediaType))
    throw new Error(`${JSON.stringify(mediaType.slice(0, 80))} is no trusted root's type`);
  return TrustedRoot.fromJSON(json);
}
