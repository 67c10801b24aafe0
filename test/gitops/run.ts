// Runs the tests against real GitOps tools. First everything that needs the network; then the tests in a network
// namespace of their own, because Argo CD's controller serves its metrics on every interface.
import { execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findControlPlaneBinary } from "../harness/binary.ts";
import { runBuildScript } from "../harness/build-script.ts";
import { findHelm } from "../harness/helm.ts";
import { MISSING_VARIABLE, TOOLS_VARIABLE, type Tools } from "./harness/tools.ts";

const run = promisify(execFile);
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Says what is missing where a step fails. */
const need = async <T>(what: string, step: Promise<T>): Promise<T> => {
  try {
    return await step;
  } catch (error) {
    throw new Error(what, { cause: error });
  }
};

const build = (tool: "argocd" | "flux"): Promise<string> =>
  runBuildScript(at("build.sh"), [tool], `${tool} was not built`);

/** Folder and version of a Go module that one of the builds pins. */
async function findModule(folder: string, module: string): Promise<{ dir: string; version: string }> {
  const { stdout } = await run("go", ["list", "-m", "-f", "{{.Dir}} {{.Version}}", module], {
    cwd: at(folder),
    env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly" },
  });
  const [dir = "", version = ""] = stdout.trim().split(" ");
  return { dir, version };
}

async function prepare(): Promise<Tools> {
  await run("bash", [at("install.sh")]).catch((error: { stderr?: string }) => {
    throw new Error((error.stderr ?? "Debian's packages").trim());
  });
  await need("Go 1.26 or later", run("go", ["version"]));
  await need("unshare to make network namespaces", run("unshare", [...unshareFlags(), "true"]));
  const controlPlane = await need("the test control plane", findControlPlaneBinary());
  const argocd = await need("a build of Argo CD", build("argocd"));
  const flux = await need("a build of Flux's kustomize-controller", build("flux"));
  const argocdModule = await findModule("argocd", "github.com/argoproj/argo-cd/v3");
  const fluxModule = await findModule("flux", "github.com/fluxcd/kustomize-controller");
  await findHelm();
  return {
    controlPlane,
    argocd,
    argocdCrds: `${argocdModule.dir}/manifests/crds`,
    argocdVersion: argocdModule.version,
    flux,
    fluxCrds: `${fluxModule.dir}/config/crd/bases`,
    fluxVersion: fluxModule.version,
  };
}

/** Who is not root makes the namespace as root of a user namespace of their own. */
const unshareFlags = () => (process.getuid?.() === 0 ? ["--net"] : ["--map-root-user", "--net"]);

function runTests(args: string[], env: Record<string, string>): Promise<number> {
  const isReady = TOOLS_VARIABLE in env;
  // Verbose, so that each test that is skipped is named.
  const reporters = ["--reporter=verbose", "--reporter=./test/harness/count-reporter.ts"];
  const tests = ["vitest", "run", "--project", "gitops", ...reporters, ...args];
  const inside = ["sh", "-c", 'PATH="$PATH:/usr/sbin:/sbin"; ip link set lo up && exec "$@"', "sh", ...tests];
  const [command = "", ...rest] = isReady ? ["unshare", ...unshareFlags(), ...inside] : tests;
  const child = spawn(command, rest, { stdio: "inherit", env: { ...process.env, ...env } });
  return new Promise((done, no) => {
    child.once("error", no);
    child.once("close", (code) => done(code ?? 1));
  });
}

async function main(args: string[]): Promise<number> {
  const rest = args.filter((arg) => arg !== "--write");
  const write: Record<string, string> = rest.length < args.length ? { GITOPS_WRITE: "1" } : {};
  const began = performance.now();
  const env = await prepare().then(
    (tools) => ({ [TOOLS_VARIABLE]: JSON.stringify(tools) }),
    (error: Error) => ({ [MISSING_VARIABLE]: error.message }),
  );
  process.stderr.write(`prepared in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  return runTests(rest, { ...env, ...write });
}

process.exitCode = await main(process.argv.slice(2));
