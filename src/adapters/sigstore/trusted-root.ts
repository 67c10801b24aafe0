/** Whom verification trusts: certificate authorities, logs and timestamp authorities, as a trusted_root.json names them. */
import { TrustedRoot } from "@sigstore/protobuf-specs";
import shipped from "@sigstore/tuf/seeds.json" with { type: "json" };
import { z } from "zod";

const MEDIA_TYPE = /^application\/vnd\.dev\.sigstore\.trustedroot(\+json;version=0\.\d|\.v0\.\d\+json)$/;
const PUBLIC_GOOD = "https://tuf-repo-cdn.sigstore.dev";

const seeds = z.record(z.string(), z.object({ targets: z.record(z.string(), z.string()) }));

/** Reads a trusted_root.json. Throws a sentence where it is none. */
export function parseTrustedRoot(text: string): TrustedRoot {
  const json: unknown = JSON.parse(text);
  const { mediaType } = z.object({ mediaType: z.string() }).parse(json);
  if (!MEDIA_TYPE.test(mediaType))
    throw new Error(`${JSON.stringify(mediaType.slice(0, 80))} is no trusted root's type`);
  return TrustedRoot.fromJSON(json);
}

/** The root of Sigstore's public-good instance as the package @sigstore/tuf carries it; nothing is asked of the network. */
export function readPublicGoodRoot(): TrustedRoot {
  const encoded = seeds.parse(shipped)[PUBLIC_GOOD]?.targets["trusted_root.json"];
  if (encoded === undefined) throw new Error("@sigstore/tuf carries no trusted root");
  return parseTrustedRoot(Buffer.from(encoded, "base64").toString("utf8"));
}
