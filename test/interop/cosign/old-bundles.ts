// Bundles that cosign does not read from a registry, given to it as files: so its verdict of them is known all the same.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, type Corpus, resolveSigners, toBytes } from "../../corpus/case.ts";
import { SIGN } from "../../corpus/statements.ts";
import { runCosign } from "./binary.ts";
import { createFiles, toFlags } from "./flags.ts";

/** The bundle of the only referrer. */
function findBundle({ content }: Case): Buffer {
  const [referrer = ""] = content.referrers ?? [];
  const { layers } = JSON.parse(toBytes(content.manifests[referrer] ?? "").toString()) as {
    layers: { digest: string }[];
  };
  return toBytes(content.blobs[layers[0]?.digest ?? ""] ?? "");
}

/** As files, cosign takes SHA-256 for the hash of every key, and has no flag for another. */
const isAskable = ({ differs, hash }: Case) => differs === "old-bundle" && hash === undefined;

/** The names of those that cosign refuses as files, too. */
export async function findRefused(
  { cases, trust }: Corpus,
  tools: { cosign: string; folder: string },
): Promise<string[]> {
  const refused: string[] = [];
  for (const about of cases.filter(isAskable)) {
    const path = join(tools.folder, "bundle.json");
    writeFileSync(path, findBundle(about));
    for (const { anchor } of resolveSigners(about.signers, trust)) {
      const flags = toFlags(anchor, about, createFiles(tools.folder)).filter(
        (flag) => !/^--(offline|signature-)/.test(flag),
      );
      const digest = ["--digest", about.content.subject.replace("sha256:", ""), "--digestAlg", "sha256"];
      const args = ["verify-blob-attestation", "--bundle", path, "--type", SIGN, ...digest, ...flags];
      const { isAccepted, said } = await runCosign(tools.cosign, args);
      if (!isAccepted) refused.push(`${about.name}: ${said.replaceAll(/\s+/g, " ").slice(0, 400)}`);
    }
  }
  return refused;
}
