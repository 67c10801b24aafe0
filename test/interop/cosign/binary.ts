// The real cosign: built once into a cache, and run without a home, a log or anything of the internet.
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runBuildScript } from "../../harness/build-script.ts";

/** Path of the binary. */
export const findCosign = (): Promise<string> =>
  runBuildScript(fileURLToPath(new URL("build.sh", import.meta.url)), [], "cosign was not built");

export interface Answer {
  isAccepted: boolean;
  said: string;
}

/** What says that cosign was asked wrongly, or could not answer: that is no refusal. */
const NO_ANSWER =
  /unknown flag|required flag|flag needed|from TUF|TUF repository|connection refused|no such host|i\/o timeout|no such file|panic:|unsupported: |setting trusted material|loading public key|loading certs/;

const home = mkdtempSync(join(tmpdir(), "cosign-home-"));

/** Runs cosign. Throws where it gave no verdict. */
export const runCosign = (binary: string, args: readonly string[], cwd = home): Promise<Answer> =>
  new Promise((ok, no) => {
    const env = { HOME: home, COSIGN_PASSWORD: "", SIGSTORE_NO_CACHE: "1", PATH: process.env.PATH };
    execFile(binary, [...args], { env, cwd, timeout: 60_000 }, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`.trim();
      if (error !== null && (error.killed === true || NO_ANSWER.test(said)))
        no(new Error(`cosign ${args.join(" ")} gave no verdict: ${said.slice(0, 2000)}`));
      else ok({ isAccepted: error === null, said });
    });
  });
