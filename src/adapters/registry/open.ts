/** Opens registries as the administrator set them up, with authorities and mirrors as they are now. */
import { readFile } from "node:fs/promises";
import { createExchange } from "./exchange.ts";
import { type MirrorSettings, withMirrors } from "./mirrors.ts";
import { createPauses, type Pauses } from "./pauses.ts";
import type { ProxySettings } from "./proxies.ts";
import { findCredentials, type Keyring } from "./pull-secrets.ts";
import { createRegistry, type Registry } from "./registry.ts";

export interface RegistrySettings {
  insecureHosts: readonly string[];
  mirrors: readonly MirrorSettings[];
  /** File in PEM with authorities that are trusted besides Node's. */
  caFile: string | undefined;
  proxy: ProxySettings;
}

/** How registries are reached, as plain data: it goes to other threads. */
export interface RegistryAccess {
  insecureHosts: readonly string[];
  mirrors: readonly MirrorSettings[];
  /** PEM. */
  ca: string | undefined;
  proxy: ProxySettings;
  keyrings: readonly Keyring[];
}

/** What was opened; its tokens and connections last until it is closed. */
export interface OpenedRegistry {
  registry: Registry;
  access: RegistryAccess;
  /** Who asked to be left alone; shared by all that one opener opened. */
  pauses: Pauses;
  close: () => Promise<void>;
}

/** Opens registries. Throws where the mirrors are set up wrong. */
export function openRegistry(access: RegistryAccess, pauses: Pauses = createPauses(Date.now)): OpenedRegistry {
  const { insecureHosts, mirrors, ca, proxy, keyrings } = access;
  const applyMirrors = withMirrors(mirrors);
  const exchange = createExchange({
    credentials: (host, repository) => findCredentials(keyrings, host, repository),
    insecureHosts: new Set(insecureHosts),
    proxy,
    pauses,
    ...(ca === undefined ? {} : { ca }),
  });
  return { registry: applyMirrors(createRegistry(exchange)), access, pauses, close: () => exchange.close() };
}

/**
 * Makes the function that opens registries, each time with the pull secrets of whoever looks. Throws at once where the
 * mirrors are set up wrong.
 */
export function createRegistryOpener(
  settings: RegistrySettings,
): (keyrings: readonly Keyring[]) => Promise<OpenedRegistry> {
  const { insecureHosts, mirrors, caFile, proxy } = settings;
  withMirrors(mirrors);
  const pauses = createPauses(Date.now);
  return async (keyrings) => {
    const ca = caFile === undefined ? undefined : await readFile(caFile, "utf8");
    return openRegistry({ insecureHosts, mirrors, ca, proxy, keyrings }, pauses);
  };
}
