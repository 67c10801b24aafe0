// The reference implementation of model signing, in a Python environment of its own in the cache.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** It imports OpenSSL and does not say so. */
const PACKAGES = ["model-signing==1.1.1", "pyopenssl==26.4.0"];

const pip = (python: string, ...args: string[]) =>
  execFileSync(python, ["-m", "pip", "--quiet", "--disable-pip-version-check", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });

/** Path of a Python that has it; installed once per list of packages. */
function findPython(): string {
  const cache =
    process.env.TESTPLANE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vouchsafe");
  const key = createHash("sha256").update(PACKAGES.join("\n")).digest("hex").slice(0, 16);
  const folder = join(cache, `model-signing-${key}`);
  const python = join(folder, "bin/python");
  const done = join(folder, "installed");
  if (existsSync(done)) return python;
  process.stderr.write(`installing ${PACKAGES.join(", ")}\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  execFileSync("python3", ["-m", "venv", folder], { stdio: ["ignore", "ignore", "inherit"] });
  pip(python, "install", ...PACKAGES);
  mkdirSync(`${done}.part`);
  renameSync(`${done}.part`, done);
  return python;
}

export interface SignRequest {
  model: string;
  signature: string;
  privateKey: string;
  chain: string[];
  hash: "sha256" | "blake2" | "blake3";
  /** In bytes; 0 for whole files. */
  shardSize: number;
  ignored: string[];
  ignoreGit: boolean;
  allowSymlinks: boolean;
}
export interface VerifyRequest {
  model: string;
  signature: string;
  publicKey: string;
  chain: string[];
  /** Who has to have signed, where neither key nor certificate of ours says it. */
  named: { identity: string; issuer: string; trustConfig: string } | undefined;
  ignoreUnsigned: boolean;
}
export interface Answer {
  ok: boolean;
  why: string;
}
export interface Reference {
  sign(request: SignRequest): Promise<Answer>;
  verify(request: VerifyRequest): Promise<Answer>;
  stop(): void;
}

/** Starts it; it answers one request after the other. */
export function startReference(): Reference {
  const driver = fileURLToPath(new URL("driver.py", import.meta.url));
  const child = spawn(findPython(), [driver], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: object): Promise<Answer> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error("model_signing ended before it answered");
    return JSON.parse(value) as Answer;
  };
  return {
    sign: (request) => ask({ act: "sign", ...request }),
    verify: (request) => ask({ act: "verify", ...request }),
    stop: () => child.stdin.end(),
  };
}
