// Runs the vouchsafe command as a user would type it, with a kubeconfig of one's own.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer } from "./kubectl.ts";

const BIN = fileURLToPath(new URL("../../bin/vouchsafe", import.meta.url));

/** Runs `vouchsafe args` where there is no cluster, and no home to find one in. */
export const runLocally = (args: readonly string[]): Promise<Answer> =>
  new Promise((ok) => {
    execFile(BIN, [...args], { env: { PATH: process.env.PATH, HOME: "/nonexistent" } }, (error, stdout, stderr) => {
      ok({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });

/** Runs `vouchsafe args` against the cluster of a kubeconfig; one that fails is an answer too. */
export const runVouchsafe = (kubeconfig: string, ...args: string[]): Promise<Answer> =>
  new Promise((ok) => {
    execFile(BIN, ["--kubeconfig", kubeconfig, ...args], (error, stdout, stderr) => {
      ok({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
