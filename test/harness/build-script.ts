// Runs a script that builds a real program into a cache, once, and prints where it is.
import { spawn } from "node:child_process";

/** The path that the script prints. The first build takes minutes and shows its progress on stderr. */
export function runBuildScript(script: string, args: readonly string[], failure: string): Promise<string> {
  return new Promise((ok, no) => {
    const child = spawn("bash", [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let path = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      path += text;
    });
    child.once("error", no);
    child.once("close", (code) => (code === 0 ? ok(path.trim()) : no(new Error(failure))));
  });
}
