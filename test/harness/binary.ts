// Finds the control plane binary: TESTPLANE_BIN where given, else built once into a cache.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Path of the binary; the first build takes minutes and shows its progress on stderr. */
export function findControlPlaneBinary(): Promise<string> {
  if (process.env.TESTPLANE_BIN !== undefined) return Promise.resolve(process.env.TESTPLANE_BIN);
  const script = fileURLToPath(new URL("../controlplane/build.sh", import.meta.url));
  return new Promise((ok, no) => {
    const child = spawn("bash", [script], { stdio: ["ignore", "pipe", "inherit"] });
    let path = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      path += text;
    });
    child.once("error", no);
    child.once("close", (code) => (code === 0 ? ok(path.trim()) : no(new Error("the control plane was not built"))));
  });
}
