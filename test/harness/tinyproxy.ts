// Runs tinyproxy, a real forward proxy. It comes from Debian's archive by apt-get, without root and without being installed:
// its package is unpacked once into a cache.
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { spawnChild, stopChild } from "./controlplane.ts";
import { eventually } from "./wait.ts";

const run = promisify(execFile);
const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Unpacks what apt-get downloads; its lists are brought up to date where it knows no such package. */
async function download(folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "tinyproxy-"));
  const get = () => run("apt-get", ["download", "tinyproxy-bin"], { cwd: work });
  try {
    await get().catch(async () => {
      await run("apt-get", ["-o", "DPkg::Lock::Timeout=120", "update"]);
      await get();
    });
    const [file = ""] = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    await run("dpkg-deb", ["-x", join(work, file), join(work, "unpacked")]);
    await mkdir(folder, { recursive: true });
    await rename(join(work, "unpacked", "usr", "bin", "tinyproxy"), join(folder, "tinyproxy")).catch(async () => {
      await run("install", [join(work, "unpacked", "usr", "bin", "tinyproxy"), join(folder, "tinyproxy")]);
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Path of tinyproxy: TINYPROXY where it is set, else the one from Debian. */
async function findTinyproxy(): Promise<string> {
  if (process.env.TINYPROXY !== undefined) return process.env.TINYPROXY;
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vouchsafe", "tinyproxy");
  const path = join(folder, "tinyproxy");
  if (!(await isThere(path))) await download(folder);
  return path;
}

const findPort = () =>
  new Promise<number>((ok) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => ok(port));
    });
  });

const answers = (port: number) =>
  new Promise<boolean>((ok) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      ok(true);
    }).once("error", () => ok(false));
  });

export interface Tinyproxy {
  /** host:port */
  host: string;
  /** What it was asked for, as its log has it: `CONNECT host:port HTTP/1.1` or `GET http://… HTTP/1.1`. */
  readAsked(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts one that demands a password. */
export async function startTinyproxy(user: { name: string; password: string }): Promise<Tinyproxy> {
  const binary = await findTinyproxy();
  const dir = await mkdtemp(join(tmpdir(), "tinyproxy-"));
  const port = await findPort();
  const logFile = join(dir, "log");
  const settings = [
    `Port ${port}`,
    "Listen 127.0.0.1",
    "Allow 127.0.0.1",
    "Timeout 60",
    "LogLevel Connect",
    `LogFile "${logFile}"`,
    `BasicAuth ${user.name} ${user.password}`,
  ];
  await writeFile(join(dir, "conf"), `${settings.join("\n")}\n`);
  const child = spawnChild(binary, ["-d", "-c", join(dir, "conf")], { stdio: "ignore" });
  await eventually("tinyproxy listens", async () => ((await answers(port)) ? true : undefined));
  return {
    host: `127.0.0.1:${port}`,
    readAsked: async () =>
      [...(await readFile(logFile, "utf8").catch(() => "")).matchAll(/Request \(file descriptor \d+\): (.+)$/gm)].map(
        ([, line = ""]) => line,
      ),
    stop: async () => {
      await stopChild(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
