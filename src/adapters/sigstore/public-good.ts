/** The trusted_root.json of Sigstore's public-good instance as the package @sigstore/tuf carries it; nothing is fetched. */
import shipped from "@sigstore/tuf/seeds.json" with { type: "json" };
import * as z from "zod";

const PUBLIC_GOOD = "https://tuf-repo-cdn.sigstore.dev";

const seeds = z.record(z.string(), z.object({ targets: z.record(z.string(), z.string()) }));

const read = (): string => {
  const encoded = seeds.parse(shipped)[PUBLIC_GOOD]?.targets["trusted_root.json"];
  if (encoded === undefined) throw new Error("@sigstore/tuf carries no trusted root");
  return Buffer.from(encoded, "base64").toString("utf8");
};

let text: string | undefined;

/** Its text; the same each time. */
export function readPublicGoodRoot(): string {
  text ??= read();
  return text;
}
