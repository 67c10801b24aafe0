// Starts the real OCI registry of the control plane binary on loopback.
import { once } from "node:events";
import { spawnChild, stopChild } from "./controlplane.ts";

export interface TestRegistry {
  /** host:port */
  host: string;
  stop(): Promise<void>;
}

export interface RegistryOptions {
  /** Whether the referrers API is served; without it clients fall back to the tag. */
  referrers?: boolean;
  /** Demands basic authentication. */
  user?: { name: string; password: string };
  /** Listens on this port instead of a free one. */
  port?: number;
}

/** Starts a registry that keeps its contents in memory. */
export async function startRegistry(binary: string, options: RegistryOptions = {}): Promise<TestRegistry> {
  const args = ["registry", "--listen", `127.0.0.1:${options.port ?? 0}`, `--referrers=${options.referrers ?? true}`];
  if (options.user !== undefined) args.push("--user", options.user.name);
  const child = spawnChild(binary, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, REGISTRY_PASSWORD: options.user?.password ?? "" },
  });
  if (child.stdout === null) throw new Error("the registry has no standard output");
  const [line] = (await Promise.race([
    once(child.stdout.setEncoding("utf8"), "data"),
    once(child, "exit").then(() => {
      throw new Error("the registry exited before it was ready");
    }),
  ])) as [string];
  const host = /^registry ready (\S+)/.exec(line)?.[1];
  if (host === undefined) throw new Error(`the registry said ${line}`);
  return { host, stop: () => stopChild(child) };
}
