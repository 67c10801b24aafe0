// Images by tag, resolved and verified: by one process that is there already, and by a process of cosign for each. No image
// is seen twice by either, so that nothing is known by its digest.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { packImage } from "../../../examples/silero/pack.ts";
import { pushArtifact } from "../../../examples/silero/push.ts";
import { createRegistryOpener } from "../../../src/adapters/registry/open.ts";
import type { Registry } from "../../../src/adapters/registry/registry.ts";
import { collectSignatures } from "../../../src/adapters/signatures/collect.ts";
import { createJudgePool, type JudgePool } from "../../../src/adapters/signatures/judge-pool.ts";
import type { NamedSigner } from "../../../src/domain/trust.ts";
import { createKeyless, packSignature, type Signing, WHO } from "./signed.ts";

const REPOSITORY = "image";

/** How the signer is named to either command. */
export const listSignerFlags = (trustedRoot: string): string[] => [
  "--certificate-identity",
  WHO.identity,
  "--certificate-oidc-issuer",
  WHO.issuer,
  "--trusted-root",
  trustedRoot,
];

/** Pushes a signed image that differs from all others by its tag; gives its reference. */
export async function pushImage(host: string, tag: string, signing: Signing): Promise<string> {
  const target = { origin: `http://${host}`, repository: REPOSITORY };
  const image = packImage(tag, "server", `#!/bin/sh\necho ${tag}\n`);
  await pushArtifact(target, image, tag);
  await pushArtifact(target, await packSignature(image, signing));
  return `${host}/${REPOSITORY}:${tag}`;
}

interface Warm {
  registry: Registry;
  pool: JudgePool;
  signer: NamedSigner;
}

async function verifyWarm(image: string, { registry, pool, signer }: Warm): Promise<void> {
  const [host = "", tag = ""] = image.split(`/${REPOSITORY}:`);
  const named = { host, repository: REPOSITORY };
  const content = await registry.readTag({ ...named, digest: "" }, tag);
  if (content === undefined) throw new Error(`${image} is not there`);
  const { signatures, problems } = await collectSignatures(
    { ...named, digest: content.digest },
    {
      registry,
      judge: pool.judge,
      signers: [signer],
      model: { format: undefined, path: undefined, readsFormats: false },
      seen: content,
      now: Date.now(),
    },
  );
  if (signatures.length !== 1 || problems.length > 0) throw new Error(`${image}: ${JSON.stringify(problems)}`);
}

/** Milliseconds per item, `width` at a time. */
async function takePerItem(items: readonly string[], width: number, act: (item: string) => Promise<unknown>) {
  const left = [...items];
  const began = performance.now();
  const work = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item);
  };
  await Promise.all(Array.from({ length: width }, work));
  return (performance.now() - began) / items.length;
}

export interface ImagesGiven {
  host: string;
  /** Undefined where there is none. */
  cosign: string | undefined;
  /** Where the trusted root is written. */
  rootFile: string;
  widths: readonly number[];
  rounds: number;
  perRound: number;
}

/** Milliseconds per image in each round, by how many are verified at a time. */
export interface ImagesFound {
  width: number;
  ours: number[];
  /** Empty where there is no cosign. */
  theirs: number[];
}

/** Verifies each round's images by the warm process, and then by processes of cosign. */
export async function measureImages(given: ImagesGiven): Promise<ImagesFound[]> {
  const { host, cosign, rootFile, widths, rounds, perRound } = given;
  const signing = await createKeyless();
  await writeFile(rootFile, signing.trustedRoot);
  const { registry, close } = await createRegistryOpener({
    insecureHosts: [host],
    mirrors: [],
    caFile: undefined,
    proxy: { https: "", http: "", except: "" },
  })([]);
  const pool = createJudgePool();
  const runCosign = (image: string) =>
    promisify(execFile)(cosign ?? "", ["verify", "--allow-http-registry", ...listSignerFlags(rootFile), image]);
  const found = widths.map((width): ImagesFound => ({ width, ours: [], theirs: [] }));
  // The first round warms up.
  for (let round = -1; round < rounds; round += 1) {
    for (const { width, ours, theirs } of found) {
      const images: string[] = [];
      for (let index = 0; index < perRound + width; index += 1) {
        images.push(await pushImage(host, `w${width}-r${round + 1}-${index}`, signing));
      }
      const verify = (image: string) => verifyWarm(image, { registry, pool, ...signing });
      // Threads without work end after a while, and a round of cosign may take longer.
      await takePerItem(images.splice(0, width), width, verify);
      const our = await takePerItem(images, width, verify);
      const their = cosign === undefined ? undefined : await takePerItem(images, width, runCosign);
      if (round < 0) continue;
      ours.push(our);
      if (their !== undefined) theirs.push(their);
    }
  }
  await Promise.all([pool.close(), close()]);
  return found;
}
