// Git repositories that a GitOps tool reads: one per Application, served by git's own daemon on loopback.
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Server, startServer } from "./process.ts";

const run = promisify(execFile);
const PORT = 19418;

export interface Repository {
  url: string;
  /** Writes the files of folder `app` anew and commits; the commit's id. */
  commit(message: string, files: Record<string, unknown>): Promise<string>;
}

export interface GitServer {
  server: Server;
  makeRepository(name: string): Promise<Repository>;
}

const ENV = {
  PATH: process.env.PATH ?? "",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "bob",
  GIT_AUTHOR_EMAIL: "bob@acme.example",
  GIT_COMMITTER_NAME: "bob",
  GIT_COMMITTER_EMAIL: "bob@acme.example",
};

/** Whether something listens on a port of loopback. */
export const isListening = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });

/** Starts the daemon over an empty folder. */
export async function startGitServer(dir: string): Promise<GitServer> {
  const base = join(dir, "git");
  await mkdir(base, { recursive: true });
  const server = await startServer({
    name: "git-daemon",
    command: "git",
    args: ["daemon", "--listen=127.0.0.1", `--port=${PORT}`, `--base-path=${base}`, "--export-all", "--reuseaddr"],
    dir,
    env: ENV,
    isReady: () => isListening(PORT),
  });
  const makeRepository = async (name: string): Promise<Repository> => {
    const home = join(base, name);
    const git = (...args: string[]) => run("git", ["-C", home, ...args], { env: ENV });
    await mkdir(home);
    await git("init", "--quiet", "--initial-branch=main");
    return {
      url: `git://127.0.0.1:${PORT}/${name}`,
      commit: async (message, files) => {
        await rm(join(home, "app"), { recursive: true, force: true });
        await mkdir(join(home, "app"));
        for (const [file, content] of Object.entries(files))
          await writeFile(join(home, "app", file), `${JSON.stringify(content, null, 2)}\n`);
        await git("add", "--all");
        await git("commit", "--quiet", "--allow-empty", "--message", message);
        return (await git("rev-parse", "HEAD")).stdout.trim();
      },
    };
  };
  return { server, makeRepository };
}
