// A release with ten files that nobody has looked at yet: from the first question to its registry until the verdict.
import { createRegistryOpener } from "../../../src/adapters/registry/open.ts";
import { collectSignatures } from "../../../src/adapters/signatures/collect.ts";
import { createJudgePool } from "../../../src/adapters/signatures/judge-pool.ts";
import { pushArtifact } from "../../../examples/silero/push.ts";
import { createKeyed, createKeyless, packRelease, type Signing } from "./signed.ts";

const FILES = 10;

const openRegistry = (host: string) =>
  createRegistryOpener({
    insecureHosts: [host],
    mirrors: [],
    caFile: undefined,
    proxy: { https: "", http: "", except: "" },
  })([]);

/** Verifies one release with connections and threads that start with it; gives milliseconds. */
async function verifyOnce(host: string, digest: string, { signer }: Signing): Promise<number> {
  const { registry, close } = await openRegistry(host);
  const pool = createJudgePool();
  try {
    const began = performance.now();
    const { signatures, problems } = await collectSignatures(
      { host, repository: "model", digest },
      {
        registry,
        judge: pool.judge,
        signers: [signer],
        model: { format: undefined, path: undefined, readsFormats: false },
        now: Date.now(),
      },
    );
    const took = performance.now() - began;
    const isSigned = signatures.some(({ over }) => over === "artifact");
    const files = signatures.find(({ over }) => over === "model")?.files;
    if (!isSigned || files !== FILES || problems.length > 0) {
      throw new Error(`the release was not verified: ${JSON.stringify({ signatures, problems })}`);
    }
    return took;
  } finally {
    await Promise.all([pool.close(), close()]);
  }
}

/** Milliseconds of each run, with keys and keyless, one after the other. */
export async function measureCold({ host, runs }: { host: string; runs: number }): Promise<Record<string, number[]>> {
  const ways = { "key, with OMS by key": createKeyed(), "keyless, with OMS keyless": await createKeyless() };
  const releases: { name: string; digest: string; signing: Signing }[] = [];
  for (const [name, signing] of Object.entries(ways)) {
    const { model, signatures } = await packRelease(signing);
    for (const artifact of [model, ...signatures]) {
      await pushArtifact({ origin: `http://${host}`, repository: "model" }, artifact);
    }
    releases.push({ name, digest: model.digest, signing });
  }
  const spent = Object.fromEntries(releases.map(({ name }) => [name, [] as number[]]));
  for (let run = 0; run < runs; run += 1) {
    for (const { name, digest, signing } of releases) spent[name]?.push(await verifyOnce(host, digest, signing));
  }
  return spent;
}
