// The reference implementation of model signing, in a Python environment of its own in the cache.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cosign.ts";

/** It imports OpenSSL and does not say so. */
const PACKAGES = ["model-signing==1.1.1", "pyopenssl==26.4.0"];

function install(folder: string): void {
  process.stdout.write(`  installing ${PACKAGES.join(", ")}\n`);
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  rmSync(folder, { recursive: true, force: true });
  run("python3", "-m", "venv", folder);
  run(join(folder, "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", ...PACKAGES);
  mkdirSync(join(folder, "installed"));
}

/** The folder with its programs, or why there is none. Installed once per list of packages. */
export function findModelSigning(): { programs: string } | { missing: string } {
  const key = createHash("sha256").update(PACKAGES.join("\n")).digest("hex").slice(0, 16);
  const folder = join(cacheFolder(), `model-signing-${key}`);
  try {
    if (!existsSync(join(folder, "installed"))) install(folder);
    return { programs: join(folder, "bin") };
  } catch {
    return { missing: "model_signing could not be installed: it needs python3 with venv, and pip" };
  }
}

/** What its command does, with the number of threads that hash said: the command has no option for that. */
const ONE_THREAD = `
import sys
from model_signing import hashing, verifying
model, signature, key = sys.argv[1:]
hashes = hashing.Config().use_file_serialization(hashing_algorithm="sha256", max_workers=1)
hashes = hashes.set_ignored_paths(paths=[signature], ignore_git_paths=True)
verifying.Config().use_elliptic_key_verifier(public_key=key).set_hashing_config(hashes).verify(model, signature)
`;

export interface SignedModel {
  model: string;
  signature: string;
  publicKey: string;
}

/** Its command as people type it, and the same with one thread that hashes. */
export const listModelSigning = (programs: string, { model, signature, publicKey }: SignedModel) => ({
  asTyped: [
    join(programs, "model_signing"),
    "verify",
    "key",
    model,
    "--signature",
    signature,
    "--public_key",
    publicKey,
  ],
  oneThread: [join(programs, "python"), "-c", ONE_THREAD, model, signature, publicKey],
});
