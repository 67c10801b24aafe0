// Gets the model files: npm packs the package that carries them into a cache; nothing is installed from it.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const PACKAGE = "@ricky0123/vad-web@0.0.31";
const INTEGRITY = "sha512-ePVq8TvB21sdHSxVMZOEIf9JVa7MAYpaIaNXeGgsPOiMCN8xbPCdF2LS5aYj7VRR3ZxzutedgV9ZplV65IA1Fg==";

/** SHA-256 of the generations of the model, by the name of the file in the package. */
const FILES = {
  legacy: "a35ebf52fd3ce5f1469b2a36158dba761bc47b973ea3382b3186ca15b1f5af28",
  v5: "2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f",
  v6: "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
} as const;

export type Generation = keyof typeof FILES;

const cacheDir = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vouchsafe", "silero-0.0.31");

async function download(dir: string): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  const scratch = await mkdtemp(`${dir}.`);
  try {
    const { stdout } = await run("npm", ["pack", PACKAGE, "--json", "--silent", "--pack-destination", scratch]);
    const [packed] = JSON.parse(stdout) as { filename: string }[];
    const tarball = join(scratch, packed?.filename ?? "");
    const integrity = `sha512-${createHash("sha512")
      .update(await readFile(tarball))
      .digest("base64")}`;
    if (integrity !== INTEGRITY) throw new Error(`${PACKAGE} has integrity ${integrity}, expected ${INTEGRITY}`);
    const members = Object.keys(FILES).map((name) => `package/dist/silero_vad_${name}.onnx`);
    await run("tar", ["-xzf", tarball, "-C", scratch, "--strip-components=2", ...members]);
    await rm(tarball);
    // Whoever is first wins; the files are the same.
    await rename(scratch, dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

let downloading: Promise<void> | undefined;

/** The bytes of one generation, checked by SHA-256; fetched into the cache where they are not there yet. */
export async function fetchModel(generation: Generation): Promise<Buffer> {
  const path = join(cacheDir(), `silero_vad_${generation}.onnx`);
  const bytes = await readFile(path).catch(async () => {
    downloading ??= download(cacheDir());
    await downloading;
    return readFile(path);
  });
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest !== FILES[generation]) throw new Error(`${path} has SHA-256 ${digest}, expected ${FILES[generation]}`);
  return bytes;
}
