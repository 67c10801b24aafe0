/** Opens registries as the administrator set them up: pull secrets, authorities and mirrors as they are now. */
import { readFile } from "node:fs/promises";
import type { ProxySettings } from "./connection.ts";
import { createExchange } from "./exchange.ts";
import { type MirrorSettings, withMirrors } from "./mirrors.ts";
import { createPauses, type Pauses } from "./pauses.ts";
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

/** How registries are reached, as plain data: it goes to other threads. */
export interface RegistryAccess {
  insecureHosts: readonly string[];
  mirrors: readonly MirrorSettings[];
  /** PEM. */
  ca: string | undefined;
  proxy: ProxySettings;
  secrets: readonly PullSecret[];
}

/** What was opened; its tokens and connections last until it is closed. */
export interface OpenedRegistry {
  registry: Registry;
  access: RegistryAccess;
  close: () => Promise<void>;
}

/** Opens registries. Throws where the mirrors are set up wrong. */
export function openRegistry(access: RegistryAccess, pauses: Pauses = createPauses(Date.now)): OpenedRegistry {
  const { insecureHosts, mirrors, ca, proxy, secrets } = access;
  const applyMirrors = withMirrors(mirrors);
  const exchange = createExchange({
    credentials: (host, repository) => findCredentials(secrets, host, repository),
    insecureHosts: new Set(insecureHosts),
    proxy,
    pauses,
    ...(ca === undefined ? {} : { ca }),
  });
  return { registry: applyMirrors(createRegistry(exchange)), access, close: () => exchange.close() };
}

/** Makes the function that opens registries. Throws at once where the mirrors are set up wrong. */
export function createRegistryOpener(settings: RegistrySettings): () => Promise<OpenedRegistry> {
  const { insecureHosts, mirrors, caFile, proxy, readPullSecrets } = settings;
  withMirrors(mirrors);
  const pauses = createPauses(Date.now);
  return async () => {
    const secrets = await readPullSecrets();
    const ca = caFile === undefined ? undefined : await readFile(caFile, "utf8");
    return openRegistry({ insecureHosts, mirrors, ca, proxy, secrets }, pauses);
  };
}
