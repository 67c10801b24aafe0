// Runs a command and tells how long it took by the clock, and how long it and its children kept a processor.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface Spent {
  /** Seconds by the clock. */
  wall: number;
  /** Seconds of processor time, user and system. */
  cpu: number;
}

/** bash measures what it waits for. The command says nothing here unless it fails. */
const SCRIPT = 'TIMEFORMAT="%R %U %S"; exec 3>&2; time "$@" >/dev/null 2>&3';

/** Runs it; throws where its exit status is not 0. */
export async function runTimed(command: string, args: readonly string[]): Promise<Spent> {
  const { stderr } = await promisify(execFile)("bash", ["-c", SCRIPT, "bash", command, ...args]);
  const line = stderr.trim().split("\n").at(-1) ?? "";
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = line.split(" ").map(Number);
  if (Number.isNaN(wall + user + system)) throw new Error(`bash measured ${JSON.stringify(line)}`);
  return { wall, cpu: user + system };
}
