// A model of gigabytes on disk: verified by us and by the reference implementation, and hashed by openssl. All read from
// what the system keeps of files in memory.
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomFillSync } from "node:crypto";
import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureApart } from "./apart.ts";
import { PROGRAM } from "./built.ts";
import { measureHashing } from "./hashing.ts";
import { listModelSigning, type SignedModel } from "./model-signing.ts";
import { runTimed, type Spent } from "./timed.ts";

const FILES = 8;
const MIB = 1024 * 1024;
const FREE_GIB = 6;

/** Why there is no room for the model in a folder; undefined where there is. */
export function findShortage(folder: string): string | undefined {
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / 1024 ** 3;
  return free < FREE_GIB ? `${folder} has ${free.toFixed(1)} GiB free, and ${FREE_GIB} are needed` : undefined;
}

/** Writes a model of random bytes into `folder`, with keys and a signature beside it. */
export function makeModel(folder: string, mib: number): SignedModel & { files: string[] } {
  const at = (name: string) => join(folder, name);
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  writeFileSync(at("key.pem"), privateKey);
  writeFileSync(at("key.pub"), publicKey);
  mkdirSync(at("model"));
  const files = Array.from({ length: FILES }, (_, index) => at(`model/weights-${index}.bin`));
  const part = Buffer.alloc(Math.ceil(mib / FILES) * MIB);
  for (const file of files) writeFileSync(file, randomFillSync(part));
  const made = { model: at("model"), signature: at("model.sig"), publicKey: at("key.pub"), files };
  const method = ["--method", "key", "--private-key", at("key.pem")];
  execFileSync(PROGRAM, ["sign-model", ...method, "--model-path", made.model, "--output-bundle", made.signature]);
  return made;
}

/** What is measured, by how it is told. */
export const SIDES = {
  ours: "`vouchsafe verify-model`, 1 thread that hashes",
  theirs: "`model_signing verify`, 1 thread that hashes",
  theirsTyped: "`model_signing verify` as it is typed, 4 threads more than processors",
  openssl: "`openssl dgst -sha256`, 1 thread",
  hashing: "our hashing alone in a worker, 1 thread",
} as const;
export type Side = keyof typeof SIDES;

/** What is there to be compared with. */
export interface Others {
  /** The folder of the reference implementation's programs. */
  programs: string | undefined;
  hasOpenssl: boolean;
}

/** Seconds of each side in each round; none of what is not there. */
export async function measureModels(
  { files, ...signed }: ReturnType<typeof makeModel>,
  { programs, hasOpenssl }: Others,
  rounds: number,
): Promise<Record<Side, Spent[]>> {
  const { model, signature, publicKey } = signed;
  const run = ([command = "", ...args]: string[]) => runTimed(command, args);
  const ours = ["--method", "key", "--model-path", model, "--bundle", signature, "--public-key", publicKey];
  const reference = programs === undefined ? undefined : listModelSigning(programs, signed);
  const acts: [Side, () => Promise<Spent>][] = [
    ["ours", () => run([PROGRAM, "verify-model", ...ours])],
    ["hashing", () => measureApart("hashing.ts", measureHashing, { model })],
    ...(hasOpenssl
      ? ([["openssl", () => run(["openssl", "dgst", "-sha256", ...files])]] satisfies [Side, () => Promise<Spent>][])
      : []),
    ...(reference === undefined
      ? []
      : ([
          ["theirs", () => run(reference.oneThread)],
          ["theirsTyped", () => run(reference.asTyped)],
        ] satisfies [Side, () => Promise<Spent>][])),
  ];
  const spent: Record<Side, Spent[]> = { ours: [], theirs: [], theirsTyped: [], openssl: [], hashing: [] };
  // The first round warms up: it reads the files from disk.
  for (let round = -1; round < rounds; round += 1) {
    for (const [side, act] of acts) {
      const took = await act();
      if (round >= 0) spent[side].push(took);
      process.stdout.write(`  ${side}: ${took.wall.toFixed(2)} s, processor ${took.cpu.toFixed(2)} s\n`);
    }
  }
  return spent;
}
