/** Opens registries as the administrator set them up: pull secrets, authorities and mirrors as they are now. */
import { readFile } from "node:fs/promises";
import type { ProxySettings } from "./connection.ts";
import { createExchange } from "./exchange.ts";
import { type MirrorSettings, withMirrors } from "./mirrors.ts";
import { createPauses } from "./pauses.ts";
import { findCredentials, type PullSecret } from "./pull-secrets.ts";
import { createRegistry, type Registry } from "./registry.ts";

export interface RegistrySettings {
  insecureHosts: readonly string[];
  mirrors: readonly MirrorSettings[];
  /** File in PEM with authorities that are trusted besides Node's. */
  caFile: string | undefined;
  proxy: ProxySettings;
  /** Reads the pull secrets as they are now. */
  readPullSecrets: () => Promise<PullSecret[]>;
}

/** What was opened; its tokens and connections last until it is closed. */
export interface OpenedRegistry {
  registry: Registry;
  close: () => Promise<void>;
}

/** Makes the function that opens registries. Throws at once where the mirrors are set up wrong. */
export function createRegistryOpener(settings: RegistrySettings): () => Promise<OpenedRegistry> {
  const applyMirrors = withMirrors(settings.mirrors);
  const pauses = createPauses(Date.now);
  const insecureHosts = new Set(settings.insecureHosts);
  return async () => {
    const secrets = await settings.readPullSecrets();
    const ca = settings.caFile === undefined ? undefined : await readFile(settings.caFile, "utf8");
    const exchange = createExchange({
      credentials: (host, repository) => findCredentials(secrets, host, repository),
      insecureHosts,
      proxy: settings.proxy,
      pauses,
      ...(ca === undefined ? {} : { ca }),
    });
    return { registry: applyMirrors(createRegistry(exchange)), close: () => exchange.close() };
  };
}
